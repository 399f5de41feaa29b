"""What differs between two built files of one name."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch

Members = Mapping[str, bytes]
"""Each member's name and content."""


def differences(here: Members, there: Members) -> tuple[str, ...]:
    """One line a member that differs: which, and how; for metadata files also the first line that does."""
    lines = [f"{name}: only on the index" for name in there.keys() - here.keys()]
    lines += [f"{name}: only in what this commit builds" for name in here.keys() - there.keys()]
    lines += [
        _difference(name, here[name], there[name])
        for name in here.keys() & there.keys()
        if here[name] != there[name]
    ]
    return tuple(sorted(line for line in lines if not line.split(":")[0].endswith(".dist-info/RECORD")))


def only_generator_differs(here: Members, there: Members) -> bool:
    """Whether two wheels are alike but for the `Generator:` line of WHEEL (and RECORD, which follows from it)."""
    return here.keys() == there.keys() and all(
        here[name] == there[name]
        or fnmatch(name, "*.dist-info/RECORD")
        or (
            fnmatch(name, "*.dist-info/WHEEL")
            and _without_generator(here[name]) == _without_generator(there[name])
        )
        for name in here
    )


def _without_generator(wheel: bytes) -> list[bytes]:
    return [line for line in wheel.splitlines() if not line.startswith(b"Generator:")]


def _difference(name: str, here: bytes, there: bytes) -> str:
    if b"\0" in here[:1024] or b"\0" in there[:1024]:
        return f"{name}: differs"
    pairs = enumerate(zip(_lines(here), _lines(there), strict=False), start=1)
    for number, (ours, theirs) in pairs:
        if ours != theirs:
            return f"{name}:{number}: the index has {_short(theirs)}, this commit builds {_short(ours)}"
    return f"{name}: the index has {len(_lines(there))} lines, this commit builds {len(_lines(here))}"


def _lines(content: bytes) -> list[str]:
    return content.decode(errors="replace").splitlines()


def _short(line: str) -> str:
    return repr(line if len(line) <= 60 else f"{line[:57]}...")

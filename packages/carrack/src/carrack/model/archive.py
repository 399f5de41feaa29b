"""What differs between two built files of one name."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch

Members = Mapping[str, bytes]
"""Each member's name and content."""

_WHEEL, _RECORD = "*.dist-info/WHEEL", "*.dist-info/RECORD"


def differences(here: Members, there: Members) -> tuple[str, ...]:
    """One line a member that differs: which, and how; in a text, the first line that does.

    RECORD, which lists the other members' hashes, is named only where nothing else is.
    """
    found = dict.fromkeys(there.keys() - here.keys(), "only on the index")
    found |= dict.fromkeys(here.keys() - there.keys(), "only in what this commit builds")
    found |= {
        name: _difference(here[name], there[name])
        for name in here.keys() & there.keys()
        if here[name] != there[name]
    }
    telling = {name: text for name, text in found.items() if not fnmatch(name, _RECORD)} or found
    return tuple(f"{name}: {text}" for name, text in sorted(telling.items()))


def only_generator_differs(here: Members, there: Members) -> bool:
    """Whether two wheels differ in the `Generator:` line of WHEEL, and in nothing else but what RECORD says of it."""
    differing = {name for name in here.keys() | there.keys() if here.get(name) != there.get(name)}
    return any(fnmatch(name, _WHEEL) for name in differing) and all(
        name in here and name in there and _without_generator(name, here) == _without_generator(name, there)
        for name in differing
    )


def _without_generator(name: str, members: Members) -> list[bytes]:
    lines = members[name].splitlines()
    if fnmatch(name, _WHEEL):
        return [line for line in lines if not line.startswith(b"Generator:")]
    if fnmatch(name, _RECORD):
        return [line for line in lines if b".dist-info/WHEEL," not in line]
    return lines


def _difference(here: bytes, there: bytes) -> str:
    if b"\0" in here[:1024] or b"\0" in there[:1024]:
        return "its bytes differ"
    pairs = enumerate(zip(_lines(here), _lines(there), strict=False), start=1)
    for number, (ours, theirs) in pairs:
        if ours != theirs:
            return f"in line {number} the index has {_short(theirs)}, this commit builds {_short(ours)}"
    if len(_lines(here)) == len(_lines(there)):
        return "only the ends of its lines differ"
    return f"the index has {len(_lines(there))} lines, this commit builds {len(_lines(here))}"


def _lines(content: bytes) -> list[str]:
    return [line.decode(errors="backslashreplace") for line in content.splitlines()]


def _short(line: str) -> str:
    return repr(line if len(line) <= 60 else f"{line[:57]}...")

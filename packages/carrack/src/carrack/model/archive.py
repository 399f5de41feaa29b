"""What differs between two built files of one name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch

Members = Mapping[str, bytes]
"""Each member's name and content."""

_WHEEL, _RECORD = "*.dist-info/WHEEL", "*.dist-info/RECORD"


@dataclass(frozen=True, kw_only=True)
class Sides:
    """What the two are called."""

    only_here: str
    only_there: str
    here: str
    there: str


BUILT_AND_INDEX = Sides(
    only_here="only in what this commit builds",
    only_there="only on the index",
    here="this commit builds",
    there="the index has",
)


def differences(here: Members, there: Members, sides: Sides = BUILT_AND_INDEX) -> tuple[str, ...]:
    """One line a member that differs: which, and how; in a text, the first line that does.

    RECORD, which lists the other members' hashes, is named only where nothing else is.
    """
    found = dict.fromkeys(there.keys() - here.keys(), sides.only_there)
    found |= dict.fromkeys(here.keys() - there.keys(), sides.only_here)
    found |= {
        name: _difference(here[name], there[name], sides)
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


def _difference(here: bytes, there: bytes, sides: Sides) -> str:
    if b"\0" in here[:1024] or b"\0" in there[:1024]:
        return "its bytes differ"
    pairs = enumerate(zip(_lines(here), _lines(there), strict=False), start=1)
    for number, (ours, theirs) in pairs:
        if ours != theirs:
            return f"in line {number} {sides.there} {_short(theirs)}, {sides.here} {_short(ours)}"
    if len(_lines(here)) == len(_lines(there)):
        return "only the ends of its lines differ"
    return f"{sides.there} {len(_lines(there))} lines, {sides.here} {len(_lines(here))}"


def _lines(content: bytes) -> list[str]:
    return [line.decode(errors="backslashreplace") for line in content.splitlines()]


def _short(line: str) -> str:
    return repr(line if len(line) <= 60 else f"{line[:57]}...")

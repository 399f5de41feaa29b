"""Change files: what one pull request asks of the next release, in front matter, and its words for the changelog.

---
record-io: minor
record-rules: patch
---
Reads and writes ndjson.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from carrack.model.bumping import Note, Section, Wish, breaking
from carrack.model.versions import Level

_SECTIONS = {Level.MAJOR: Section.CHANGED, Level.MINOR: Section.ADDED, Level.PATCH: Section.FIXED}


class ChangeFileError(ValueError):
    """The text is no change file; `faults` say why, each with its line."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True, kw_only=True)
class ChangeFile:
    """A change file: the level for each package, and its prose."""

    path: PurePosixPath
    levels: Mapping[NormalizedName, Level]
    text: str

    def wishes(self) -> Iterator[Wish]:
        """What it asks for."""
        for name, level in self.levels.items():
            text = breaking(self.text) if level is Level.MAJOR else self.text
            notes = (Note(section=_SECTIONS[level], text=text),) if self.text else ()
            yield Wish(name=name, to=level, why=f"{self.path} says {level.value}", notes=notes)


def parse_change_file(path: PurePosixPath, content: str) -> ChangeFile:
    """Read a change file.

    Raises ChangeFileError with every fault.
    """
    lines = content.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != "---" or "---" not in [line.strip() for line in lines[1:]]:
        raise ChangeFileError(("it does not begin with `---`, lines of `package: level`, and `---`",))
    end = [line.strip() for line in lines].index("---", 1)
    levels: dict[NormalizedName, Level] = {}
    faults = [
        f"line {number}: {fault}"
        for number, line in enumerate(lines[1:end], start=2)
        if line.strip() and not line.lstrip().startswith("#") and (fault := _take(line, levels))
    ]
    if not levels and not faults:
        faults.append("it names no package")
    if faults:
        raise ChangeFileError(tuple(faults))
    return ChangeFile(path=path, levels=levels, text="\n".join(lines[end + 1 :]).strip())


def _take(line: str, levels: dict[NormalizedName, Level]) -> str | None:
    """Add what a line says to `levels`; the reason where it says nothing."""
    text, colon, level = (part.strip().strip("\"'") for part in line.partition(":"))
    try:
        name = canonicalize_name(text, validate=True)
    except InvalidName:
        return f"{text!r} is no package's name"
    known = [one.value for one in Level]
    if not colon or level not in known:
        return f"{level!r} is no level; say {name}: {' or '.join(known)}"
    if name in levels:
        return f"{name} is named twice"
    levels[name] = Level(level)
    return None

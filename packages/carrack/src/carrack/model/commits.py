"""What commits say of a release (Conventional Commits 1.0.0)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from carrack.model.bumping import Note, Section, breaking
from carrack.model.versions import Level

_SUBJECT: Final = re.compile(
    r"(?P<type>[A-Za-z]+)(\((?P<scope>[^()\n]*)\))?(?P<breaking>!)?: *(?P<text>\S.*)"
)
_BREAKING: Final = re.compile(r"^BREAKING[ -]CHANGE: *(?P<text>\S.*(\n(?!\S+: |\n).+)*)", re.MULTILINE)
_LEVELS: Final = {"feat": Level.MINOR, "fix": Level.PATCH, "perf": Level.PATCH, "revert": Level.PATCH}
_SILENT: Final = frozenset({"build", "chore", "ci", "docs", "refactor", "style", "test"})
"""Types that release nothing by themselves (those of the Angular convention)."""
_SECTIONS: Final = {"feat": Section.ADDED, "fix": Section.FIXED}


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit's id, the first line of its message, and the rest."""

    id: str
    subject: str
    body: str = ""


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What a commit asks for: a level, None where it releases nothing, and what a changelog says of it."""

    level: Level | None
    notes: tuple[Note, ...]


def meaning(commit: Commit) -> Meaning:
    """Read a commit; one that does not follow the convention is a patch, so that nothing is forgotten."""
    read = _SUBJECT.fullmatch(commit.subject.strip())
    footer = _BREAKING.search(commit.body)
    kind = read["type"].lower() if read else ""
    text = read["text"].strip() if read else commit.subject.strip()
    if footer or (read and read["breaking"]):
        said = " ".join(footer["text"].split()) if footer else text
        notes = [Note(section=Section.CHANGED, text=breaking(_sentence(said)))]
        if footer and kind in _SECTIONS:
            notes.append(Note(section=_SECTIONS[kind], text=_sentence(text)))
        return Meaning(level=Level.MAJOR, notes=tuple(notes))
    if kind in _SILENT:
        return Meaning(level=None, notes=())
    note = Note(section=_SECTIONS.get(kind, Section.CHANGED), text=_sentence(text))
    return Meaning(level=_LEVELS.get(kind, Level.PATCH), notes=(note,))


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."

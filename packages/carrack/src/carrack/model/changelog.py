"""A changelog in the form of Keep a Changelog 1.1.0: what was unreleased gets its version and date."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from textwrap import indent
from typing import Final

from packaging.version import InvalidVersion, Version

from carrack.model.bumping import Note, Section, is_list

_HEADING: Final = re.compile(r"^## +\[?(?P<title>[^\]\n]+?)\]?(?: +- .*)?$", re.MULTILINE)
_VERSION: Final = re.compile(r"^(#+ +\[?v?\d|\[?v?\d[^\n]*\n[-=]{3,}$)", re.MULTILINE)
"""A version's heading, also in other forms than Keep a Changelog's: underlined, or of another depth."""
_PART: Final = re.compile(r"^### +(?P<title>.+?) *$", re.MULTILINE)
_NEW: Final = """\
# Changelog

All notable changes to this package, in the form of [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).

## [Unreleased]
"""


def released(changelog: str | None, version: Version, day: date, notes: Iterable[Note]) -> str | None:
    """The changelog after a release: what stands under Unreleased, and `notes`, under the version.

    Where it has the version already, `notes` go there. None where there is none and nothing to tell.
    """
    notes = tuple(notes)
    if changelog is None and not notes:
        return None
    text = changelog if changelog and changelog.strip() else _NEW
    newline = "\r\n" if "\r\n" in text else "\n"
    text = text.replace("\r\n", "\n")
    headings = list(_HEADING.finditer(text))
    if there := _section(text, headings, str(version)):
        if not notes:
            return changelog
        (before, body, after), heading = there, ""
    else:
        before, body, after = _section(text, headings, "unreleased") or _begun(text, headings)
        heading = f"## [{version}] - {day:%Y-%m-%d}\n\n"
    made = f"{before.rstrip()}\n\n{heading}{_merged(body, notes).rstrip()}".rstrip() + "\n"
    return (made + (f"\n{after}" if after else "")).replace("\n", newline)


def _section(text: str, headings: list[re.Match[str]], title: str) -> tuple[str, str, str] | None:
    """What stands up to and with the heading, what stands under it, and the rest; None where there is no such one."""
    for number, heading in enumerate(headings):
        end = headings[number + 1].start() if number + 1 < len(headings) else _links(text)
        if heading["title"].strip().lower().removeprefix("v") == title:
            return text[: heading.end()], text[heading.end() : end], text[end:]
    return None


def _begun(text: str, headings: list[re.Match[str]]) -> tuple[str, str, str]:
    """The same for an Unreleased heading that is not there yet: it comes before the versions."""
    older = _VERSION.search(text) or next(iter(headings), None)
    start = older.start() if older else _links(text)
    return f"{text[:start].rstrip()}\n\n## [Unreleased]".lstrip(), "", text[start:]


def _links(text: str) -> int:
    """Where the link references at the end begin."""
    found = re.search(r"(^\[[^\]\n]+\]: .*\n?)+\Z", text, re.MULTILINE)
    return found.start() if found else len(text)


def _merged(body: str, notes: Iterable[Note]) -> str:
    """The parts of `body` with `notes` added to theirs, in the order of Keep a Changelog; others after them."""
    found = list(_PART.finditer(body))
    ends = [*(one.start() for one in found), len(body)]
    preface = body[: ends[0]].strip()
    parts: dict[str, str] = {}
    for one, end in zip(found, ends[1:], strict=True):
        parts[one["title"]] = f"{parts.get(one['title'], '')}\n{body[one.end() : end].strip()}".strip()
    for note in notes:
        lines = parts.get(note.section.value, "")
        parts[note.section.value] = f"{lines}\n{_entry(note.text)}".strip()
    known = [section.value for section in Section]
    order = sorted(parts, key=lambda title: known.index(title) if title in known else len(known))
    written = [preface] * bool(preface) + [
        f"### {title}\n\n{parts[title]}" for title in order if parts[title]
    ]
    return "\n\n".join(written) + "\n"


def _entry(text: str) -> str:
    """A text as an entry of a list, its further lines indented; one that is a list has its own entries."""
    return text if is_list(text) else f"- {indent(text, '  ')[2:]}"


def sections(changelog: str, after: Version, up_to: Version) -> str:
    """The sections of the versions after `after`, up to and with `up_to`, as they stand; empty where there are none."""
    text = changelog.replace("\r\n", "\n")
    headings = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings[1:]), _links(text)]
    found = (
        text[heading.start() : end].strip()
        for heading, end in zip(headings, ends, strict=False)
        if (version := _version(heading["title"])) and after < version <= up_to
    )
    return "\n\n".join(found)


def _version(title: str) -> Version | None:
    try:
        return Version(title.strip())
    except InvalidVersion:
        return None

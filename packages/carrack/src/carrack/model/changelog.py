"""A changelog in the form of Keep a Changelog 1.1.0: what was unreleased gets its version and date."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from packaging.version import InvalidVersion, Version

from carrack.model.bumping import Note, Section

_HEADING: Final = re.compile(r"^## +\[?(?P<title>[^\]\n]+?)\]?(?: +- .*)?$", re.MULTILINE)
_PART: Final = re.compile(r"^### +(?P<title>.+?) *$", re.MULTILINE)
_NEW: Final = """\
# Changelog

All notable changes to this package, in the form of [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).

## [Unreleased]
"""


def released(changelog: str | None, version: Version, day: date, notes: Iterable[Note]) -> str | None:
    """The changelog after a release: what stands under Unreleased, and `notes`, under the version.

    A changelog that has the version already is returned as it is. None where there is none and nothing to tell.
    """
    notes = tuple(notes)
    if changelog is None and not notes:
        return None
    text = _NEW if changelog is None else changelog
    newline = "\r\n" if "\r\n" in text else "\n"
    text = text.replace("\r\n", "\n")
    headings = list(_HEADING.finditer(text))
    if any(heading["title"].strip() == str(version) for heading in headings):
        return changelog
    before, body, after = _split(text, headings)
    section = f"## [{version}] - {day:%Y-%m-%d}\n\n{_merged(body, notes)}"
    made = f"{before.rstrip()}\n\n{section.rstrip()}\n" + (f"\n{after}" if after else "")
    return made.replace("\n", newline)


def _split(text: str, headings: list[re.Match[str]]) -> tuple[str, str, str]:
    """What stands up to and with the Unreleased heading, what stands under it, and the rest."""
    for number, heading in enumerate(headings):
        end = headings[number + 1].start() if number + 1 < len(headings) else _links(text)
        if heading["title"].strip().lower() == "unreleased":
            return text[: heading.end()], text[heading.end() : end], text[end:]
    start = headings[0].start() if headings else _links(text)
    return f"{text[:start].rstrip()}\n\n## [Unreleased]", "", text[start:]


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
        parts[note.section.value] = f"{lines}\n- {note.text}".strip()
    known = [section.value for section in Section]
    order = sorted(parts, key=lambda title: known.index(title) if title in known else len(known))
    written = [preface] * bool(preface) + [
        f"### {title}\n\n{parts[title]}" for title in order if parts[title]
    ]
    return "\n\n".join(written) + "\n"


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

"""Edits of a pyproject.toml that leave its other lines as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import tomlkit
from tomlkit import TOMLDocument

_HEADER = re.compile(r"^\[{1,2}[^\[\]\n]+\]{1,2}[ \t]*(#.*)?$", re.MULTILINE)


def text_of(document: TOMLDocument) -> str:
    """The document as text, with no more than one empty line between its parts, and none below a header."""
    text = re.sub(r"\n{3,}", "\n\n", tomlkit.dumps(document))
    return re.sub(r"^(\[.*\]\n)\n+", r"\1", text, flags=re.MULTILINE).strip("\n") + "\n"


def remove(document: MutableMapping[str, Any], *keys: str) -> bool:
    """Take out what is at `keys`, and the tables that are empty then; whether it was there."""
    *above, last = keys
    found: Any = document
    for key in above:
        found = found.get(key) if isinstance(found, Mapping) else None
    if not isinstance(found, MutableMapping) or last not in found:
        return False
    del found[last]
    if above and not found:
        remove(document, *above)
    return True


def inserted(text: str, tables: str, after: str = "") -> str:
    """`text` with `tables` after those whose name begins with `after`; at the end where there is none such."""
    headers = list(_HEADER.finditer(text))
    places = [i for i, found in enumerate(headers) if after and _name(found[0]).startswith(after)]
    end = len(text)
    if places and places[-1] + 1 < len(headers):
        end = _before_comments(text, headers[places[-1] + 1].start())
    parts = [text[:end].strip("\n"), tables.strip("\n"), text[end:].strip("\n")]
    return "\n\n".join(part for part in parts if part) + "\n"


def with_comments(before: str, after: str) -> str:
    """`after` with the comments that stood directly above a table in `before`, where they went with another table."""
    for header in _HEADER.finditer(before):
        comments = before[_before_comments(before, header.start()) : header.start()]
        found = re.search(rf"^{re.escape(header[0])}$", after, re.MULTILINE)
        if comments and found and comments not in after:
            after = after[: found.start()] + comments + after[found.start() :]
    return after


def _name(header: str) -> str:
    return header.partition("#")[0].strip().strip("[]").strip()


def _before_comments(text: str, place: int) -> int:
    """Before the comment lines directly above a header, which are its own."""
    while (line := text.rfind("\n", 0, place - 1) + 1) < place and text[line:place].startswith("#"):
        place = line
    return place

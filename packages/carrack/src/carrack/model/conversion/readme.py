"""Which file a distribution's long description is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations
from pathlib import PurePosixPath

from packaging.metadata import RawMetadata

from carrack.model.conversion.folder import Folder

_SUFFIXES = {".md": "text/markdown", ".rst": "text/x-rst"}
"""The suffixes that say a content type (PyPA's "pyproject.toml specification", readme)."""

_DEFAULT = "text/x-rst"
"""What a description is without a content type (core metadata, Description-Content-Type)."""


@dataclass(frozen=True, kw_only=True)
class Readme:
    """The file, and as what it is read. `others` are joined to it, in their order."""

    file: str
    content_type: str
    others: tuple[str, ...] = ()
    text: str = ""
    """The description itself, where it is in no file."""

    @property
    def follows_suffix(self) -> bool:
        """Whether the name alone says the content type."""
        return _SUFFIXES.get(PurePosixPath(self.file).suffix.lower()) == self.content_type


def find_readme(raw: RawMetadata, folder: Folder) -> Readme | None:
    """The file with the description's text, or those that make it together; None where there is none.

    White space at the ends of lines and around joints is not looked at.
    """
    wanted = squeezed(raw.get("description", ""))
    if not wanted:
        return None
    kind = kind_of(raw)
    texts = {name: squeezed(folder.text(name)) for name in _candidates(folder)}
    parts = {name: text for name, text in texts.items() if text and text in wanted}
    for count in (1, 2, 3):
        for some in permutations(parts, count):
            if "".join(parts[name] for name in some) == wanted:
                return Readme(file=some[0], content_type=kind, others=some[1:])
    return None


def kind_of(raw: RawMetadata) -> str:
    """The content type of the description."""
    return (raw.get("description_content_type") or _DEFAULT).partition(";")[0].strip()


def squeezed(text: str) -> str:
    """A text without its white space."""
    return "".join(text.split())


def _candidates(folder: Folder) -> Iterable[str]:
    """Texts at the top of the folder, readmes first, then those elsewhere that look like one."""
    known = ("readme", "change", "history", "news", "authors")
    top = [
        name
        for name in sorted(folder.texts)
        if "/" not in name and (name.endswith((".md", ".rst", ".txt")) or name.lower().startswith(known))
    ]
    deeper = [name for name in folder.matching("*/README*", "docs/*.rst", "docs/*.md") if name not in top]
    return [*sorted(top, key=lambda name: not name.lower().startswith("readme")), *deeper]

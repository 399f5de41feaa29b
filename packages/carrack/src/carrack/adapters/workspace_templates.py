"""The templates of a new workspace's files, as this package has them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable


def read_templates() -> dict[str, str]:
    """Each template's text by its path below `templates/workspace`."""
    return dict(_below(files("carrack") / "templates" / "workspace", ""))


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{path}{entry.name}/")
        else:
            yield f"{path}{entry.name}", entry.read_text(encoding="utf-8")

"""Long lists, a hundred at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
SIZE = 100


@dataclass(frozen=True, kw_only=True)
class Shown(Generic[Item]):
    """One page of a list."""

    items: Sequence[Item]
    number: int
    """From 1."""
    pages: int
    total: int


def shown(items: Sequence[Item], wanted: str) -> Shown[Item]:
    """Return the page of `items` that a query asks for: the nearest there is, the first for what is no number."""
    pages = max(1, -(-len(items) // SIZE))
    number = (
        min(max(int(wanted), 1), pages) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else 1
    )
    return Shown(
        items=items[(number - 1) * SIZE : number * SIZE], number=number, pages=pages, total=len(items)
    )

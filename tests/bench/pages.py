"""Tables of figures in pages of docs, each between its own two marks."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PLACES = {
    "backends": ("reproducibility.md",),
    "bench-builds": ("benchmarks.md",),
    "bench-footing": ("benchmarks.md",),
    "bench-growth": ("benchmarks.md",),
    "bench-index": ("performance.md",),
    "bench-pipeline": ("performance.md",),
    "bench-releases": ("benchmarks.md",),
    "bench-sources": ("choosing.md", "ja/choosing.md"),
    "bench-status": ("performance.md",),
    "images": ("images.md",),
}
"""The pages in which each table is."""
_END = "<!-- end -->"


def write(name: str, table: str) -> None:
    """Put a table into its place, in the place of the one that is there. Raises ValueError where it has none."""
    for page in PLACES[name]:
        before, _, after = split(name, (DOCS / page).read_text(encoding="utf-8"))
        (DOCS / page).write_text(f"{before}{table}\n{after}", encoding="utf-8")


def split(name: str, text: str) -> tuple[str, str, str]:
    """A page up to the table's place, with its first mark; what is there; and the rest, with the second mark."""
    mark = f"<!-- {name} -->\n"
    start = text.index(mark) + len(mark)
    end = text.index(_END, start)
    return text[:start], text[start:end], text[end:]

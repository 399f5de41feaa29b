"""The pages in Japanese say what the English ones do: the same commands, under as many headings, with as many rows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [(ROOT / "docs" / page.name, page) for page in sorted((ROOT / "docs/ja").glob("*.md"))]
if (ROOT / "README.ja.md").exists():
    PAGES.append((ROOT / "README.md", ROOT / "README.ja.md"))
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def blocks(text: str) -> list[str]:
    """Every code block, with its language; indented ones too."""
    return FENCED.findall(text) + re.findall(r"^    \S.*$", FENCED.sub("", text), re.MULTILINE)


def shape(text: str) -> dict[str, list[int]]:
    """The depth of each heading and the number of columns of each row of a table."""
    prose = FENCED.sub("", text)
    return {
        "headings": [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)],
        "columns": [row.count("|") for row in re.findall(r"^\|.*$", prose, re.MULTILINE)],
    }


def commands(block: str) -> str:
    """A block without its comments, which are translated."""
    if block.startswith("    "):  # a line of an aligned list: a command, and what it does
        return re.split(r"\s{3,}", block.strip())[0]
    return re.sub(r"\s+# .*$", "", block, flags=re.MULTILINE)


@pytest.mark.parametrize(("english", "japanese"), PAGES, ids=[page.name for page, _ in PAGES])
def test_the_commands_are_the_same(english: Path, japanese: Path) -> None:
    """Word for word, but for comments: what the tests run is what both tell."""
    ours, theirs = (blocks(page.read_text(encoding="utf-8")) for page in (english, japanese))
    assert [commands(block) for block in theirs] == [commands(block) for block in ours]


@pytest.mark.parametrize(("english", "japanese"), PAGES, ids=[page.name for page, _ in PAGES])
def test_the_pages_have_the_same_shape(english: Path, japanese: Path) -> None:
    """No section and no row of a table is missing."""
    told = japanese.read_text(encoding="utf-8")
    assert shape(told) == shape(english.read_text(encoding="utf-8"))
    assert len(re.findall(r"[ぁ-んァ-ヶ]", told)) > 300


@pytest.mark.parametrize("japanese", [page for _, page in PAGES], ids=[page.name for _, page in PAGES])
def test_links_lead_somewhere(japanese: Path) -> None:
    """To a file that is there."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", japanese.read_text(encoding="utf-8"))
    assert [link for link in links if not (japanese.parent / link).exists()] == []

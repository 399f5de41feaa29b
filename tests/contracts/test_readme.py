"""What the README says is what the tool says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from carrack.cli.main import VERBS
from carrack.errors import ExitCode

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under `heading`."""
    section = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_the_table_of_verbs_is_that_of_help() -> None:
    """Each verb of `carrack --help` stands in the README with the same words, and no other does."""
    assert {cells[0].strip("`"): cells[2] for cells in rows("The verbs")} == VERBS


def test_the_table_of_exit_codes_is_the_tool_s() -> None:
    """Each exit code stands in the README with its meaning, and no other does."""
    told = {int(cells[0]): cells[1] for cells in rows("Exit codes of `carrack`")}
    assert told == {int(code): code.meaning for code in ExitCode}


def test_every_make_target_that_the_readme_names_exists() -> None:
    """Every `make X` in the README's code is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"(?:`|\$ |^    )make ([a-z-]+)", README, flags=re.MULTILINE)) <= targets


PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "packages").glob("*/README.md")),
]


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    """And to headings that are there, where a link names one."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    lost = []
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", prose):
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


def anchors(page: Path) -> set[str]:
    """What a page's headings are called in links, as GitHub makes it."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def tracked() -> list[Path]:
    """The files that git tracks."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], check=True, capture_output=True, text=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def names_a_registry(text: str) -> bool:
    """Whether `text` names a public registry's host; spelled in pieces here, so that this file does not."""
    hosts = ("".join(parts) for parts in (("py", "pi.org"), ("python", "hosted.org"), ("npm", "js.org")))
    return any(host in text for host in hosts)


def test_no_tracked_file_names_a_public_registry() -> None:
    """The public index's address comes from pip at run time; no file of ours, lock files included, holds it."""
    named = [str(p) for p in tracked() if names_a_registry(p.read_text(encoding="utf-8", errors="replace"))]
    assert named == []
    assert names_a_registry("https://" + "py" + "pi.org/simple")

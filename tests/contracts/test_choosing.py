"""docs/choosing.md: what it says to write in pyproject.toml means the source under which it stands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from carrack.adapters.manifests import read_workspace
from carrack.model.code_sources import kind_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "choosing.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| (git|submodule|runtime) \| `(record-rules = .*?)` \|", PAGE, re.MULTILINE))
BLOCKS = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def kinds(folder: Path, table: str) -> list[str]:
    """The kinds of source that an app has with this text in the workspace's pyproject.toml."""
    manifest = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(f"{manifest}\n{table}", encoding="utf-8")
    (folder / "pipeline_app").symlink_to(ROOT / "pipeline_app")
    (folder / "packages").symlink_to(ROOT / "packages")
    (app,) = read_workspace(folder, {}).apps.values()
    return [kind_of(source) for source in app.sources.values()]


def test_every_source_has_its_line() -> None:
    """All but the index's, which is none."""
    assert list(ROWS) == ["git", "submodule", "runtime"]


@pytest.mark.parametrize("kind", ROWS)
def test_the_line_of_a_move_makes_that_source(kind: str, tmp_path: Path) -> None:
    """In the table of the app's sources, as it stands on the page."""
    assert kinds(tmp_path, f"[tool.carrack.apps.pipeline_app.sources]\n{ROWS[kind]}\n") == [kind]


def test_the_mix_is_read(tmp_path: Path) -> None:
    """The one example of several sources at once: everything from the index but a submodule."""
    (mix,) = BLOCKS
    assert set(tomllib.loads(mix)) == {"tool"}
    assert kinds(tmp_path, mix) == ["submodule"]

"""`carrack plan`, `publish --plan` and `status`, typed in a real repository with an index in memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.carrack.fakes import MemoryArchives, MemoryBuilder, MemoryIndex
from tests.carrack.repositories import Repository, package, repository
from tests.carrack.test_cli import ROOT, Command

from carrack.cli.wiring import Wiring
from carrack.commands.knowledge import Sources

PACKAGES = {**package("alpha"), **package("beta", "0.1.0", "alpha>=0.1,<0.2"), **package("gamma")}
PACKAGES |= {f"packages/{name}/module.py": f"{name}\n" for name in ("alpha", "beta", "gamma")}


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A workspace with three packages, beta needing alpha, in one commit."""
    made = repository(tmp_path / "workspace")
    made.commit({"pyproject.toml": ROOT, **PACKAGES})
    return made


@pytest.fixture
def carrack(repo: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command in that workspace; index and builder are in memory."""
    index, builder, sources = MemoryIndex(), MemoryBuilder(), Wiring.sources

    def with_memory(wiring: Wiring, index_name: object) -> Sources:
        real = sources(wiring, index_name)  # type: ignore[arg-type]
        return Sources(**{**vars(real), "archives": MemoryArchives()})

    monkeypatch.setattr(Wiring, "reader", lambda *_: index)
    monkeypatch.setattr(Wiring, "uploader", lambda *_: index)
    monkeypatch.setattr(Wiring, "builder", lambda *_: builder)
    monkeypatch.setattr(Wiring, "promoter", lambda *_: index)
    monkeypatch.setattr(Wiring, "listing", lambda *_: index)
    monkeypatch.setattr(Wiring, "open", lambda *_: None)
    monkeypatch.setattr(Wiring, "sources", with_memory)
    return Command(repo.root, capsys)


def test_a_plan_shows_waves(carrack: Command) -> None:
    """What is needed is in an earlier wave; stdout has the table alone."""
    result = carrack("plan", "--to", "prod")
    assert result.code == 0, result.err
    rows = [line.split()[:5] for line in result.out.splitlines()]
    assert rows == [
        ["wave", "package", "from", "to", "state"],
        ["1", "alpha", "-", "0.1.0", "new"],
        ["1", "gamma", "-", "0.1.0", "new"],
        ["2", "beta", "-", "0.1.0", "new"],
    ]


def test_a_kept_plan_is_published_as_it_is(carrack: Command, repo: Repository) -> None:
    """The packages that were named, on the index that it says, without being told again; then there is nothing left."""
    assert carrack("plan", "beta", "--to", "prod", "--out", "made/for/it/plan.json").code == 0
    (repo.root / "made/for/it/plan.json").rename(repo.root / "plan.json")
    result = carrack("publish", "--plan", "plan.json")
    assert result.code == 0, result.err
    assert [line.split()[1:3] for line in result.out.splitlines()] == [["alpha", "0.1.0"], ["beta", "0.1.0"]]
    assert sorted(repo.git("tag").split()) == ["alpha-v0.1.0", "beta-v0.1.0"]
    again = carrack("publish", "--plan", "plan.json")
    assert (again.code, again.out[:18]) == (0, "nothing to release")


def test_a_plan_of_another_commit_is_refused(carrack: Command, repo: Repository) -> None:
    """77, with what moved and the next command."""
    carrack("plan", "--to", "prod", "--out", "plan.json")
    repo.commit({"packages/alpha/README.md": "# other\n"})
    result = carrack("publish", "--plan", "plan.json")
    assert (result.code, result.out) == (77, "")
    assert "the commit: the plan is for" in result.err
    assert "carrack plan --out FILE again" in result.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("publish", "beta", "--plan", "plan.json"), 64, "a plan says itself which packages"),
        (("publish", "--plan", "absent.json"), 77, "cannot be read"),
        (("publish", "--plan", "plan.json", "--to", "local"), 77, "the index: the plan is for"),
        (("plan", "nope", "--to", "prod"), 64, "there is no package"),
    ],
)
def test_a_plan_that_does_not_fit_the_command_line(
    carrack: Command, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """Names beside a plan, no file, another index, no such package."""
    carrack("plan", "--to", "prod", "--out", "plan.json")
    result = carrack(*arguments, LOCAL_URL="http://127.0.0.1:9")
    assert (result.code, said in result.err) == (code, True), result.err


def test_a_plan_for_an_index_that_the_workspace_does_not_have(carrack: Command, repo: Repository) -> None:
    """The place is named."""
    carrack("plan", "--to", "prod", "--out", "plan.json")
    file = repo.root / "plan.json"
    file.write_text(file.read_text().replace("/domain/prod", "/domain/gone"))
    result = carrack("publish", "--plan", "plan.json")
    assert (result.code, "domain/gone" in result.err) == (77, True)


def test_status_of_named_packages(carrack: Command) -> None:
    """Only these, in the order of a release."""
    found = json.loads(carrack("status", "gamma", "alpha", "--to", "prod", "--json").out)
    assert [row["package"] for row in found] == ["alpha", "gamma"]


def test_status_of_what_changed_and_what_needs_it(carrack: Command, repo: Repository) -> None:
    """As a table, and as the matrix of a CI job; where nothing changed the matrix is empty."""
    carrack("publish", "--to", "prod")
    assert json.loads(carrack("status", "--to", "prod", "--changed", "--matrix").out) == {"include": []}
    assert carrack("status", "--to", "prod", "--changed").out == "nothing changed\n"
    repo.commit({"packages/alpha/src/alpha/new.py": "new = 1\n"})
    found = json.loads(carrack("status", "--to", "prod", "--changed", "--matrix").out)["include"]
    assert found == [
        {"package": "alpha", "path": "packages/alpha", "version": "0.1.0"},
        {"package": "beta", "path": "packages/beta", "version": "0.1.0"},
    ]

"""`carrack plan`, `publish --plan` and `status`, typed in a real repository with an index in memory."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from packaging.utils import NormalizedName
from packaging.version import Version
from tests.carrack.fakes import MemoryArchives, MemoryBuilder, MemoryIndex
from tests.carrack.repositories import EPOCH, Repository, package, repository
from tests.carrack.test_cli import ROOT, Command

from carrack.cli.wiring import Wiring
from carrack.commands.knowledge import Sources
from carrack.model.published import IndexState

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


def test_what_cannot_be_traced_is_left_alone_and_compared_when_it_is_named(
    carrack: Command, repo: Repository
) -> None:
    """In a history that was written anew: nothing says that packages changed; naming one builds and compares it."""
    carrack("publish", "--to", "prod")
    shutil.rmtree(repo.root / ".carrack")
    repo.git("tag", "--delete", *repo.git("tag").split())
    repo.git("commit", "-q", "--amend", "--no-edit", GIT_COMMITTER_DATE=f"{EPOCH + 1} +0000")
    left = carrack("publish", "--to", "prod")
    assert left.out == "nothing to release: no package has a new version that can go, and 3 are left alone\n"
    assert left.err.count("to see whether it changed: git fetch --unshallow --tags") == 3
    named = carrack("publish", "gamma", "--to", "prod")
    assert named.out == "nothing to release: the index has every version that the tree has\n"
    assert "gamma 0.1.0: the index has the very files" in named.err
    assert "left alone" not in named.err


@pytest.mark.parametrize("verb", [("status",), ("plan",), ("publish", "--dry-run")], ids=lambda verb: verb[0])
def test_only_what_is_named_is_looked_at(
    carrack: Command, verb: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a thousand packages the index is asked about those that are named, and what a release of them needs."""
    asked: list[str] = []
    state = MemoryIndex.state

    def tapped(index: MemoryIndex, wanted: dict[NormalizedName, Version]) -> IndexState:
        asked.extend(wanted)
        return state(index, wanted)

    monkeypatch.setattr(MemoryIndex, "state", tapped)
    shown = carrack(*verb, "Beta", "--to", "prod").out
    needed = set() if verb == ("status",) else {"alpha"}
    assert set(asked) == {"beta", *needed}
    assert "gamma" not in shown


def test_git_is_asked_as_often_about_many_packages_as_about_few(
    carrack: Command, repo: Repository, tmp_path: Path
) -> None:
    """With tags, and in a clone that has neither tags nor receipts, where the sdists' times find the commits."""

    def runs() -> int:
        trace = tmp_path / "trace"
        trace.write_text("")
        shown = carrack("status", "--to", "prod", GIT_TRACE2_EVENT=str(trace)).out
        assert "new" not in shown
        assert shown.count("complete on the index") == len(shown.splitlines()) - 1
        return trace.read_text().count('"event":"start"')

    def counted() -> tuple[int, int]:
        carrack("publish", "--to", "prod")
        tagged = runs()
        shutil.rmtree(repo.root / ".carrack")
        repo.git("tag", "--delete", *repo.git("tag").split())
        untagged = runs()
        return tagged, untagged

    few = counted()
    for number in range(12):
        repo.write({**package(f"more-{number}"), f"packages/more-{number}/module.py": f"{number}\n"})
    repo.commit()
    assert counted() == few
    assert few[0] <= 6


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

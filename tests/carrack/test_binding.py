"""A plan that is kept holds for one commit, and for what the index had then."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version
from tests.carrack.fakes import INDEX, KilledError, World, name
from tests.carrack.local import index_at

from carrack.adapters.planfile import format_plan, read_plan
from carrack.commands.publish import check_plan
from carrack.errors import ExitCode, PlanError
from carrack.model.binding import Binding, bind, moved


@pytest.fixture
def world() -> World:
    """Three packages that were released, and a new version of the middle one."""
    made = World()
    made.history.commit(io="one", rules="one", tools="one")
    made.publish()
    made.raise_version("rules", "1.1")
    made.history.commit(rules="two")
    return made


def bound(world: World, *asked: str) -> Binding:
    """What a plan made now stands on."""
    knowledge = world.learn()
    names = tuple(map(name, asked))
    return bind(world.sources.workspace, INDEX, knowledge.plan, knowledge.published, names)


def test_a_plan_stands_on_what_it_writes_and_what_that_needs(world: World) -> None:
    """Not on the rest: `tools`, which needs `rules`, may change meanwhile."""
    assert sorted(bound(world).packages) == ["io", "rules"]
    assert bound(world).packages[name("rules")].state == "to release"


def test_nothing_moved_where_nothing_did(world: World) -> None:
    """Learning twice gives the same ground."""
    assert moved(bound(world), bound(world)) == ()


def publish_other_files(world: World) -> None:
    """Somebody releases the version, but from other files."""
    commits = list(world.history.commits)
    world.history.commit(rules="somebody else's")
    world.publish("rules")
    world.history.commits[:] = commits


def change_dependency(world: World) -> None:
    """A file of the needed package's version is gone from the index."""
    del world.index.contents[name("io"), Version("1.0")]["io-1.0-py3-none-any.whl"]


def commit_something(world: World) -> None:
    """HEAD moves."""
    world.history.commit(unrelated="text")


def raise_again(world: World) -> None:
    """The tree has another version."""
    world.raise_version("rules", "1.2")


def add_version(world: World) -> None:
    """The index gets a version of the package from somewhere else."""
    world.index.contents[name("rules"), Version("1.0.1")] = {}


@pytest.mark.parametrize(
    ("move", "said"),
    [
        (publish_other_files, "rules: on the index 1.1 came"),
        (change_dependency, "io 1.0: it was published, and is partial"),
        (commit_something, "the commit: the plan is for 000000000000, and HEAD is 000000000000"),
        (raise_again, "rules: the tree had 1.1, and has 1.2"),
        (add_version, "rules: on the index 1.0.1 came"),
    ],
)
def test_what_moved_is_said(world: World, move: Any, said: str) -> None:
    """By package, in a sentence; and the plan is refused before any write, with an exit code of its own."""
    kept = bound(world)
    move(world)
    uploads = list(world.index.uploads)
    with pytest.raises(PlanError) as caught:
        check_plan(kept, world.sources, world.learn())
    assert caught.value.exit_code is ExitCode.PLAN
    assert said in caught.value.faults
    assert world.index.uploads == uploads


@pytest.mark.parametrize("files", [1, 2])
@pytest.mark.parametrize("journal", [True, False], ids=["here", "on another machine"])
def test_what_the_plan_itself_brought_is_no_move(world: World, files: int, journal: bool) -> None:
    """A run that stopped after a file, or as all was done, goes on with the same plan; also where a new runner does."""
    kept = bound(world)
    world.index.kills = {["rules-1.1.tar.gz", "rules-1.1-py3-none-any.whl"][files - 1]}
    with pytest.raises(KilledError):
        world.publish()
    if not journal:
        world.journal.entries.clear()
    check_plan(kept, world.sources, world.learn())
    world.publish()
    assert world.states() == {"io": "published", "rules": "published", "tools": "published"}
    check_plan(kept, world.sources, world.learn())


def test_a_version_begun_from_other_files_is_a_move(world: World) -> None:
    """It would be finished from those, and nobody looked at them."""
    kept = bound(world)
    commits = list(world.history.commits)
    world.history.commit(rules="not looked at")
    world.index.kills = {"rules-1.1.tar.gz"}
    with pytest.raises(KilledError):
        world.publish()
    world.history.commits[-1:] = [commits[-1]]
    with pytest.raises(PlanError) as caught:
        check_plan(kept, world.sources, world.learn())
    assert "rules: on the index 1.1 came" in caught.value.faults


def test_a_version_that_only_a_tag_knows_is_not_begun(world: World) -> None:
    """Its tag is on other files, as an adopted package's may be: the index has none of it, and nothing is excused."""
    world.history.tagged["rules-v1.1"] = world.history.commits[-1].id
    world.history.commit(rules="three")
    plan = world.learn().plan
    assert plan.begun == {name("io"), name("tools")}
    world.history.commits.pop()
    world.publish("rules")
    assert name("rules") in world.learn().plan.begun


def test_a_version_beside_the_planned_one_is_a_move(world: World) -> None:
    """Though the plan was carried out in part."""
    kept = bound(world)
    world.publish("rules")
    add_version(world)
    with pytest.raises(PlanError) as caught:
        check_plan(kept, world.sources, world.learn())
    assert caught.value.faults == ("rules: on the index 1.0.1, 1.1 came",)


def test_a_package_that_was_asked_for_and_is_gone_is_said(world: World) -> None:
    """Removed from the tree since, or written into the file by hand."""
    with pytest.raises(PlanError) as caught:
        check_plan(replace(bound(world), asked=(name("nope"),)), world.sources, world.learn())
    assert caught.value.faults == ("nope: the tree has no such package",)


def test_a_revision_that_changed_is_said(world: World) -> None:
    """Files may come and go within a version, and the service gives it another revision then."""
    kept = bound(world)
    ground = {key: replace(one, revision="2") for key, one in kept.packages.items() if key == "io"}
    assert moved(kept, replace(kept, packages={**kept.packages, **ground})) == (
        "io 1.0: its revision on the index is another one (files were added or removed)",
    )


def test_another_index_is_said(world: World) -> None:
    """By account, region, domain and repository; the name in the workspace does not matter."""
    kept = bound(world)
    assert index_at(None, name="other").place == index_at(None).place
    other = replace(kept, index=index_at(None, repository="staging").place)
    assert "000000000000/us-east-1/carrack/staging" in moved(kept, other)[0]


def test_a_plan_comes_back_from_its_file(world: World, tmp_path: Path) -> None:
    """All of it, in JSON that people can read."""
    kept = bound(world, "rules")
    file = tmp_path / "plan.json"
    file.write_text(format_plan(kept))
    assert read_plan(file) == kept
    facts = json.loads(file.read_text())
    assert (facts["schema"], facts["asked"], facts["packages"]["rules"]["version"]) == (1, ["rules"], "1.1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda facts: facts.update(schema=2), "schema"),
        (lambda facts: facts.pop("commit"), "commit"),
        (lambda facts: facts.update(commit="HEAD"), "commit"),
        (lambda facts: facts["packages"]["io"].update(versions="1.0"), "packages.io.versions"),
        (lambda facts: facts.update(more=1), "more"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_by_its_key(
    world: World, tmp_path: Path, change: Any, said: str
) -> None:
    """With the key, and without a traceback."""
    file = tmp_path / "plan.json"
    facts = json.loads(format_plan(bound(world)))
    change(facts)
    file.write_text(json.dumps(facts))
    with pytest.raises(PlanError, match=said):
        read_plan(file)


@pytest.mark.parametrize("content", [b"", b"not json", b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, content: bytes | None) -> None:
    """Empty, other bytes, or not there."""
    file = tmp_path / "plan.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(PlanError, match=r"plan\.json"):
        read_plan(file)

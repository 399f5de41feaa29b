"""A plan that is kept holds for one commit, and for what the index had then."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version
from tests.carrack.fakes import INDEX, World, name
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


def publish_elsewhere(world: World) -> None:
    """Somebody releases the version."""
    world.publish("rules")


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
        (publish_elsewhere, "rules: there is nothing to do for it now"),
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
    assert said in moved(kept, bound(world))
    with pytest.raises(PlanError) as caught:
        check_plan(kept, bound(world))
    assert caught.value.exit_code is ExitCode.PLAN
    assert said in caught.value.faults
    assert world.index.uploads == uploads


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

"""Tags of releases: made after the upload, used to find a release's commit, and never believed against the index."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.version import Version
from tests.carrack.fakes import KilledError, MemoryJournal, World, name
from tests.carrack.repositories import GIT_ENVIRON, repository

from carrack.adapters.git import Git
from carrack.adapters.manifests import read_workspace
from carrack.errors import WorkspaceError
from carrack.model.plan import State
from carrack.model.published import PublishedPackage
from carrack.model.tags import tag_name
from carrack.model.versions import is_same_line


@pytest.fixture
def world() -> World:
    """A workspace whose releases get tags, with one commit."""
    made = World(tags=True)
    made.history.commit(io="one", rules="one", tools="one")
    return made


def test_a_tag_names_package_and_version() -> None:
    """Each package has tags of its own."""
    assert tag_name(name("record_io"), Version("1.4.0")) == "record-io-v1.4.0"


def test_publishing_tags_each_release_at_its_commit(world: World) -> None:
    """After the upload; a second run has nothing left to do."""
    world.publish()
    commit = world.history.commits[-1].id
    assert world.history.tagged == {f"{package}-v1.0": commit for package in ("io", "rules", "tools")}
    assert set(world.states().values()) == {"published"}
    assert world.publish() == ()


def test_an_index_may_want_no_tags() -> None:
    """Then none is made, none is missed, and none is looked at."""
    world = World(tags=False)
    world.history.commit(io="one", rules="one", tools="one")
    world.history.tagged["io-v1.0"] = "f" * 40
    world.publish()
    assert list(world.history.tagged) == ["io-v1.0"]
    assert set(world.states().values()) == {"published"}


def test_a_run_that_died_before_its_tags_is_finished_by_the_next(world: World) -> None:
    """What is whole on the index and has no tag gets it at the commit it was built from, not at a later one."""
    world.index.kills = {"tools-1.0-py3-none-any.whl"}
    with pytest.raises(KilledError):
        world.publish()
    first = world.history.commits[-1].id
    world.history.commit(unrelated="text")
    assert world.states() == {"io": "untagged", "rules": "untagged", "tools": "untagged"}
    assert world.publish() == ()
    assert world.history.tagged == {f"{package}-v1.0": first for package in ("io", "rules", "tools")}


def test_a_changed_package_gets_the_tag_of_its_release_too(world: World) -> None:
    """Its files changed since, so that it is unreleased; the release that it had is tagged where it was made."""
    world.publish()
    first = world.history.commits[-1].id
    world.history.tagged.clear()
    world.history.commit(tools="two")
    assert world.states()["tools"] == "unreleased"
    world.publish()
    assert world.history.tagged["tools-v1.0"] == first


def test_only_what_is_named_and_needed_is_tagged(world: World) -> None:
    """As with the uploads."""
    world.publish("rules")
    assert sorted(world.history.tagged) == ["io-v1.0", "rules-v1.0"]


def test_a_tag_finds_the_commit_without_looking_into_files(world: World) -> None:
    """On a machine that never published: nothing is fetched, and a change since is seen."""
    world.publish()
    world.journal = MemoryJournal()
    world.history.commit(io="two")
    assert world.states() == {"io": "unreleased", "rules": "published", "tools": "published"}
    assert world.index.fetched == []


def test_without_tags_in_the_checkout_a_version_on_the_index_is_never_new(world: World) -> None:
    """A clone without tags finds the commits by the sdists' times, and says which tags are missing here."""
    world.publish()
    world.journal, world.history.tagged = MemoryJournal(), {}
    assert set(world.states().values()) == {"untagged"}
    assert sorted(world.index.fetched) == [f"{package}-1.0.tar.gz" for package in ("io", "rules", "tools")]


def test_a_tag_on_another_commit_stops_a_release_before_any_write(world: World) -> None:
    """The version is not on the index, and its tag is on files that are not those of HEAD."""
    world.history.tagged["io-v1.0"] = world.history.commits[-1].id
    world.history.commit(io="two")
    assert world.states()["io"] == "mistagged"
    with pytest.raises(WorkspaceError, match=r"tag io-v1\.0 is on .*, with other files") as caught:
        world.publish()
    assert "git tag --delete io-v1.0" in caught.value.hint
    assert world.index.uploads == []


def test_a_tag_with_the_same_files_is_as_good(world: World) -> None:
    """A tag on an older commit of the same files is right, and stays where it is."""
    first = world.history.commits[-1].id
    world.history.tagged["io-v1.0"] = first
    world.history.commit(tools="two")
    assert world.states()["io"] == "new"
    world.publish("io")
    assert world.history.tagged == {"io-v1.0": first}


def test_a_tag_that_was_moved_is_said(world: World) -> None:
    """The journal knows the commit of the very files on the index; the tag is on other ones."""
    world.publish()
    moved = world.history.commit(io="two")
    world.history.tagged["io-v1.0"] = moved
    (step, *_) = world.learn().plan.steps
    assert step.state is State.MISTAGGED
    assert moved[:12] in step.reason
    assert world.publish() == ()  # nothing needs it
    with pytest.raises(WorkspaceError, match="with other files"):
        world.publish("io")


def test_an_old_line_goes_on_beside_a_new_one(world: World) -> None:
    """1.4.1 is released after 2.0.0, and what was before is 1.4.0, not 2.0.0."""
    for version in ("1.4.0", "2.0.0", "1.4.1"):
        world.raise_version("io", version)
        world.history.commit(io=version)
        (step,) = [one for one in world.learn().plan.steps if one.package.name == "io"]
        world.publish("io")
    assert (str(step.before), step.state.value) == ("1.4.0", "to release")
    assert step.reason == "1.4.1 is not on the index, which has 2.0.0 already"
    assert sorted(world.history.tagged) == ["io-v1.4.0", "io-v1.4.1", "io-v2.0.0"]


def test_a_tree_that_is_behind_is_said(world: World) -> None:
    """Its version is on the index, and a newer one of the same line is too; another line is no news."""
    world.publish()
    for version, state in (("2.0.0", "published"), ("1.1.0", "behind")):
        world.index.contents[name("io"), Version(version)] = {}
        assert world.states()["io"] == state


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.4.0", "1.9", True),
        ("1.4", "2.0", False),
        ("0.2.1", "0.2.9", True),
        ("0.2", "0.3", False),
        ("1!1", "1", False),
    ],
)
def test_a_line_is_what_works_together(one: str, other: str, same: bool) -> None:
    """Equal majors, below 1.0 equal minors."""
    assert is_same_line(Version(one), Version(other)) is same


def test_before_is_never_above() -> None:
    """Unless all that the index has is above."""
    there = PublishedPackage(versions=tuple(map(Version, ("1.0", "1.2", "2.0"))))
    assert [str(there.before(Version(text))) for text in ("1.1", "2.1", "0.9")] == ["1.0", "2.0", "2.0"]


def test_git_makes_a_tag_once(tmp_path: Path) -> None:
    """Light and annotated tags are both seen at their commits; one that is there is left, elsewhere it is an error."""
    repo = repository(tmp_path)
    first, second = repo.commit({"a": "1"}), repo.commit({"a": "2"})
    git = Git(repo.root, GIT_ENVIRON)
    repo.git("tag", "--annotate", "-m", "said", "io-v1.0", first)
    git.tag("io-v1.0", first)
    git.tag("io-v1.1", second)
    assert git.tags() == {"io-v1.0": first, "io-v1.1": second}
    with pytest.raises(WorkspaceError, match="cannot be made"):
        git.tag("io-v1.0", second)


def test_local_indexes_get_no_tags(tmp_path: Path) -> None:
    """An index whose address is in a variable is for trying; `tags` says otherwise."""
    table = 'domain = "acme"\nowner = "111122223333"\nregion = "eu-west-1"\nrepository = "prod"\n'
    repo = repository(tmp_path)
    repo.write(
        {
            "pyproject.toml": '[tool.carrack]\npackages = ["packages/*"]\n'
            f"[tool.carrack.indexes.prod]\n{table}"
            f'[tool.carrack.indexes.local]\nendpoint-variable = "X"\n{table}'
            f'[tool.carrack.indexes.tagged]\nendpoint-variable = "X"\ntags = true\n{table}',
            "packages/io/pyproject.toml": '[project]\nname = "io"\nversion = "1.0"\n',
        }
    )
    indexes = read_workspace(repo.root, {}).indexes
    assert {key: index.tags for key, index in indexes.items()} == {
        "prod": True,
        "local": False,
        "tagged": True,
    }

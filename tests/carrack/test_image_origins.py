"""Which commit and tag an image's manifest names for our packages: those of the version that is locked, or none."""

from __future__ import annotations

import pytest
from packaging.version import Version
from tests.carrack.fakes import MemoryJournal, World, name

from carrack.commands.image_origins import origins
from carrack.model.image_manifest import Origin, Origins
from carrack.model.lock import Candidate, Pin

OLD, NEW = Version("1.0"), Version("1.1")


@pytest.fixture
def world() -> World:
    """Two releases of `io`, each of a commit of its own; the tree is at the second."""
    made = World(tags=True)
    made.history.commit(io="one", rules="one", tools="one")
    made.publish()
    made.raise_version("io", "1.1")
    made.history.commit(io="two")
    made.publish("io")
    return made


def pin(world: World, version: Version) -> Pin:
    """What a lock says of a version of `io`."""
    published = world.index.version(name("io"), version)
    wheels = [file.sha256 for file in published.files if file.is_wheel] if published else ["0" * 64]
    return Pin(candidate=Candidate(name=name("io"), version=version), hashes=frozenset(wheels))


def told(world: World, *versions: Version) -> Origins:
    """The origins for a lock of these versions."""
    return origins(world.sources, [pin(world, version) for version in versions])


def commits(world: World) -> tuple[str, str]:
    """The commits of the two releases."""
    first, second = world.history.commits[:2]
    return first.id, second.id


def test_a_lock_that_pins_an_older_version_than_the_tree_names_that_release(world: World) -> None:
    """Its commit and tag, beside those of the tree's version; a lock of both tells them apart."""
    first, second = commits(world)
    assert told(world, OLD, NEW) == {
        (name("io"), OLD): Origin(commit=first, tag="io-v1.0"),
        (name("io"), NEW): Origin(commit=second, tag="io-v1.1"),
    }


def test_on_a_machine_that_never_published_the_tag_tells_the_commit(world: World) -> None:
    """The journal is a cache, which other machines do not have."""
    world.journal = MemoryJournal()
    assert told(world, OLD) == {(name("io"), OLD): Origin(commit=commits(world)[0], tag="io-v1.0")}


def test_an_older_version_of_which_nobody_knows_the_commit_has_none(world: World) -> None:
    """It is never the one of the tree's version."""
    world.journal = MemoryJournal()
    del world.history.tagged["io-v1.0"]
    assert told(world, OLD) == {(name("io"), OLD): Origin()}


def test_without_its_tag_the_journal_tells_the_commit(world: World) -> None:
    """By the hashes of the locked files; a tag that is not there is not named."""
    del world.history.tagged["io-v1.0"]
    assert told(world, OLD) == {(name("io"), OLD): Origin(commit=commits(world)[0])}


def test_a_tag_on_other_files_is_not_named(world: World) -> None:
    """What the journal knows of the very files is believed; a tag on another commit with the same files is as good."""
    first, second = commits(world)
    world.history.tagged["io-v1.0"] = second
    assert told(world, OLD) == {(name("io"), OLD): Origin(commit=first)}
    world.history.tagged["io-v1.1"] = world.history.commit(tools="two")
    assert told(world, NEW) == {(name("io"), NEW): Origin(commit=second, tag="io-v1.1")}
    world.history.tagged["io-v1.1"] = first
    assert told(world, NEW) == {(name("io"), NEW): Origin(commit=second)}


def test_an_index_without_tags_has_none_in_its_images(world: World) -> None:
    """Such an index is for trying; a tag of that name is another index's release."""
    world.tags = False
    assert told(world, OLD) == {(name("io"), OLD): Origin(commit=commits(world)[0])}


def test_a_version_that_was_taken_back_does_not_lend_its_commit(world: World) -> None:
    """The tree's version is unlisted, and the lock from before it pins the one before."""
    world.index.statuses[name("io"), NEW] = "Unlisted"
    assert told(world, OLD) == {(name("io"), OLD): Origin(commit=commits(world)[0], tag="io-v1.0")}

"""The lock in parts, as an image's build gets it: no pin is lost, none is in two, and what did not change stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from packaging.utils import NormalizedName
from tests.carrack.fakes import name
from tests.carrack.published import HERE, Published

from carrack.commands.image_sources import additions, shared
from carrack.model.code_sources import RuntimeSource
from carrack.model.lock import Lock
from carrack.model.lockfile import parse
from carrack.model.workspace import App

LATER = {name("record-io"): RuntimeSource(prefix="file:///wheels/")}
OURS = {"record-io", "record-rules"}


@pytest.fixture
def released(published: Published) -> Published:
    """The workspace, whose app needs a package of ours, which needs another and one of a third party."""
    published.pythons = (HERE,)
    published.requirements = ("record-rules>=1", "thing")
    return published


def added(published: Published, lock: Lock, app: App | None = None) -> dict[str, bytes]:
    """What a build gets beside the lock."""
    return additions(
        app or published.app,
        lock,
        published.packages,
        published.tools,
        published.root / "scratch",
        templates={"launch.py": ""},
        read=Path.read_bytes,
    )


def names(text: bytes) -> set[NormalizedName]:
    """The distributions in a part of a lock."""
    return set(parse(text.decode(), "part").names())


def test_ours_are_in_a_part_of_their_own(released: Published) -> None:
    """And with what the lock's place has, the parts are the whole lock, to a hash."""
    lock = released.lock()
    found = added(released, lock)
    assert set(found) == {"own.lock"}
    own = parse(found["own.lock"].decode(), "own.lock")
    assert own.names() == OURS
    assert own.pins | shared(lock, released.packages).pins == lock.pins
    assert not own.pins & shared(lock, released.packages).pins


def test_a_release_leaves_the_part_of_others_as_it_was(released: Published) -> None:
    """To the byte, so that the engine's cache knows it again; what the base and the Python must be stays in it."""
    before = released.lock()
    released.publish("record-rules", "1.9", ["record-io>=1"])
    after = released.lock(before)
    assert after != before
    assert shared(after, released.packages).format() == shared(before, released.packages).format()
    assert f"# python: {HERE}\n" in shared(after, released.packages).format()
    assert added(released, after)["own.lock"] != added(released, before)["own.lock"]


def test_what_comes_later_is_in_no_part_that_is_installed(released: Published) -> None:
    """A package that jobs fetch is in runtime.lock alone."""
    released.sources = dict(LATER)
    lock = released.lock()
    found = added(released, lock)
    assert names(found["runtime.lock"]) == {"record-io"}
    assert names(found["own.lock"]) == {"record-rules"}
    assert shared(lock, released.packages).names() == lock.names() - OURS


def test_a_dockerfile_of_the_apps_own_has_the_whole_lock(released: Published) -> None:
    """It gets parts only where there are sources: then requirements.lock is what it installs from the index."""
    own = replace(released.app, dockerfile=PurePosixPath("Dockerfile"))
    assert added(released, released.lock(), own) == {}
    released.sources = dict(LATER)
    lock = released.lock()
    found = added(released, lock, replace(released.app, dockerfile=PurePosixPath("Dockerfile")))
    assert names(found["requirements.lock"]) == lock.names() - {name("record-io")}
    assert "own.lock" not in found

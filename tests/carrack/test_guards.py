"""What stops a release before its first write: names that strangers could feed, requirements that no index serves."""

from __future__ import annotations

import pytest
from packaging.utils import NormalizedName
from tests.carrack.fakes import World, name, packages_of

from carrack.errors import IndexAccessError, StoppedError, WorkspaceError
from carrack.model.controls import OURS, Controls, is_exposed

OPEN = Controls(publish=True, upstream=True)


@pytest.fixture
def world() -> World:
    """Three packages that were never released."""
    made = World()
    made.history.commit(io="one", rules="one", tools="one")
    return made


def test_a_name_that_upstream_can_feed_stops_the_release(world: World) -> None:
    """Before any write, by name, with the command that closes it."""
    world.index.origins[name("rules")] = OPEN
    with pytest.raises(WorkspaceError, match="can be fed from upstream") as caught:
        world.publish()
    assert caught.value.faults == ("rules: its origin controls have upstream ALLOW",)
    assert caught.value.hint == "carrack publish --to test --close-names rules"
    assert world.index.uploads == []


def test_told_to_it_closes_the_name_before_the_first_upload(world: World) -> None:
    """And reads it again; the others' controls are left as they are."""
    world.index.origins[name("rules")] = OPEN
    world.close_names = True
    world.publish()
    assert world.index.origins == {name("rules"): OURS}
    assert world.report.steps[:2] == [
        "Closing rules: publish ALLOW, upstream BLOCK",
        "Uploading io-1.0.tar.gz",
    ]


def test_a_name_that_does_not_close_stops_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the index takes the change and shows another."""
    world.index.origins[name("io")] = OPEN
    world.close_names = True
    monkeypatch.setattr(world.index, "set_controls", lambda *_: None)
    with pytest.raises(StoppedError, match="are publish ALLOW, upstream ALLOW"):
        world.publish()
    assert world.index.uploads == []


@pytest.mark.parametrize("origin", [None, OURS, Controls(publish=False, upstream=False)])
def test_a_closed_or_unknown_name_is_no_obstacle(world: World, origin: Controls | None) -> None:
    """The first publish closes an unknown one by itself, as the service has it."""
    if origin:
        world.index.origins[name("io")] = origin
    assert not is_exposed(origin)
    assert len(world.publish()) == 3


def test_a_name_that_is_not_released_now_is_not_looked_at(world: World) -> None:
    """Only what is written."""
    world.index.origins[name("tools")] = OPEN
    assert len(world.publish("rules")) == 2


def test_whoever_may_not_look_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A publisher may lack that one permission: the release goes on, and says what was not looked at."""

    def refuse(_: NormalizedName) -> Controls:
        raise IndexAccessError("codeartifact:DescribePackage is not allowed")

    monkeypatch.setattr(world.index, "controls", refuse)
    assert len(world.publish()) == 3
    assert world.report.notes == [
        "whether names can be fed from upstream was not looked at: codeartifact:DescribePackage is not allowed"
    ]


@pytest.mark.parametrize(
    "url", ["https://example.com/x-1.0.tar.gz", "file:///tmp/x", "git+https://example.com/x"]
)
def test_a_requirement_by_address_stops_the_release(world: World, url: str) -> None:
    """No index serves it; its manifest and the requirement are named."""
    world.packages |= packages_of(("io", "1.0", (f"x @ {url}",)))
    with pytest.raises(WorkspaceError, match="cannot be had from an index") as caught:
        world.publish()
    assert "packages/io/pyproject.toml: project.dependencies: 'x @" in caught.value.faults[0]
    assert world.index.uploads == []

"""The plan: a pure function of tree, index and releases."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.utils import NormalizedName
from packaging.version import Version
from tests.carrack.fakes import name, packages_of

from carrack.model.graph import cycle, waves
from carrack.model.plan import Plan, Release, State, make_plan, needed_but_unreleased
from carrack.model.published import File, IndexState, PublishedPackage, PublishedVersion
from carrack.model.workspace import Workspace

HEAD, OLD = "h" * 40, "0" * 40
SDIST, WHEEL = (
    File(name="x-1.tar.gz", sha256="a", size=1),
    File(name="x-1-py3-none-any.whl", sha256="b", size=1),
)


def workspace(*packages: tuple[str, str, tuple[str, ...]]) -> Workspace:
    """A workspace with nothing but packages."""
    return Workspace(
        root=Path("/workspace"),
        packages=packages_of(*packages),
        apps={},
        indexes={},
        build_constraints=PurePosixPath("build-constraints.txt"),
    )


CHAIN = workspace(("io", "1.0", ()), ("rules", "1.0", ("io",)), ("tools", "1.0", ("rules",)))


def on_index(
    *versions: str, files: tuple[File, ...] = (SDIST, WHEEL), status: str = "Published"
) -> PublishedPackage:
    """A package on the index in these versions; 1.0, where it is one of them, with these files."""
    current = PublishedVersion(version=Version("1.0"), status=status, revision="1", files=files)
    return PublishedPackage(
        versions=tuple(map(Version, versions)), current=current if "1.0" in versions else None
    )


def planned(index: dict[str, PublishedPackage], changed: tuple[str, ...] = ()) -> Plan:
    """The plan for the chain; what is on the index in 1.0 was released from OLD, and `changed` since."""
    packages = {name(key): value for key, value in index.items()}
    releases = {
        key: Release(commit=OLD, changed=key in changed) for key, value in packages.items() if value.current
    }
    return make_plan(CHAIN, HEAD, IndexState(packages=packages), releases)


def state(package: PublishedPackage, release: Release | None = None) -> tuple[State, str | None, str]:
    """State, commit and reason of `io` where the index holds `package`."""
    releases = {name("io"): release} if release else {}
    plan = make_plan(CHAIN, HEAD, IndexState(packages={name("io"): package}), releases)
    step = plan.step(name("io"))
    assert step
    return step.state, step.commit, step.reason


def test_a_package_that_the_index_does_not_know_is_new() -> None:
    """It is built from HEAD, and there is no version before."""
    assert state(PublishedPackage()) == (State.NEW, HEAD, "the index does not know this package")


def test_a_version_that_the_index_does_not_have_is_to_be_released() -> None:
    """The version before is the highest one there, by PEP 440 and not by letters."""
    plan = planned({"io": on_index("0.9", "0.10", "0.2")})
    step = plan.steps[0]
    assert (step.state, step.before, step.after) == (State.TO_RELEASE, Version("0.10"), Version("1.0"))


@pytest.mark.parametrize("status", ["Archived", "Unlisted", "Disposed", "Unfinished", "Deleted"])
def test_a_version_in_any_other_status_is_blocked(status: str) -> None:
    """Only a published version can be installed; whether its files are there does not matter."""
    there = on_index("1.0", files=(), status=status)
    assert state(there) == (State.BLOCKED, HEAD, f"1.0 is {status} on the index; raise the version")


@pytest.mark.parametrize(("files", "lacks"), [((SDIST,), "wheel"), ((WHEEL,), "sdist"), ((), "sdist, wheel")])
def test_a_version_without_both_files_is_partial(files: tuple[File, ...], lacks: str) -> None:
    """It is finished from the release's own commit, from HEAD only where nobody knows that."""
    there = on_index("1.0", files=files)
    assert state(there, Release(commit=OLD, changed=True)) == (
        State.PARTIAL,
        OLD,
        f"the index lacks its {lacks}; to be finished from {OLD[:12]}",
    )
    assert state(there, Release(commit=None, changed=False)) == (
        State.PARTIAL,
        HEAD,
        f"the index lacks its {lacks}",
    )


def test_a_complete_version_is_published_or_unreleased() -> None:
    """Which of the two depends on whether the package's files changed; without a known commit nobody can say."""
    there = on_index("1.0")
    assert state(there, Release(commit=OLD, changed=False))[0] is State.PUBLISHED
    assert state(there, Release(commit=OLD, changed=True)) == (
        State.UNRELEASED,
        HEAD,
        f"files changed since {OLD[:12]} was released as 1.0",
    )
    assert state(there, Release(commit=None, changed=True))[0] is State.UNTRACED
    assert state(there)[0] is State.UNTRACED


def test_a_release_that_cannot_be_compared_says_why() -> None:
    """Its commit is unknown here; or the tag has one, and that has no such folder, since the package was moved."""
    there = on_index("1.0")
    assert state(there)[2] == "complete on the index; its commit is not in this history"
    moved = f"complete on the index; {OLD[:12]}, which is tagged, does not have packages/io"
    assert state(there, Release(tag=OLD)) == (State.UNTRACED, HEAD, moved)


def test_only_three_states_write() -> None:
    """New, to be released and partial packages are uploaded; the others are left alone."""
    assert {one for one in State if one.writes} == {State.NEW, State.TO_RELEASE, State.PARTIAL}


def test_what_stands_in_the_way_is_what_a_release_needs_or_what_is_named() -> None:
    """Unreleased packages matter only below a release, or by name."""
    plan = planned({"io": on_index("1.0"), "rules": on_index("1.0")}, changed=("io", "rules"))
    assert [step.package.name for step in plan.writing] == ["tools"]
    assert [step.package.name for step in needed_but_unreleased(CHAIN, plan, ())] == ["io", "rules"]
    assert [step.package.name for step in needed_but_unreleased(CHAIN, plan, (name("io"),))] == ["io"]
    above = planned({"rules": on_index("1.0"), "tools": on_index("1.0")}, changed=("rules", "tools"))
    assert [step.package.name for step in above.writing] == ["io"]
    assert needed_but_unreleased(CHAIN, above, ()) == ()


def test_an_unchanged_dependent_of_an_unreleased_package_is_not_in_the_way() -> None:
    """Naming a published package whose needs are unreleased releases nothing, so nothing stops it."""
    plan = planned({n: on_index("1.0") for n in ("io", "rules", "tools")}, changed=("io",))
    assert needed_but_unreleased(CHAIN, plan, (name("tools"),)) == ()


BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no fault of the plan."""


@st.composite
def graphs(draw: st.DrawFn) -> dict[NormalizedName, set[NormalizedName]]:
    """A graph without circles: each name may need names before it."""
    names = [name(letter) for letter in "abcdefgh"]
    return {
        one: draw(st.sets(st.sampled_from(names[:number]))) if number else set()
        for number, one in enumerate(names)
    }


@BUSY
@given(graphs())
def test_waves_put_every_need_before_its_dependents(edges: dict[NormalizedName, set[NormalizedName]]) -> None:
    """Each name is in one wave, sorted, after all of its needs, and no later than that asks for."""
    number = {one: wave for wave, group in enumerate(waves(edges)) for one in group}
    assert sorted(one for group in waves(edges) for one in group) == sorted(edges)
    assert all(list(group) == sorted(group) for group in waves(edges))
    for one, needs in edges.items():
        assert number[one] == max((number[need] + 1 for need in needs), default=0)


def test_waves_leave_out_names_that_are_not_keys() -> None:
    """A need outside of the graph is somebody else's."""
    assert waves({name("a"): {name("elsewhere")}}) == ((name("a"),),)


@BUSY
@given(graphs(), st.integers(0, 7), st.integers(0, 7))
def test_a_circle_is_written_out_in_the_direction_of_need(
    edges: dict[NormalizedName, set[NormalizedName]], one: int, other: int
) -> None:
    """An edge back up makes a circle exactly where there was a way down; each name in it needs the next."""
    names = list(edges)
    low, high = sorted((one, other))
    assert cycle(edges) == ()
    edges = {**edges, names[low]: edges[names[low]] | {names[high]}}
    circle = cycle(edges)
    if circle:
        assert circle[0] == circle[-1]
        assert all(need in edges[needs] for needs, need in pairwise(circle))
    else:
        assert low != high
        assert names[low] not in _closure(edges, names[high])


def _closure(edges: dict[NormalizedName, set[NormalizedName]], start: NormalizedName) -> set[NormalizedName]:
    found = {start}
    while more := {need for one in found for need in edges[one]} - found:
        found |= more
    return found


def test_a_closure_is_everything_below_once() -> None:
    """Names and all that they need, each once, wherever it starts."""
    assert CHAIN.closure([name("tools")]) == ("tools", "rules", "io")
    assert CHAIN.closure([name("io"), name("rules")]) == ("io", "rules")

"""Uploads in waves: side by side where nothing stands between them, and what is left when one of them fails."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from tests.carrack.fakes import KilledError, World, packages_of

from carrack.adapters.pace import Pace
from carrack.errors import IndexAccessError, PublishedDiffersError, StoppedError
from carrack.model.artifact import Artifact


def world_of(**needs: str) -> World:
    """A workspace of these packages, each with the names that it needs, never released."""
    made = World(
        packages=packages_of(
            *((package, "1.0", tuple(f"{one}>=1" for one in text.split())) for package, text in needs.items())
        )
    )
    made.history.commit(**{package: f"{package} 1\n" for package in needs})
    return made


def test_packages_of_one_wave_are_uploaded_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """All three meet in the middle of their first uploads; one after the other, the meeting would break."""
    world = world_of(one="", two="", three="")
    meeting = threading.Barrier(3, timeout=20)
    upload = world.index.upload

    def meet(artifact: Artifact) -> None:
        if artifact.file.name.endswith(".tar.gz"):
            meeting.wait()
        upload(artifact)

    monkeypatch.setattr(world.index, "upload", meet)
    world.publish()
    assert len(world.index.uploads) == 6


def test_a_wave_waits_for_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow a needed package is, nothing that needs it is begun; each sdist is there before its wheel."""
    world = world_of(slow="", quick="", late="slow")
    upload = world.index.upload

    def slowly(artifact: Artifact) -> None:
        if artifact.name == "slow":
            time.sleep(0.05)
        upload(artifact)

    monkeypatch.setattr(world.index, "upload", slowly)
    world.publish()
    uploads = world.index.uploads
    assert {file.split("-")[0] for file in uploads[:4]} == {"slow", "quick"}
    assert uploads[4:] == ["late-1.0.tar.gz", "late-1.0-py3-none-any.whl"]
    for package in ("slow", "quick"):
        assert uploads.index(f"{package}-1.0.tar.gz") < uploads.index(f"{package}-1.0-py3-none-any.whl")


@pytest.mark.parametrize(
    ("error", "perhaps"), [(StoppedError("gone"), True), (IndexAccessError("no permission"), False)]
)
def test_where_one_fails_the_next_wave_is_not_begun_and_the_error_tells_all(
    error: Any, perhaps: bool
) -> None:
    """What is there, what perhaps is, what is not: every file is in one of the three."""
    world = world_of(alpha="", beta="", gamma="alpha beta")
    world.index.failures["beta-1.0.tar.gz"] = error
    with pytest.raises(type(error)) as caught:
        world.publish()
    there, _, open_end = caught.value.done.partition("; perhaps ")
    assert ("beta-1.0.tar.gz" in open_end) is perhaps
    assert not [file for file in world.index.uploads if file.startswith("gamma")]
    for package in ("alpha", "beta", "gamma"):
        for file in (f"{package}-1.0.tar.gz", f"{package}-1.0-py3-none-any.whl"):
            assert (file in there) is (file in world.index.uploads)
            assert sum((file in there, file in open_end, file in caught.value.untouched)) == 1
    world.publish()
    assert set(world.states().values()) == {"published"}


def test_two_failures_of_one_wave_are_both_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One is the error, the other a note."""
    world = world_of(alpha="", beta="")
    meeting = threading.Barrier(2, timeout=20)

    def fail(artifact: Artifact) -> None:
        meeting.wait()
        raise StoppedError(f"{artifact.name} failed")

    monkeypatch.setattr(world.index, "upload", fail)
    with pytest.raises(StoppedError, match="alpha failed"):
        world.publish()
    assert world.report.notes == ["beta failed"]


def test_forty_packages_of_which_the_thirty_ninth_fails_are_finished_by_the_same_command() -> None:
    """What is there is not sent again, and nobody has to think."""
    needs = {f"p{number:02}": f"p{number - 1:02}" if number else "" for number in range(40)}
    world = world_of(**needs)
    world.index.failures["p38-1.0.tar.gz"] = StoppedError("gone")
    with pytest.raises(StoppedError):
        world.publish()
    assert list(world.states().values()) == ["published"] * 38 + ["new"] * 2
    world.publish()
    assert len(world.index.uploads) == len(set(world.index.uploads)) == 80


def test_a_kill_in_one_lane_is_not_swallowed() -> None:
    """What is no error of ours ends the release, and the next run goes on."""
    world = world_of(alpha="", beta="")
    world.index.kills.add("alpha-1.0.tar.gz")
    with pytest.raises(KilledError):
        world.publish()
    world.publish()
    assert set(world.states().values()) == {"published"}


def test_a_version_that_somebody_published_meanwhile_is_named_by_its_members() -> None:
    """Between our look and our upload another commit's files came: the members that differ are told."""
    world, other = world_of(alpha=""), world_of(alpha="")
    other.history.commits.clear()
    other.history.commit(alpha="another\n")
    other.index = world.index
    with pytest.raises(PublishedDiffersError) as caught:
        world.publish(meanwhile=other.publish)
    assert caught.value.differences == (
        "alpha-1.0.tar.gz: module.py: in line 1 the index has 'another', this commit builds 'alpha 1'",
    )
    assert caught.value.hint == "carrack bump alpha patch, commit, and publish again"
    assert other.states() == {"alpha": "published"}


def test_the_same_version_published_meanwhile_is_already_there() -> None:
    """The same bytes from two machines are one release."""
    world, other = world_of(alpha="", beta="alpha"), world_of(alpha="", beta="alpha")
    other.index = world.index
    world.publish(meanwhile=other.publish)
    assert set(world.states().values()) == {"published"}


def test_a_requirement_that_nobody_has_stops_the_release_before_any_write() -> None:
    """Neither the release nor the index with what is behind it: each is told with its manifest and what there is."""
    world = World(packages=packages_of(("alpha", "1.0", ("absent>=1", "old>=2", "here~=1.4"))))
    world.history.commit(alpha="alpha 1\n")
    world.index.upstream = ("old-1.9.tar.gz", "here-1.4.2-py3-none-any.whl")
    with pytest.raises(Exception, match="neither this release nor test has") as caught:
        world.publish()
    assert caught.value.faults == (  # type: ignore[attr-defined]
        "packages/alpha/pyproject.toml: project.dependencies: 'absent>=1': the index knows no such project",
        "packages/alpha/pyproject.toml: project.dependencies: 'old>=2': the newest there is 1.9",
    )
    assert world.index.uploads == []


@pytest.mark.parametrize("requirement", ['absent; sys_platform == "win32"', 'absent; python_version < "3.8"'])
def test_a_requirement_that_no_job_needs_may_be_absent(requirement: str) -> None:
    """What a marker keeps off every Python on Linux is not looked for."""
    world = World(packages=packages_of(("alpha", "1.0", (requirement,))))
    world.history.commit(alpha="alpha 1\n")
    world.publish()
    assert world.states() == {"alpha": "published"}


def test_a_workspace_package_on_the_index_meets_a_requirement() -> None:
    """Released earlier, it need not be released again."""
    world = world_of(alpha="", beta="alpha")
    world.publish("alpha")
    world.publish("beta")
    assert world.states() == {"alpha": "published", "beta": "published"}


def test_a_pace_spaces_calls_evenly() -> None:
    """Ten a second: one each tenth of a second; a pause before a call is not made up for by haste after it."""
    now, naps = [100.0], list[float]()

    def sleep(seconds: float) -> None:
        naps.append(round(seconds, 6))
        now[0] += seconds

    pace = Pace(10, clock=lambda: now[0], sleep=sleep)
    for _ in range(3):
        pace.wait()
    now[0] += 5
    pace.wait()
    pace.wait()
    assert naps == [0.1, 0.1, 0.1]

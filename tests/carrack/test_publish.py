"""`publish`, with every port in memory: what is decided, in what order, and what is left behind when it stops."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from packaging.version import Version
from tests.carrack.fakes import INDEX, KilledError, World, name

from carrack.commands.receipt import remake_receipt
from carrack.errors import (
    BuildError,
    CarrackError,
    IndexAccessError,
    PublishedDiffersError,
    StoppedError,
    WorkspaceError,
)
from carrack.model.lock import Candidate, Lock, Pin

SIX = [
    *("io-1.0.tar.gz", "io-1.0-py3-none-any.whl"),
    *("rules-1.0.tar.gz", "rules-1.0-py3-none-any.whl"),
    *("tools-1.0.tar.gz", "tools-1.0-py3-none-any.whl"),
]


@pytest.fixture
def world() -> World:
    """Three packages in one commit, and an empty index."""
    made = World()
    made.history.commit(io="io 1\n", rules="rules 1\n", tools="tools 1\n")
    return made


@pytest.fixture
def released(world: World) -> World:
    """The same, published."""
    world.publish()
    world.index.uploads.clear()
    world.builder.built.clear()
    return world


def test_new_packages_are_uploaded_with_what_is_needed_first(world: World) -> None:
    """On an empty index every package is new; uploads follow the dependencies, each sdist before its wheel."""
    steps = world.publish()
    assert [(str(step.package), step.state.value) for step in steps] == [
        ("io 1.0", "new"),
        ("rules 1.0", "new"),
        ("tools 1.0", "new"),
    ]
    assert world.index.uploads == SIX
    assert world.report.steps == [f"Uploading {file}" for file in SIX]
    assert world.states() == {"io": "published", "rules": "published", "tools": "published"}


def test_each_uploaded_file_is_journaled_with_its_commit(world: World) -> None:
    """The journal has one entry a file, with the hash that the index holds and the commit it was built from."""
    world.publish()
    receipt = remake_receipt(world.sources.workspace, INDEX, world.index, world.journal)
    assert [entry.file.name for entry in world.journal.entries] == SIX
    assert sorted(receipt.entries, key=str) == sorted(world.journal.entries, key=str)
    assert {entry.commit for entry in receipt.entries} == {world.history.commits[0].id}


def test_any_machine_makes_the_same_receipt(released: World) -> None:
    """Without a journal, files and commits are found again from the index and git."""
    first = remake_receipt(released.sources.workspace, INDEX, released.index, released.journal)
    released.journal.entries.clear()
    released.learn()
    again = remake_receipt(released.sources.workspace, INDEX, released.index, released.journal)
    assert again.digest == first.digest
    assert set(again.entries) == set(first.entries)


def test_what_is_complete_is_neither_built_nor_uploaded(released: World) -> None:
    """Run again, nothing is built, fetched or written."""
    assert released.publish() == ()
    assert (released.builder.built, released.index.uploads, released.index.fetched) == ([], [], [])


def test_a_raised_version_is_released_alone(released: World) -> None:
    """Only the package whose version the index lacks is built."""
    released.history.commit(tools="tools 2\n")
    released.raise_version("tools", "1.1")
    (step,) = released.publish()
    assert (step.state.value, str(step.before), str(step.after)) == ("to release", "1.0", "1.1")
    assert released.builder.built == ["tools"]
    assert released.index.uploads == ["tools-1.1.tar.gz", "tools-1.1-py3-none-any.whl"]


def test_named_packages_bring_what_they_need(world: World) -> None:
    """Naming one package releases it and its needs, and nothing else."""
    assert [str(step.package.name) for step in world.publish("rules")] == ["io", "rules"]
    assert world.states()["tools"] == "new"


def test_an_unreleased_package_is_left_alone(released: World) -> None:
    """Files that changed while the version did not are no release, and no error."""
    released.history.commit(tools="tools 2\n")
    assert released.states()["tools"] == "unreleased"
    assert released.publish() == ()
    assert released.index.uploads == []


def test_an_unreleased_package_that_is_named_is_refused_with_its_members(released: World) -> None:
    """By name it stops before any write, and the member that differs and the next command are said."""
    released.history.commit(io="io 2\n")
    with pytest.raises(
        PublishedDiffersError, match=r"io 1\.0 needs a new version: files changed since"
    ) as caught:
        released.publish("io")
    assert caught.value.address == "packages/io/pyproject.toml: project.version"
    assert "io-1.0.tar.gz: module.py: in line 1 the index has 'io 1', this commit builds 'io 2'" in (
        caught.value.differences
    )
    assert caught.value.hint == "carrack bump io patch; commit, and publish again"
    assert "nothing was written" in caught.value.untouched
    assert released.index.uploads == []


def test_an_unreleased_package_that_a_release_needs_is_refused(released: World) -> None:
    """A release would be built against files that the index does not have; all of those packages are named at once."""
    released.history.commit(io="io 2\n", rules="rules 2\n", tools="tools 2\n")
    released.raise_version("tools", "1.1")
    with pytest.raises(PublishedDiffersError) as caught:
        released.publish()
    assert str(caught.value).count("needs a new version") == 2
    assert caught.value.hint.startswith("carrack bump io patch; carrack bump rules patch;")
    assert released.index.uploads == []


def test_an_unreleased_package_that_no_release_needs_does_not_stop_one(released: World) -> None:
    """The dependent is unreleased, its need is released: that goes on."""
    released.history.commit(io="io 2\n", rules="rules 2\n")
    released.raise_version("io", "1.1")
    assert [str(step.package) for step in released.publish()] == ["io 1.1"]


def test_an_uncommitted_change_of_a_published_package_makes_it_unreleased(released: World) -> None:
    """What differs from the release need not be committed to be noticed; by name the file is said."""
    released.history.uncommitted = (PurePosixPath("packages/io/module.py"),)
    assert released.states()["io"] == "unreleased"
    with pytest.raises(PublishedDiffersError) as caught:
        released.publish("io")
    assert caught.value.differences == ("packages/io/module.py: is not committed",)
    assert released.builder.built == []


def test_a_change_that_was_taken_back_is_no_change(released: World) -> None:
    """The release's own files in a later commit are published, not unreleased."""
    released.history.commit(io="io 2\n")
    released.history.commit(io="io 1\n")
    assert released.states()["io"] == "published"


def test_without_the_journal_a_change_is_found_too(released: World) -> None:
    """The sdist's time leads to the release's commit on a machine that never saw it; that is asked for once."""
    released.journal.entries.clear()
    released.history.commit(tools="tools 2\n")
    assert released.states() == {"io": "published", "rules": "published", "tools": "unreleased"}
    assert len(released.index.fetched) == 3
    assert released.states()["tools"] == "unreleased"
    assert len(released.index.fetched) == 3


def test_a_journal_from_another_history_is_not_trusted(released: World) -> None:
    """A commit that this clone does not have is looked up by time instead."""
    commit = released.history.commits[0]
    released.history.commits[0] = type(commit)("f" * 40, commit.epoch, commit.texts)
    assert set(released.states().values()) == {"published"}
    assert len(released.index.fetched) == 3


@pytest.fixture
def untraced(released: World) -> World:
    """The same, after a rebase: other commits with other times, and no journal."""
    released.journal.entries.clear()
    commit = released.history.commits[0]
    released.history.commits[0] = type(commit)(commit.id, commit.epoch + 1, commit.texts)
    return released


def test_a_release_from_an_unknown_commit_is_untraced(untraced: World) -> None:
    """Where neither journal nor time lead to a commit, the index's version stands, and the reason says so."""
    (step, *_) = untraced.learn().plan.steps
    assert (step.state.value, step.reason) == (
        "untraced",
        "complete on the index; its commit is not in this history",
    )
    assert untraced.publish() == ()
    assert untraced.builder.built == []


def test_an_untraced_package_that_is_named_is_compared_by_building(untraced: World) -> None:
    """The same members are all well, whatever their times; other members stop with their names."""
    assert untraced.publish("io") == ()
    assert untraced.report.notes == ["io 1.0: the index has the very files that this commit builds"]
    untraced.history.commits.clear()
    untraced.history.commit(io="io 2\n", rules="rules 1\n", tools="tools 1\n")
    commit = untraced.history.commits[0]
    untraced.history.commits[0] = type(commit)(commit.id, commit.epoch + 1, commit.texts)
    with pytest.raises(PublishedDiffersError, match="the index has it with other files") as caught:
        untraced.publish("io")
    assert caught.value.differences == (
        "io-1.0.tar.gz: module.py: in line 1 the index has 'io 1', this commit builds 'io 2'",
        "io-1.0-py3-none-any.whl: module.py: in line 1 the index has 'io 1', this commit builds 'io 2'",
    )
    untraced.raise_version("rules", "1.1")
    with pytest.raises(PublishedDiffersError, match=r"^packages/io/pyproject.toml: .*io 1\.0 needs a new"):
        untraced.publish("rules")
    assert untraced.index.uploads == []


@pytest.mark.parametrize("status", ["Archived", "Disposed", "Unlisted", "Unfinished"])
def test_a_blocked_version_wants_a_new_one(released: World, status: str) -> None:
    """A version not to be installed is left alone, unless named or needed; its files are not asked for."""
    released.index.statuses[name("io"), Version("1.0")] = status
    released.journal.entries.clear()
    assert released.states()["io"] == "blocked"
    assert released.publish() == ()
    with pytest.raises(
        PublishedDiffersError, match=rf"io 1\.0 needs a new version: 1\.0 is {status} on the index"
    ):
        released.publish("io")
    released.history.commit(rules="rules 2\n")
    released.raise_version("rules", "1.1")
    with pytest.raises(PublishedDiffersError, match=r"io 1\.0 needs a new version"):
        released.publish()
    assert released.index.uploads == []


def test_a_partial_release_is_finished_from_its_own_commit(world: World) -> None:
    """A missing wheel is built from the commit of its sdist, though HEAD has other files by now."""
    whole = World(history=world.history)
    whole.publish()
    world.index.failures["io-1.0-py3-none-any.whl"] = StoppedError("gone")
    with pytest.raises(StoppedError):
        world.publish("io")
    world.journal.entries.clear()
    world.history.commit(io="io 2\n")
    (step,) = world.publish("io")
    first = world.history.commits[0].id
    assert step.state.value == "partial"
    assert step.reason == f"the index lacks its wheel; to be finished from {first[:12]}"
    assert step.commit == first
    assert world.index.uploads == ["io-1.0.tar.gz", "io-1.0-py3-none-any.whl"]
    assert world.index.held == {file: whole.index.held[file] for file in world.index.uploads}
    assert world.states()["io"] == "unreleased"


def test_a_partial_release_with_other_bytes_is_refused(released: World) -> None:
    """What is there must be what its commit builds before the rest is added to it."""
    files = released.index.contents[name("io"), Version("1.0")]
    del files["io-1.0-py3-none-any.whl"]
    files["io-1.0.tar.gz"] = b'{"module.py": "evil\\n", "epoch": "1700000060"}'
    with pytest.raises(PublishedDiffersError, match="other bytes under this name") as caught:
        released.publish()
    assert caught.value.address == "io-1.0.tar.gz"
    assert caught.value.differences == (
        "io-1.0.tar.gz: module.py: in line 1 the index has 'evil', this commit builds 'io 1'",
    )
    assert released.index.uploads == []


def test_bytes_that_differ_in_no_member_are_refused_too(released: World) -> None:
    """Times, order and compression are bytes as well; the sentence says that no member differs."""
    files = released.index.contents[name("io"), Version("1.0")]
    del files["io-1.0-py3-none-any.whl"]
    files["io-1.0.tar.gz"] = b'{"module.py":   "io 1\\n", "epoch": "1700000060"}'
    with pytest.raises(PublishedDiffersError) as caught:
        released.publish()
    assert caught.value.differences == (
        "io-1.0.tar.gz: the members are the same; times, order or compression differ",
    )


def test_what_was_taken_back_is_in_no_receipt_but_the_lock_s_version_is(released: World) -> None:
    """Until the tree has another version, a lock from before it stands on what it pins, if that is there."""
    old, new = Version("1.0"), Version("1.1")
    io = released.index.contents[name("io"), old]
    released.raise_version("io", "1.1")
    workspace = released.sources.workspace
    released.index.contents[name("io"), new] = {file.replace("1.0", "1.1"): text for file, text in io.items()}
    released.index.statuses[name("io"), new] = "Unlisted"
    receipt = remake_receipt(workspace, INDEX, released.index, released.journal)
    assert name("io") not in receipt.versions()
    assert receipt.withdrawn == {name("io"): "Unlisted"}
    again = remake_receipt(workspace, INDEX, released.index, released.journal, lock_of("io", old))
    assert (again.versions()[name("io")], again.withdrawn) == (old, {})
    for pinned in (new, Version("0.9")):
        gone = remake_receipt(workspace, INDEX, released.index, released.journal, lock_of("io", pinned))
        assert gone.withdrawn == {name("io"): "Unlisted"}


def lock_of(package: str, version: Version) -> Lock:
    """A lock that pins this version."""
    pin = Pin(candidate=Candidate(name=name(package), version=version), hashes=frozenset({"0" * 64}))
    return Lock(
        app="app", pythons=("3.12",), machines=("x86_64",), requirements="", receipt="", pins=frozenset({pin})
    )


def test_a_file_on_the_index_that_cannot_be_read_is_said(released: World) -> None:
    """Somebody else may have put anything there; it stays what it is, other bytes."""
    files = released.index.contents[name("io"), Version("1.0")]
    del files["io-1.0.tar.gz"]
    files["io-1.0-py3-none-any.whl"] = b"anything"
    with pytest.raises(PublishedDiffersError) as caught:
        released.publish()
    assert caught.value.differences == (
        "io-1.0-py3-none-any.whl: on the index it is no archive that can be read",
    )


def test_a_wheel_by_another_release_of_the_backend_stands(released: World) -> None:
    """Only the Generator line differs: the index's wheel stays, by name, and the missing sdist is added."""
    del released.index.contents[name("io"), Version("1.0")]["io-1.0.tar.gz"]
    released.builder.generator = "backend 2.0"
    released.publish()
    assert released.index.uploads == ["io-1.0.tar.gz"]
    assert released.report.notes == [
        "io-1.0-py3-none-any.whl: the index's bytes stand; only the WHEEL Generator line differs"
    ]


@pytest.mark.parametrize("path", ["packages/io/new.py", "build-constraints.txt"])
def test_a_dirty_tree_is_refused(world: World, path: str) -> None:
    """An uncommitted file of a package to be released, or the build constraints, stop it before anything is built."""
    world.history.uncommitted = (PurePosixPath(path),)
    with pytest.raises(WorkspaceError, match="uncommitted changes") as caught:
        world.publish()
    assert caught.value.faults == (f"{path}: is not committed",)
    assert "git commit" in caught.value.hint
    assert (world.builder.built, world.index.uploads) == ([], [])


def test_dirt_elsewhere_does_not_matter(world: World) -> None:
    """Another package's uncommitted files are not in the way of the named one."""
    world.history.uncommitted = (PurePosixPath("packages/tools/new.py"),)
    assert len(world.publish("rules")) == 2


def test_a_shallow_clone_is_refused(world: World) -> None:
    """Without the history the times are wrong, and with them the bytes."""
    world.history.shallow = True
    with pytest.raises(WorkspaceError, match="shallow clone") as caught:
        world.publish()
    assert "git fetch --unshallow" in caught.value.hint
    assert world.index.uploads == []


def test_a_shallow_clone_with_nothing_to_release_is_fine(released: World) -> None:
    """CI that only looks may look from a shallow clone."""
    released.history.shallow = True
    assert released.publish() == ()


def test_a_build_that_fails_writes_nothing(world: World) -> None:
    """All is built before the first write."""
    world.builder.fails = True
    with pytest.raises(BuildError):
        world.publish()
    assert world.index.uploads == []


def test_a_file_that_fails_its_check_stops_all_of_them(world: World) -> None:
    """The last file's check comes before the first file's upload."""
    world.index.bad.add(SIX[-1])
    with pytest.raises(BuildError):
        world.publish()
    assert world.index.uploads == []


@pytest.mark.parametrize(
    ("error", "perhaps"), [(StoppedError("503"), 1), (IndexAccessError("403"), 0)], ids=["stopped", "refused"]
)
def test_an_upload_that_fails_midway_says_what_is_done(
    world: World, error: CarrackError, perhaps: int
) -> None:
    """The files that are there, the one that may be, and those that are not, are named; run again, the rest follows."""
    world.index.failures[SIX[2]] = error
    with pytest.raises(type(error)) as caught:
        world.publish()
    also = f"; perhaps {SIX[2]} too" if perhaps else ""
    assert caught.value.done == f"on the index, and there to stay: {SIX[0]}, {SIX[1]}{also}"
    assert caught.value.untouched == f"not uploaded: {', '.join(SIX[2 + perhaps :])}"
    assert [entry.file.name for entry in world.journal.entries] == SIX[:2]
    world.publish()
    assert world.index.uploads == SIX


def test_a_first_upload_that_fails_says_that_nothing_is_done(world: World) -> None:
    """With no file written, "done" says so."""
    world.index.failures[SIX[0]] = IndexAccessError("403")
    with pytest.raises(IndexAccessError) as caught:
        world.publish()
    assert caught.value.done == "on the index, and there to stay: nothing"


def test_another_publisher_with_the_same_bytes_does_no_harm(world: World) -> None:
    """Who publishes the same commit at the same time uploads the same bytes: both succeed."""
    other = World(history=world.history, index=world.index)
    world.publish(meanwhile=other.publish)
    assert world.states() == {"io": "published", "rules": "published", "tools": "published"}


def test_another_publisher_with_other_bytes_is_met_by_the_index(world: World) -> None:
    """The index itself refuses other bytes that came meanwhile, and the error says that nothing was done."""
    world.history.commit(io="io 2\n")
    other = World(history=type(world.history)(world.history.commits[:1]), index=world.index)
    with pytest.raises(PublishedDiffersError) as caught:
        world.publish(meanwhile=other.publish)
    assert "nothing" in caught.value.done


def test_a_file_that_shows_late_is_waited_for(world: World) -> None:
    """The index may show a file after some looks; pauses grow, and none follows the look that sees it."""
    world.index.hidden[SIX[0]] = 2
    world.publish()
    assert world.naps == [0.25, 0.5]


def test_a_file_that_never_shows_stops_the_release(world: World) -> None:
    """After four looks and the pauses between them it is an error, which counts the file as perhaps there."""
    world.index.hidden[SIX[0]] = 99
    with pytest.raises(StoppedError, match="but the index does not show it") as caught:
        world.publish()
    assert world.naps == [0.25, 0.5, 1.0]
    assert caught.value.done == f"on the index, and there to stay: {SIX[1]}; perhaps {SIX[0]} too"
    assert caught.value.untouched == f"not uploaded: {', '.join(SIX[2:])}"
    assert world.journal.entries == []


def test_the_hashes_of_a_version_are_read_back_in_one_look(world: World) -> None:
    """However many files a package has, the index is asked once for them, after the last."""
    world.publish()
    assert world.index.looks == ["io 1.0", "rules 1.0", "tools 1.0"]


def test_what_was_sent_before_a_failure_is_proved_and_journaled(world: World) -> None:
    """The wheel fails; its sdist, which the index has, is read back and keeps its commit in the journal."""
    world.index.failures[SIX[1]] = StoppedError("503")
    with pytest.raises(StoppedError) as caught:
        world.publish()
    assert world.index.looks == ["io 1.0"]
    assert [entry.file.name for entry in world.journal.entries] == SIX[:1]
    assert caught.value.done == f"on the index, and there to stay: {SIX[0]}; perhaps {SIX[1]} too"
    assert caught.value.untouched == f"not uploaded: {', '.join(SIX[2:])}"


def test_a_file_that_was_not_begun_is_not_there_perhaps(world: World) -> None:
    """Of two wheels the first fails, and its sdist does not show either: both are told, and the second is untouched."""
    world.builder.tags["io"] = ("py3-none-any", "py2-none-any")
    world.index.failures["io-1.0-py3-none-any.whl"] = IndexAccessError("403")
    world.index.hidden[SIX[0]] = 99
    with pytest.raises(IndexAccessError) as caught:
        world.publish("io")
    assert caught.value.done == f"on the index, and there to stay: nothing; perhaps {SIX[0]} too"
    assert caught.value.untouched == "not uploaded: io-1.0-py3-none-any.whl, io-1.0-py2-none-any.whl"
    assert any("does not show it" in note for note in world.report.notes)
    assert world.journal.entries == []


def test_a_file_with_other_bytes_than_sent_stops_the_release(world: World) -> None:
    """The hash is read back; another one is an error that does not call it done, and nothing more is uploaded."""
    world.index.swapped.add(SIX[1])
    with pytest.raises(StoppedError, match="shows it with sha256") as caught:
        world.publish()
    assert caught.value.done == f"on the index, and there to stay: {SIX[0]}; perhaps {SIX[1]} too"
    assert world.index.uploads == SIX[:2]


@pytest.mark.parametrize("last", SIX)
@pytest.mark.parametrize("forgotten", [False, True], ids=["with its journal", "on another machine"])
def test_killed_after_any_upload_and_run_again_the_index_is_as_undisturbed(
    last: str, forgotten: bool
) -> None:
    """Whichever upload was the last one before a kill, a second run ends in the index of an undisturbed run."""
    undisturbed, world = World(), World()
    for one in (undisturbed, world):
        one.history.commit(io="io 1\n", rules="rules 1\n", tools="tools 1\n")
    undisturbed.publish()
    world.index.kills.add(last)
    with pytest.raises(KilledError):
        world.publish()
    if forgotten:
        world.journal.entries.clear()
    world.publish()
    assert world.index.uploads == SIX
    assert world.index.held == undisturbed.index.held
    assert set(world.states().values()) == {"published"}

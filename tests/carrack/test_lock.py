"""`carrack lock`: what it pins, what it refuses, and what it leaves alone. uv and the index are real."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.utils import canonicalize_name
from tests.carrack.published import Published, on_another_index, pinned
from tests.carrack.wheels import make_sdist, make_wheel, sha256

from carrack.commands.lock import staleness
from carrack.errors import LockError
from carrack.model.lock import Lock


def refused(published: Published, existing: Lock | None = None) -> LockError:
    """The error that `lock` ends with."""
    with pytest.raises(LockError) as caught:
        published.lock(existing)
    return caught.value


def test_a_lock_holds_every_wheel_by_its_hash(published: Published) -> None:
    """Our packages at the versions that the index holds, third parties, and no sdist."""
    made = published.lock()
    assert pinned(made) == ["record-io==1.4.0", "record-rules==1.1.0", "thing==1.0"]
    wheels = {sha256(path) for path in published.index.folder.glob("[rt]*.whl") if "tiny" not in path.name}
    assert {h for pin in made.pins for h in pin.hashes} == wheels
    assert made.receipt == published.receipt.digest


def test_a_lock_has_neither_address_nor_token(published: Published) -> None:
    """The file can be committed, and serves every index that holds the same files."""
    text = published.lock().format()
    assert published.index.token not in text
    assert "127.0.0.1" not in text
    assert "://" not in text


def test_our_packages_have_the_versions_of_the_receipt(published: Published) -> None:
    """A newer version of ours that somebody else put on the index is not taken."""
    make_wheel(published.index.folder, "record-io", "1.9.0")
    assert "record-io==1.4.0" in pinned(published.lock())


def test_a_package_that_is_not_published_is_named(published: Published) -> None:
    """Every package of ours that the app needs and the index lacks is in one error, with the command that helps."""
    published.entries = []
    error = refused(published)
    assert error.faults == (
        "record-io 1.4.0: private does not hold this version",
        "record-rules 1.1.0: private does not hold this version",
    )
    assert error.hint == "carrack publish --to private"
    assert published.index.requests == []


def test_a_file_that_we_did_not_publish_is_refused(published: Published) -> None:
    """A second wheel under a version of ours, with other bytes than the receipt proves, is named."""
    planted = make_wheel(published.index.folder, "record-io", "1.4.0", tag="cp311-none-any")
    error = refused(published)
    assert [fault.split(":")[0] for fault in error.faults] == [planted.name]
    assert "did not publish" in str(error)


def test_a_version_without_wheels_for_all_targets_is_refused(published: Published) -> None:
    """Every such version is named with the targets that it lacks a wheel for, all in one error."""
    make_wheel(published.index.folder, "fast", "1.0", tag="cp311-cp311-manylinux_2_17_x86_64")
    make_wheel(published.index.folder, "slow", "1.0", tag="cp312-cp312-manylinux_2_17_aarch64")
    make_sdist(published.index.folder, "slow", "1.0")
    published.requirements = ("record-rules", "fast", 'slow; platform_machine == "aarch64"')
    assert refused(published).faults == (
        "fast 1.0: no wheel for Python 3.11 on Linux aarch64, Python 3.12 on Linux x86_64, "
        "Python 3.12 on Linux aarch64",
        "slow 1.0: no wheel for Python 3.11 on Linux aarch64",
    )


def test_a_lock_that_still_fits_is_left_as_it_is(published: Published) -> None:
    """A newer third-party release moves nothing, and uv is not asked."""
    made = published.lock()
    make_wheel(published.index.folder, "thing", "2.0")
    assert published.lock(made) == made
    assert [verb for verb, _ in published.report.steps] == ["Keeping"]


def test_without_an_existing_lock_everything_is_chosen_anew(published: Published) -> None:
    """`--upgrade` is a lock made as if there were none."""
    published.lock()
    make_wheel(published.index.folder, "thing", "2.0")
    assert "thing==2.0" in pinned(published.lock())


def test_a_new_release_of_ours_moves_only_what_must_move(published: Published) -> None:
    """Our package goes to its new version; a third party's newer release does not come with it."""
    made = published.lock()
    make_wheel(published.index.folder, "thing", "2.0")
    published.publish("record-io", "1.5.0", ["thing>=1"])
    assert pinned(published.lock()) == ["record-io==1.5.0", "record-rules==1.1.0", "thing==2.0"]
    assert pinned(published.lock(made)) == ["record-io==1.5.0", "record-rules==1.1.0", "thing==1.0"]


def test_a_new_release_of_ours_moves_what_it_needs_newer(published: Published) -> None:
    """A pin that no longer fits gives way."""
    make_wheel(published.index.folder, "thing", "2.0")
    published.publish("record-io", "1.4.1", ["thing<2"])
    made = published.lock()
    published.publish("record-io", "1.5.0", ["thing>=2"])
    assert pinned(made)[-1] == "thing==1.0"
    assert pinned(published.lock(made))[-1] == "thing==2.0"


def test_changed_requirements_make_a_lock_anew(published: Published) -> None:
    """What the app asks for now is in the lock."""
    made = published.lock()
    make_wheel(published.index.folder, "other", "1.0")
    published.requirements = ("record-rules", "other")
    assert "other==1.0" in pinned(published.lock(made))


def test_a_kept_lock_is_still_proved_against_the_index(published: Published) -> None:
    """A file that was deleted, or replaced by other bytes, is found before an install or an image fails on it."""
    made = published.lock()
    next(published.index.folder.glob("thing-*")).unlink()
    error = refused(published, made)
    assert error.faults == ("thing==1.0: 1 of 1 locked files are gone from the index",)
    assert error.hint == "carrack lock --to private --app job --upgrade"


def test_a_yanked_file_keeps_its_place_in_a_lock(published: Published) -> None:
    """As PEP 592 has it: what is pinned exactly may still be installed; a new lock does not choose it."""
    made = published.lock()
    published.index.yanked |= {path.name for path in published.index.folder.glob("thing-*")}
    assert published.lock(made) == made
    assert "thing" in "".join(refused(published).faults)


def test_the_same_files_on_another_index_need_no_new_lock(published: Published) -> None:
    """Promotion keeps bytes, so it keeps locks."""
    made = published.lock()
    assert staleness(published.workspace, published.app, made, on_another_index(published.receipt)) is None


def test_what_makes_a_lock_stale_is_said(published: Published) -> None:
    """Other requirements, other Pythons, other files of ours, another app."""
    made = published.lock()
    workspace = published.workspace
    published.publish("record-io", "1.5.0")
    told = staleness(workspace, published.app, made, published.receipt)
    assert told == "it was made for other files of record-io than private holds"
    published.entries = [entry for entry in published.entries if entry.name != "record-io"]
    told = staleness(workspace, published.app, made, published.receipt)
    assert told == "private does not hold record-io at the version in the tree"
    taken_back = replace(published.receipt, withdrawn={canonicalize_name("record-io"): "Unlisted"})
    told = staleness(workspace, published.app, made, taken_back)
    assert told == "record-io 1.5.0 was taken back from private: it is Unlisted"
    published.pythons = ("3.11",)
    told = staleness(workspace, published.app, made, None)
    assert told == "the requirements, Pythons or machines of job changed since it was made"

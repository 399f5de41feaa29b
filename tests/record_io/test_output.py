"""The output folder: all or nothing."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from record_io import OutputFolder, OutputRefusedError

KILLED = """
import os, sys
from pathlib import Path
from record_io import OutputFolder

with OutputFolder(Path(sys.argv[1])) as output:
    for name in ("one", "two"):
        (output.work / name).write_text(name)
    if sys.argv[2] == "publishing":
        real = os.replace
        os.replace = lambda old, new: os._exit(9) if new.name == "two" else real(old, new)
        output.publish(["one", "two"], {})
    os._exit(9)
"""


def fill(path: Path, *names: str) -> None:
    """Publish files with the given names."""
    with OutputFolder(path) as output:
        for name in names:
            (output.work / name).write_text(name)
        output.publish(names, {"answer": 42})


def fail(path: Path, error: Exception) -> None:
    """Begin to fill a folder, and raise."""
    with OutputFolder(path) as output:
        (output.work / "one").write_text("one")
        raise error


def names(path: Path) -> list[str]:
    """List everything in the folder, hidden or not."""
    return sorted(one.name for one in path.iterdir())


def test_published_files_stand_beside_a_manifest_that_lists_them(tmp_path: Path) -> None:
    """Nothing else is left, neither hidden nor half."""
    fill(tmp_path / "out", "one", "two")
    assert names(tmp_path / "out") == ["_manifest.json", "one", "two"]
    manifest = json.loads((tmp_path / "out/_manifest.json").read_text())
    assert manifest == {"answer": 42, "files": ["one", "two"]}


def test_until_publish_nothing_has_its_name(tmp_path: Path) -> None:
    """While a job works, whoever looks sees an empty folder."""
    with OutputFolder(tmp_path / "out") as output:
        (output.work / "one").write_text("one")
        assert [name for name in names(tmp_path / "out") if not name.startswith(".")] == []


def test_an_error_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    """A job that fails leaves no files, and can be run again."""
    with pytest.raises(KeyError):
        fail(tmp_path / "out", KeyError())
    assert names(tmp_path / "out") == []
    fill(tmp_path / "out", "one")


@pytest.mark.parametrize("moment", ["writing", "publishing"])
def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path, moment: str) -> None:
    """Even between two renames: files without a manifest never mix with those of the next run."""
    killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "out", moment], check=False)
    assert killed.returncode == 9
    assert ("one" in names(tmp_path / "out")) is (moment == "publishing")
    assert "_manifest.json" not in names(tmp_path / "out")
    fill(tmp_path / "out", "three")
    assert names(tmp_path / "out") == ["_manifest.json", "three"]


def test_a_failing_rename_takes_back_the_others(tmp_path: Path) -> None:
    """Publishing is all or nothing for errors, too: here a folder stands in the way of the second file."""
    with OutputFolder(tmp_path / "out") as output:
        for name in ("one", "two"):
            (output.work / name).write_text(name)
        (tmp_path / "out/two").mkdir()
        with pytest.raises(IsADirectoryError):
            output.publish(["one", "two"], {})
        assert "one" in names(tmp_path / "out")
        (tmp_path / "out/two").rmdir()
    assert names(tmp_path / "out") == []


def test_a_finished_output_is_never_written_again(tmp_path: Path) -> None:
    """The second run is refused, and the first's files stay."""
    fill(tmp_path, "one")
    with pytest.raises(OutputRefusedError, match="holds a finished output, which stays as it is"):
        fill(tmp_path, "two")
    assert names(tmp_path) == ["_manifest.json", "one"]


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    """Somebody else's files are neither mixed in nor removed; hidden ones are no hindrance."""
    (tmp_path / "mine.txt").touch()
    with pytest.raises(OutputRefusedError, match=r"holds 'mine.txt'; name a folder that is new or empty"):
        fill(tmp_path, "one")
    assert names(tmp_path) == ["mine.txt"]
    (tmp_path / "mine.txt").rename(tmp_path / ".mine")
    fill(tmp_path, "one")


def test_two_runs_cannot_fill_one_folder(tmp_path: Path) -> None:
    """The second is refused while the first is at work, and does not disturb it."""
    with OutputFolder(tmp_path) as output:
        (output.work / "one").write_text("one")
        with pytest.raises(OutputRefusedError, match="another run is writing there now"):
            fill(tmp_path, "two")
        output.publish(["one"], {})
    assert names(tmp_path) == ["_manifest.json", "one"]


def test_a_path_that_cannot_be_a_folder_is_refused(tmp_path: Path) -> None:
    """A file in the way is an error that names it."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputRefusedError, match="file: cannot be an output folder: File exists"):
        fill(tmp_path / "file", "one")


@pytest.mark.parametrize("torn", ["", '{"files": ["one"'])
def test_a_torn_manifest_of_a_killed_run_is_removed_by_the_next(tmp_path: Path, torn: str) -> None:
    """A full disk or a kill may tear the manifest before any rename; the folder can be filled nonetheless."""
    (tmp_path / ".unfinished").mkdir()
    (tmp_path / ".unfinished" / "_manifest.json").write_text(torn)
    fill(tmp_path, "one")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["_manifest.json", "one"]


def test_a_manifest_holds_file_names_that_are_not_utf_8(tmp_path: Path) -> None:
    """Linux names files with any bytes; the manifest stays JSON in UTF-8, and its reader gets the very name."""
    odd = os.fsdecode(b"\xff.csv")
    with OutputFolder(tmp_path / "out") as output:
        output.publish([], {"inputs": [odd]})
    assert json.loads((tmp_path / "out" / "_manifest.json").read_text(encoding="utf-8"))["inputs"] == [odd]


def begin(path: Path, error: BaseException, **options: object) -> None:
    """Keep something unfinished, publish half of the rest, and raise."""
    with OutputFolder(path, **options) as output:  # type: ignore[arg-type]
        output.store.write(".unfinished/kept/one", b"one")
        raise error


def test_what_is_unfinished_outlives_an_error_that_may_pass(tmp_path: Path) -> None:
    """The next run finds it; after any other error it is gone, and when all is published too."""
    with pytest.raises(TimeoutError):
        begin(tmp_path / "out", TimeoutError(), resumable=(OSError,), own="kept")
    assert (tmp_path / "out/.unfinished/kept/one").read_text() == "one"
    fill(tmp_path / "out", "two")
    assert names(tmp_path / "out") == ["_manifest.json", "two"]
    with pytest.raises(KeyError):
        begin(tmp_path / "other", KeyError(), resumable=(OSError,), own="kept")
    assert names(tmp_path / "other") == []


@pytest.mark.parametrize("own", ["kept", None])
def test_what_others_left_unfinished_outlives_every_error(tmp_path: Path, own: str | None) -> None:
    """A run that fails removes what is its own, and nothing that shares have done before it."""
    with OutputFolder(tmp_path, share="a") as output:
        output.store.write(".unfinished/a/one", b"one")
    with pytest.raises(KeyError):
        begin(tmp_path, KeyError(), own=own)
    left = {".unfinished/a/one"} if own else {".unfinished/a/one", ".unfinished/kept/one"}
    assert {one.name for one in output.store.files(".unfinished")} == left


def test_shares_are_filled_side_by_side(tmp_path: Path) -> None:
    """Each has its own folder, which stays; nobody publishes meanwhile."""
    with OutputFolder(tmp_path, share="a") as output, OutputFolder(tmp_path, share="b"):
        output.store.write(".unfinished/a/one", b"one")
        with pytest.raises(OutputRefusedError, match="another run is writing there now"):
            fill(tmp_path, "two")
        with pytest.raises(OutputRefusedError, match="another run is writing there now"):
            begin(tmp_path, KeyError(), share="a")
    assert sorted(one.name for one in output.store.files(".unfinished")) == [".unfinished/a/one"]
    fill(tmp_path, "two")
    assert names(tmp_path) == ["_manifest.json", "two"]


def test_a_share_that_fails_leaves_the_others(tmp_path: Path) -> None:
    """Only what it has kept itself is gone."""
    with OutputFolder(tmp_path, share="a") as output:
        output.store.write(".unfinished/a/one", b"one")
    with pytest.raises(KeyError):
        begin(tmp_path, KeyError(), share="kept")
    assert [one.name for one in output.store.files(".unfinished")] == [".unfinished/a/one"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.ESTALE, errno.EACCES])
def test_a_file_system_that_fails_is_no_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """A full disk may have room later, and access is somebody's to give: neither is wrong with the folder."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OSError, match=os.strerror(code)), OutputFolder(tmp_path / "out"):
        pass


def test_an_address_that_can_be_no_folder_is_refused(tmp_path: Path) -> None:
    """It is wrong in the parameters, whenever the job runs."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "file/out", tmp_path / ("x" * 300)):
        with pytest.raises(OutputRefusedError, match="cannot be an output folder"), OutputFolder(path):
            pass

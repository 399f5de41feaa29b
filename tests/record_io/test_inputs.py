"""Which files are read, and in which order."""

import os
from pathlib import Path

import pyarrow as pa
import pytest

from record_io import MissingInputError, UnreadableInputError, find_inputs, read_records
from record_io.local_store import LocalStore


def test_a_folder_gives_its_record_files_at_any_depth_in_the_order_of_their_names(tmp_path: Path) -> None:
    """Every record file below the folder is found, sorted by code points of the path with slashes."""
    for name in ("b.jsonl", "a/z.csv.gz", "a/B.NDJSON", "a-1.csv", "10.csv", "9.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [(one.name, one.format, one.gzip) for one in find_inputs(tmp_path)] == [
        ("10.csv", "csv", False),
        ("9.csv", "csv", False),
        ("a-1.csv", "csv", False),
        ("a/B.NDJSON", "jsonl", False),
        ("a/z.csv.gz", "csv", True),
        ("b.jsonl", "jsonl", False),
    ]


def test_other_files_and_hidden_names_are_passed_over(tmp_path: Path) -> None:
    """Names that begin with a dot or an underscore are not read; nor are other endings and linked folders."""
    for name in (".hidden.csv", "_rejects.jsonl", "_old/x.csv", "notes.txt", "x.csv.zip", "one.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "linked").symlink_to(tmp_path / "_old")
    assert [one.name for one in find_inputs(tmp_path)] == ["one.csv"]


@pytest.mark.parametrize("kind", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")])
def test_a_folder_that_cannot_be_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: OSError
) -> None:
    """Its records would be missing from the output of a job that ends well; one that is passed over is no matter."""
    for name in ("a/one.csv", "b/two.csv", ".snapshots/three.csv", "_old/four.csv"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    real, closed = os.scandir, {".snapshots", "_old"}

    def scandir(path: str) -> object:
        if Path(path).name in closed:  # the superuser is refused nothing
            raise type(kind)(kind.errno, kind.strerror, path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert [one.name for one in find_inputs(tmp_path)] == ["a/one.csv", "b/two.csv"]
    closed.add("b")
    with pytest.raises(type(kind), match=f"{kind.strerror}: '{tmp_path}/b'"):
        find_inputs(tmp_path)


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    """Nor has a file: who wants to know which of them it is asks for its names."""
    (tmp_path / "file").touch()
    assert list(LocalStore(tmp_path).files("absent")) == list(LocalStore(tmp_path).files("file")) == []


def test_a_single_file_is_named_without_its_folder(tmp_path: Path) -> None:
    """The name of a single file does not depend on where it lies."""
    (tmp_path / "one.csv").touch()
    assert [one.name for one in find_inputs(tmp_path / "one.csv")] == ["one.csv"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("absent", "absent: there is no such file or folder"),
        (
            "empty",
            "empty: nothing to read; names of record files end in .csv, .jsonl, .ndjson, or one of these",
        ),
        ("notes.txt", "notes.txt: nothing to read; names of record files end in"),
    ],
)
def test_nothing_to_read_is_an_error_that_names_the_path(tmp_path: Path, name: str, sentence: str) -> None:
    """A missing path, a folder without record files and a file of another kind are told apart."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(MissingInputError) as raised:
        find_inputs(tmp_path / name)
    assert sentence in str(raised.value)


def test_an_input_to_which_access_is_denied_is_no_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is for whoever gives access, not for whoever delivers the data; a file that is gone is for the latter."""
    (tmp_path / "x.csv").touch()
    batches = read_records(find_inputs(tmp_path), pa.schema({"a": pa.string()}))
    gone = read_records(find_inputs(tmp_path), pa.schema({"a": pa.string()}))

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")  # the superuser is refused nothing

    with monkeypatch.context() as patched:
        patched.setattr(LocalStore, "open", refuse)
        with pytest.raises(PermissionError):
            next(iter(batches))
    (tmp_path / "x.csv").unlink()
    with pytest.raises(UnreadableInputError, match=r"x\.csv: cannot be opened: No such file"):
        next(iter(gone))

"""Receipts on disk: appended line by line, and read whatever happened to the file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version
from tests.carrack.fakes import INDEX, Told, name
from tests.carrack.repositories import Repository, repository

from carrack.adapters.journal import ReceiptJournal
from carrack.model.published import File
from carrack.model.receipt import Entry, Receipt


def entry(number: int = 1, commit: str | None = "c" * 40) -> Entry:
    """An entry with this number in its file's name."""
    file = File(name=f"alpha-{number}.tar.gz", sha256=f"{number:064x}", size=number)
    return Entry(name=name("alpha"), version=Version(str(number)), file=file, commit=commit)


@pytest.fixture
def journal(tmp_path: Path) -> ReceiptJournal:
    """A journal in a folder that is not there yet."""
    return ReceiptJournal(tmp_path / "receipts")


def the_file(journal: ReceiptJournal) -> Path:
    """The journal's one file."""
    (file,) = journal.folder.glob("*.jsonl")
    return file


def test_what_is_appended_is_read(journal: ReceiptJournal) -> None:
    """Entries come back whole and in their order, those without a commit too; before the first there are none."""
    assert journal.read(INDEX) == ()
    journal.append(INDEX, entry(1))
    journal.append(INDEX, entry(2, commit=None))
    assert journal.read(INDEX) == (entry(1), entry(2, commit=None))


def test_several_entries_are_appended_at_once(journal: ReceiptJournal) -> None:
    """In their order, behind what is there; none at all make no file."""
    journal.append(INDEX)
    assert not journal.folder.exists()
    journal.append(INDEX, entry(1))
    journal.append(INDEX, entry(2), entry(3))
    assert journal.read(INDEX) == (entry(1), entry(2), entry(3))


def test_git_has_nothing_to_say_of_receipts(journal: ReceiptJournal) -> None:
    """They are a cache, and `git add --all` leaves them."""
    journal.append(INDEX, entry())
    repository(journal.folder.parent)
    done = Repository(journal.folder.parent).git("status", "--porcelain", "--untracked-files=all")
    assert done == ""


@pytest.mark.parametrize("field", ["owner", "region", "domain", "repository"])
def test_each_index_has_its_own_file(journal: ReceiptJournal, field: str) -> None:
    """Account, region, domain and repository tell indexes apart; the name in the workspace does not."""
    journal.append(INDEX, entry())
    other: dict[str, Any] = {field: "other"}
    assert journal.read(replace(INDEX, **other)) == ()
    assert journal.read(replace(INDEX, name="other")) == (entry(),)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_torn_last_line_is_left_out_and_the_next_one_is_whole(journal: ReceiptJournal, cut: int) -> None:
    """However much of the last line is missing, the lines before it count, and so does what is appended after."""
    journal.append(INDEX, entry(1))
    journal.append(INDEX, entry(2))
    content = the_file(journal).read_bytes()
    the_file(journal).write_bytes(content[: -cut * 9])
    assert journal.read(INDEX) == (entry(1),)
    journal.append(INDEX, entry(3))
    assert journal.read(INDEX) == (entry(1), entry(3))


def line(**changes: object) -> str:
    """A line as `append` writes it, but for these keys."""
    facts = {
        "schema": 1,
        "name": "a",
        "version": "1",
        "file": "f",
        "sha256": "e" * 64,
        "size": 1,
        "commit": None,
    }
    return json.dumps(facts | changes)


@pytest.mark.parametrize("text", ["", "not json", "[]", "3", "null", '{"schema": 1}', "\ufffd\x00"])
def test_a_foreign_line_is_left_out(journal: ReceiptJournal, text: str) -> None:
    """Lines of another program do not disturb those around them."""
    assert between(journal, text) == (entry(1), entry(2))


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {"schema": 99},
            {"name": 3},
            {"version": "not one"},
            {"version": 1},
            {"file": None},
            {"size": "many"},
        ),
        *({"sha256": ["e" * 64]}, {"sha256": "E" * 64}, {"commit": 3}, {"commit": "--help"}),
    ],
    ids=str,
)
def test_a_line_with_another_schema_or_type_is_left_out(
    journal: ReceiptJournal, changes: dict[str, object]
) -> None:
    """What a line says must be of the form that `append` writes: its commit is given to git."""
    assert len(between(journal, line())) == 3
    assert between(journal, line(**changes))[3:] == (entry(1), entry(2))


def between(journal: ReceiptJournal, text: str) -> tuple[Entry, ...]:
    """Everything that is read when this line is appended between two entries."""
    journal.append(INDEX, entry(1))
    with the_file(journal).open("a", encoding="utf-8") as file:
        file.write(text + "\n")
    journal.append(INDEX, entry(2))
    return journal.read(INDEX)


def test_bytes_that_are_no_text_are_left_out(journal: ReceiptJournal) -> None:
    """A file damaged on disk is read as far as it goes."""
    journal.append(INDEX, entry(1))
    with the_file(journal).open("ab") as file:
        file.write(b"\xff\xfe\x00\n")
    assert journal.read(INDEX) == (entry(1),)


def test_what_was_appended_survives_a_kill(tmp_path: Path) -> None:
    """A process that is killed right after `append` has kept its entry."""
    code = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[2]);"
        "from pathlib import Path; from tests.carrack.test_journal import entry, INDEX, ReceiptJournal;"
        "ReceiptJournal(Path(sys.argv[1])).append(INDEX, entry(7)); os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), root], env=dict(os.environ), check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert ReceiptJournal(tmp_path).read(INDEX) == (entry(7),)


def test_a_receipts_digest_is_about_files_alone() -> None:
    """Neither the index, the commits nor the order change the digest; any hash does."""
    receipt = Receipt(index=INDEX, entries=(entry(1), entry(2)))
    promoted = Receipt(index=replace(INDEX, repository="other"), entries=(entry(2, commit=None), entry(1)))
    changed = replace(entry(2), file=replace(entry(2).file, sha256="f" * 64))
    assert receipt.digest == promoted.digest
    assert receipt.digest.startswith("sha256:")
    assert receipt.digest != Receipt(index=INDEX, entries=(entry(1), changed)).digest


def test_a_folder_that_cannot_be_used_is_told_once_and_done_without(tmp_path: Path) -> None:
    """The receipts are only a cache: a checkout that cannot be written stops nothing."""
    (tmp_path / ".carrack").touch()  # a file, so that not even root can make a folder in it
    told = Told()
    journal = ReceiptJournal(tmp_path / ".carrack" / "receipts", told)
    journal.append(INDEX, entry(1))
    journal.append(INDEX, entry(2))
    assert journal.read(INDEX) == ()
    (note,) = told.notes
    assert note.startswith(f"{journal.folder}: Not a directory; ")

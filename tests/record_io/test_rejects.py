"""The rejects file."""

import json
import os
from pathlib import Path

from record_io import Reject, RejectWriter


def test_each_reject_is_one_line_of_json(tmp_path: Path) -> None:
    """Every field is there, text of any script as itself, and bytes that were not UTF-8 as U+FFFD."""
    rejects = [
        Reject(file="a.csv", number=2, rule="csv", reason="why", record="x\ny"),
        Reject(file="a.csv", number=3, column="b", rule="type", reason="né", record={"b": "\ufdd0é"}),
    ]
    with RejectWriter(tmp_path / "rejects") as writer:
        writer.write(rejects)
    text = (tmp_path / "rejects").read_text(encoding="utf-8")
    assert "né" in text
    assert [json.loads(line) for line in text.splitlines()] == [
        {"file": "a.csv", "number": 2, "column": None, "rule": "csv", "reason": "why", "record": "x\ny"},
        {
            "file": "a.csv",
            "number": 3,
            "column": "b",
            "rule": "type",
            "reason": "né",
            "record": {"b": "\ufffdé"},
        },
    ]
    assert writer.count == 2


def test_raw_text_is_cut(tmp_path: Path) -> None:
    """A record that swallowed half a file does not make a rejects file of that size."""
    with RejectWriter(tmp_path / "rejects") as writer:
        writer.write([Reject(file="a.csv", number=2, rule="csv", reason="why", record="x" * 50_000)])
    assert len(json.loads((tmp_path / "rejects").read_text())["record"]) == 10_000


def test_a_file_name_that_is_not_utf_8_comes_back_as_it_is(tmp_path: Path) -> None:
    """Linux names files with any bytes; the rejects file stays UTF-8, and its reader gets the very name."""
    odd = os.fsdecode(b"\xff.csv")
    with RejectWriter(tmp_path / "rejects") as writer:
        writer.write([Reject(file=odd, number=2, rule="csv", reason="why", record="x")])
    assert json.loads((tmp_path / "rejects").read_text(encoding="utf-8"))["file"] == odd

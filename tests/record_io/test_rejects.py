"""The rejects file."""

import json
import os
from dataclasses import replace

from record_io import Reject, reject_lines, renumbered


def test_each_reject_is_one_line_of_json() -> None:
    """Every field is there, text of any script as itself, and bytes that were not UTF-8 as U+FFFD."""
    rejects = [
        Reject(file="a.csv", number=2, rule="csv", reason="why", record="x\ny"),
        Reject(file="a.csv", number=3, column="b", rule="type", reason="né", record={"b": "\ufdd0é"}),
    ]
    text = reject_lines(rejects).decode()
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


def test_a_line_with_another_number_is_the_same_otherwise() -> None:
    """Records of a piece of a file are counted in the piece; what is written says where they are in the file."""
    odd = Reject(
        file=os.fsdecode(b"\xff"), number=2, rule="csv", reason="né", record={"b": "\ufdd0é", "n": 0.1}
    )
    text = Reject(file="b", number=2, rule="csv", reason="", record="x" * 50_000)
    for reject in (odd, text):
        moved = reject_lines([replace(reject, number=102)])
        assert renumbered(reject_lines([reject]), 100) == moved


def test_raw_text_is_cut() -> None:
    """A record that swallowed half a file does not make a rejects file of that size."""
    line = reject_lines([Reject(file="a.csv", number=2, rule="csv", reason="why", record="x" * 50_000)])
    assert len(json.loads(line)["record"]) == 10_000


def test_a_file_name_that_is_not_utf_8_comes_back_as_it_is() -> None:
    """Linux names files with any bytes; the rejects file stays UTF-8, and its reader gets the very name."""
    odd = os.fsdecode(b"\xff.csv")
    line = reject_lines([Reject(file=odd, number=2, rule="csv", reason="why", record="x")])
    assert json.loads(line.decode())["file"] == odd

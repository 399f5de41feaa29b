"""The rules file, and what is wrong with it."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from record_rules import Rules, RulesError, load_rules

Load = Callable[[str], Rules]

HEAD = 'key = ["a"]\n[columns.a]\ntype = "string"\n'


def complaints(rules: Load, text: str) -> list[str]:
    """Return the lines of the error, without the file's path."""
    with pytest.raises(RulesError) as raised:
        rules(text)
    lines = str(raised.value).splitlines()
    assert all("/rules.toml: " in line for line in lines)
    return [line.split("/rules.toml: ")[1] for line in lines]


def test_every_key_of_every_type_is_understood(rules: Load) -> None:
    """A file may use all of it, with values of TOML's own types."""
    loaded = rules("""
        key = ["s", "i"]
        [columns]
        s = { type = "string", pattern = "[a-z]+", allowed = ["x"], max_length = 3 }
        i = { type = "int", min = -1, max = 1, allowed = [0] }
        f = { type = "float", min = 0, max = 1.5, required = false }
        b = { type = "bool" }
        d = { type = "date", min = 2020-01-01, max = 2020-12-31, format = "%d.%m.%Y" }
        t = { type = "timestamp", min = 2020-01-01T00:00:00, max = 2020-12-31 00:00:00 }
    """)
    assert list(loaded.columns) == ["s", "i", "f", "b", "d", "t"]
    assert loaded.columns["d"].model_dump()["max"] == dt.date(2020, 12, 31)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("keys = []\n" + HEAD, "keys: unknown key; did you mean 'key'?"),
        (HEAD + 'patern = "x"', "columns.a.patern: unknown key; did you mean 'pattern'?"),
        (
            HEAD + "min = 1",
            "columns.a.min: unknown key; known are required, type, pattern, allowed, max_length",
        ),
        (HEAD + '[columns.b]\ntype = "integer"', "columns.b.type: unknown type; did you mean 'int'?"),
        (HEAD + "[columns.b]", "columns.b.type: is missing"),
        (HEAD + "required = 1", "columns.a.required: input should be a valid boolean"),
        (HEAD + "allowed = []", "columns.a.allowed: must not be empty"),
        (HEAD + 'pattern = "("', "columns.a.pattern: Invalid regular expression: missing ): ("),
        (HEAD + '[columns.b]\ntype = "int"\nmin = 1.5', "columns.b.min: input should be a valid integer"),
        (HEAD + '[columns.b]\ntype = "int"\nmin = 2\nmax = 1', "columns.b: min 2 is more than max 1"),
        (HEAD + '[columns.b]\ntype = "float"\nmin = nan', "columns.b.min: input should be a finite number"),
        (
            HEAD + '[columns.b]\ntype = "date"\nmin = 2020-01-01T00:00:00',
            "columns.b.min: input should be a valid date",
        ),
        (
            HEAD + '[columns.b]\ntype = "timestamp"\nmin = 2020-01-01T00:00:00Z',
            "columns.b.min: input should not have timezone info",
        ),
        (
            HEAD + '[columns.b]\ntype = "date"\nformat = "%Y-%m"',
            "columns.b: format '%Y-%m' does not describe a date32[day]",
        ),
        (
            HEAD + '[columns.b]\ntype = "date"\nformat = "%Y-%m-%d %H"',
            "columns.b: format '%Y-%m-%d %H' does not describe a date32[day]",
        ),
        (
            HEAD + '[columns.b]\ntype = "date"\nformat = ""',
            "columns.b.format: string should have at least 1 character",
        ),
        (HEAD.replace('["a"]', '["b"]'), "key: there is no column 'b'"),
        (HEAD.replace('["a"]', '["a", "a"]'), "key: a column is named twice"),
        (HEAD.replace('["a"]', "[]"), "key: must not be empty"),
        (HEAD + "required = false", "key: 'a' must be required, and not a float, to tell records apart"),
        (
            HEAD.replace('"string"', '"float"'),
            "key: 'a' must be required, and not a float, to tell records apart",
        ),
        ("key", "not TOML: Expected '=' after a key in a key/value pair (at end of document)"),
    ],
)
def test_a_fault_is_named_by_its_key(rules: Load, text: str, complaint: str) -> None:
    """One sentence says which key is wrong, and what would be right."""
    assert complaint in complaints(rules, text)


def test_all_faults_come_at_once(rules: Load) -> None:
    """Nobody mends a file one error at a time."""
    text = HEAD + 'max_length = 0\n[columns.b]\ntype = "x"\n[columns.c]\ntype = "int"\nmin = "1"\n'
    assert len(complaints(rules, text)) == 3


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The path is in the sentence."""
    with pytest.raises(RulesError, match=r"/absent.toml: cannot be read: No such file or directory$"):
        load_rules(tmp_path / "absent.toml")

"""What is wrong with a job's parameters, and where."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

KeyPath = tuple[str | int, ...]
"""The way from the root of a JSON document to one value: object keys and array indexes."""

_PLAIN_KEY = re.compile(r"[\w-]+")


@dataclass(frozen=True, kw_only=True, order=True)
class Position:
    """A place in a text; line and column are counted from 1, in characters."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One mistake: where it stands, and what would be right. Never holds a value of the input.

    `source` is a file's path as it was given, `standard input`, `CONFIG_JSON`, `command line` or `parameters`
    (none were given); `position` is None and `key` is empty where the mistake has none.
    """

    source: str
    position: Position | None = None
    key: KeyPath = ()
    message: str

    def __str__(self) -> str:
        """Give the problem as exactly one printable line: `source:line:column: key: message`."""
        place = f":{self.position.line}:{self.position.column}" if self.position else ""
        key = f"{dotted(self.key)}: " if self.key else ""
        return _printable(f"{self.source}{place}: {key}{self.message}")


class ConfigError(Exception):
    """The parameters cannot be used: every problem found, and the code that the process should exit with.

    `exit_code` is `EX_USAGE` for the command line and `EX_CONFIG` for the rest (`batch_params.exit_codes`).
    """

    def __init__(self, problems: Sequence[Problem], *, exit_code: int) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)
        self.exit_code = exit_code


def dotted(path: KeyPath) -> str:
    """Write a key path for people, `rules[0].name`; an ambiguous key is quoted, `tables["a.b"]`."""
    return "".join(map(_step, path)).removeprefix(".")


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN_KEY.fullmatch(step) else f"[{json.dumps(step)}]"


def _printable(text: str) -> str:
    """Escape what would break the line or drive the terminal: keys, paths and messages come from outside."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)

"""What is wrong with a job's parameters, and where."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from batch_params.exit_codes import EX_CONFIG, EX_NOPERM, EX_TEMPFAIL, EX_USAGE

KeyPath = tuple[str | int, ...]
"""The way from the root of a JSON document to one value: object keys and array indexes."""

_PLAIN_KEY = re.compile(r"[\w-]+")
_GRAVEST_FIRST = (EX_CONFIG, EX_NOPERM, EX_USAGE, EX_TEMPFAIL)


@dataclass(frozen=True, kw_only=True, order=True)
class Position:
    """A place in a text; line and column are counted from 1, in characters."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One mistake: where it stands, and what would be right. Never holds a value of the input.

    `source` is a file's path or address as it was given, `standard input`, a variable's name, a flag, `command line`,
    `default`, or `parameters` (all sources together); `position` is None and `key` is empty where the mistake has
    none. `exit_code` is the one of `batch_params.exit_codes` that fits this mistake alone.
    """

    source: str
    position: Position | None = None
    key: KeyPath = ()
    message: str
    exit_code: int = EX_CONFIG

    def __str__(self) -> str:
        """Give the problem as exactly one printable line: `source:line:column: key: message`."""
        place = f":{self.position.line}:{self.position.column}" if self.position else ""
        key = f"{dotted(self.key)}: " if self.key else ""
        return printable(f"{self.source}{place}: {key}{self.message}")


class ConfigError(Exception):
    """The parameters cannot be used: every problem found, and the code that the process should exit with.

    `exit_code` is that of the gravest problem: `EX_TEMPFAIL` only where a retry alone may help, `EX_USAGE` only where
    nothing but the command line is wrong.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)

    @property
    def exit_code(self) -> int:
        """The code of the gravest problem."""
        return min((problem.exit_code for problem in self.problems), key=_GRAVEST_FIRST.index)


def dotted(path: KeyPath) -> str:
    """Write a key path for people, `rules[0].name`; an ambiguous key is quoted, `tables["a.b"]`."""
    return "".join(map(_step, path)).removeprefix(".")


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN_KEY.fullmatch(step) else f"[{json.dumps(step)}]"


def printable(text: str) -> str:
    """Escape what would break the line or drive the terminal: keys, paths and messages come from outside."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)

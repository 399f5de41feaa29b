"""What a shell script is made of: simple commands, their words, what is expanded in them, where output goes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from carrack.model.dockerfile_lines import unquoted

_WRAPPERS = ("sudo", "exec", "command", "nohup", "env", "builtin")
_PYTHON = re.compile(r"python[\d.]*")


@dataclass(frozen=True, kw_only=True)
class Word:
    """One word as it is written, and where; the variables whose values get into it, and the commands whose output does.

    The body of a here-document is a word too.
    """

    text: str
    offset: int
    variables: frozenset[str] = frozenset()
    inner: tuple[Command, ...] = ()

    @cached_property
    def plain(self) -> str:
        """The word without its quotes; variables stay as they are written."""
        return unquoted(self.text)


@dataclass(frozen=True, kw_only=True)
class Redirect:
    """Where a command reads or writes: `>`, `>>`, `<`, `<<<` and their like, or `<<` with the document itself."""

    operator: str
    target: Word


@dataclass(frozen=True, kw_only=True)
class Command:
    """One simple command. `piped` says that its output goes to the next one; a redirect of a group is each one's."""

    words: tuple[Word, ...]
    assignments: tuple[tuple[str, Word], ...] = ()
    redirects: tuple[Redirect, ...] = ()
    piped: bool = False

    @cached_property
    def line(self) -> str:
        """Its words on one line, without their quotes."""
        return " ".join(word.plain for word in self.words)

    @cached_property
    def program(self) -> str:
        """The name of the program that it runs, without its folder; of `python -m NAME` that is NAME."""
        words = [word.plain for word in self.words]
        first = next((at for at, word in enumerate(words) if word not in _WRAPPERS and "=" not in word), 0)
        name, *rest = [*words[first : first + 3], ""]
        name = name.rsplit("/", 1)[-1]
        return rest[1] if _PYTHON.fullmatch(name) and rest[:1] == ["-m"] and len(rest) > 2 else name

    @property
    def all_words(self) -> tuple[Word, ...]:
        """Its words, what it assigns, and what it reads from or writes to."""
        return (
            *(value for _, value in self.assignments),
            *self.words,
            *(redirect.target for redirect in self.redirects),
        )


@dataclass(frozen=True, kw_only=True)
class Script:
    """The commands in their order, and the names of the functions that are defined."""

    commands: tuple[Command, ...]
    functions: frozenset[str] = frozenset()


def within(commands: Iterable[Command]) -> Iterator[Command]:
    """The commands, each after those whose output it takes."""
    for command in commands:
        for word in command.all_words:
            yield from within(word.inner)
        yield command

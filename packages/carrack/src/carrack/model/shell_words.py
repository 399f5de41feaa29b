"""Reads the words of a shell script: quotes, variables, and the commands that are substituted.

By POSIX, Shell Command Language: 2.2 Quoting, 2.6 Word Expansions; `$'…'` and `<(…)` are bash's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from carrack.model.shell import Command, Word

_ENDS_A_WORD = " \t\r\n;&|<>()"
_PARAMETER = re.compile(r"\$(\w+|[@*])")
_BRACED = re.compile(r"\$\{([#!]?)(\w+|[@*])?(:?\+)?")
_ANSI_QUOTED = re.compile(r"\$'(?:[^'\\]|\\.)*'?", re.DOTALL)
_BACKQUOTED = re.compile(r"`(?:[^`\\]|\\.)*(?:`|\\?\Z)", re.DOTALL)
_DEEPEST = 16
"""Substitutions in one another; what is deeper is text."""


@dataclass
class _Found:
    """What is expanded in a word."""

    variables: set[str] = field(default_factory=set)
    inner: list[Command] = field(default_factory=list)


@dataclass
class Cursor:
    """A place in a script, whose first character is at `base` of the whole.

    `substituted` reads the commands of `$(…)` up to and with its closing parenthesis; `apart` those of a text that
    begins at a place of the whole.
    """

    text: str
    substituted: Callable[[], tuple[Command, ...]]
    apart: Callable[[str, int], tuple[Command, ...]]
    base: int = 0
    at: int = 0
    depth: int = 0

    @property
    def ahead(self) -> str:
        """The next character; nothing at the end."""
        return self.text[self.at : self.at + 1]

    def word(self) -> Word:
        """The word that begins here."""
        start, found = self.at, _Found()
        while self.ahead and (
            self.ahead not in _ENDS_A_WORD or self.text[self.at : self.at + 2] in ("<(", ">(")
        ):
            self._piece(found)
        return self._made(start, found)

    def document(self, end: int) -> Word:
        """What lies before `end`, read as inside double quotes."""
        start, found = self.at, _Found()
        while self.at < end:
            self._piece(found, quoted=True)
        self.at = end
        return self._made(start, found)

    def _made(self, start: int, found: _Found) -> Word:
        return Word(
            text=self.text[start : self.at],
            offset=self.base + start,
            variables=frozenset(found.variables),
            inner=tuple(found.inner),
        )

    def _piece(self, found: _Found, *, quoted: bool = False) -> None:
        """Go past one character, or past all that it begins."""
        match self.ahead:
            case "\\":
                self._to(self.at + 2)
            case "'" if not quoted:
                self._past("'", self.at + 1)
            case '"' if not quoted:
                self._double_quoted(found)
            case "`":
                self._backquoted(found)
            case "$":
                self._dollar(found)
            case "<" | ">" if not quoted:
                self._substitution(found)
            case _:
                self.at += 1

    def _backquoted(self, found: _Found) -> None:
        quoted = _BACKQUOTED.match(self.text, self.at)
        start, self.at = self.at + 1, quoted.end() if quoted else len(self.text)
        if self.depth < _DEEPEST:
            found.inner += self.apart(self.text[start : self.at].removesuffix("`"), self.base + start)

    def _double_quoted(self, found: _Found) -> None:
        self.at += 1
        while self.ahead and self.ahead != '"':
            self._piece(found, quoted=True)
        self._to(self.at + 1)

    def _dollar(self, found: _Found) -> None:
        if self.text.startswith("$((", self.at):
            self._past("))", self.at + 3)
        elif self.text.startswith("$(", self.at):
            self._substitution(found)
        elif braced := _BRACED.match(self.text, self.at):
            self.at = braced.end()
            if braced[2] and not braced[1] and not braced[3]:
                found.variables.add(braced[2])
            self._braces(found)
        elif parameter := _PARAMETER.match(self.text, self.at):
            self.at = parameter.end()
            found.variables.add(parameter[1])
        elif quoted := _ANSI_QUOTED.match(self.text, self.at):
            self.at = quoted.end()
        else:
            self.at += 1

    def _braces(self, found: _Found) -> None:
        self.depth += 1
        while self.ahead and self.ahead != "}" and self.depth < _DEEPEST:
            self._piece(found, quoted=True)
        self.depth -= 1
        self._to(self.at + 1)

    def _substitution(self, found: _Found) -> None:
        self.at += 2
        if self.depth < _DEEPEST:
            self.depth += 1
            found.inner += self.substituted()
            self.depth -= 1

    def _past(self, mark: str, start: int) -> None:
        end = self.text.find(mark, start)
        self.at = len(self.text) if end < 0 else end + len(mark)

    def _to(self, place: int) -> None:
        self.at = min(place, len(self.text))

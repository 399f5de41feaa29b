"""Takes a shell script apart into simple commands, as far as a reader needs it; nothing is evaluated.

By POSIX, Shell Command Language: 2.4 Reserved Words, 2.7 Redirection, 2.9 Shell Commands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from carrack.model.shell import Command, Redirect, Script, Word
from carrack.model.shell_words import Cursor

_OPERATOR = re.compile(r";;&?|;&|&&|\|\||\|&|;|&(?!>)|\|")
_REDIRECT = re.compile(r"(?:\d+|&)?(<<<|<<-?|<>|>>|>\||<&|>&|<(?!\()|>(?!\())[ \t]*")
_FUNCTION = re.compile(r"[ \t]*\([ \t]*\)")
_ASSIGNED = re.compile(r"(\w+)\+?=")
_OPENS = {
    "{": "}",
    "if": "fi",
    "while": "done",
    "until": "done",
    "for": "done",
    "select": "done",
    "case": "esac",
}
_PASSED_OVER = ("{", "if", "then", "else", "elif", "while", "until", "do", "!", "time", "function")
"""Reserved words after which a command, or the name of a function, comes."""


def parse(text: str) -> Script:
    """Take a script apart; it never fails: what is no script is read as well as it can be."""
    parser = _Parser(text)
    commands = parser.commands()
    return Script(commands=commands, functions=frozenset(parser.functions))


@dataclass
class _Draft:
    """A command that is being read. Of one that ends a group, redirects and pipe are those of its members."""

    words: list[Word] = field(default_factory=list)
    assignments: list[tuple[str, Word]] = field(default_factory=list)
    redirects: list[_Target] = field(default_factory=list)
    piped: bool = False
    members: list[_Draft] | None = None

    @property
    def begun(self) -> bool:
        return bool(self.words or self.assignments or self.redirects)

    def made(self) -> Command:
        return Command(
            words=tuple(self.words),
            assignments=tuple(self.assignments),
            redirects=tuple(Redirect(operator=it.operator, target=it.word) for it in self.redirects),
            piped=self.piped,
        )


@dataclass
class _Target:
    """What a redirect names; of a here-document first its name, and then itself."""

    operator: str
    word: Word


class _Parser:
    """Reads one script."""

    def __init__(self, text: str, base: int = 0, depth: int = 0) -> None:
        self.functions: set[str] = set()
        self._cursor = Cursor(
            text=text, substituted=self._substituted, apart=self._apart, base=base, depth=depth
        )
        self._waiting: list[_Target] = []

    def commands(self, *, closing: bool = False) -> tuple[Command, ...]:
        """The commands from here to the end, or to the parenthesis that closes a substitution."""
        list_ = _List()
        cursor = self._cursor
        while cursor.ahead:
            if cursor.ahead == ")" and closing and not list_.expects_parenthesis:
                cursor.at += 1
                break
            self._step(list_)
        list_.end()
        return tuple(draft.made() for draft in list_.done)

    def _step(self, list_: _List) -> None:
        cursor = self._cursor
        if list_.pattern and cursor.ahead in ")(| \t\r":
            list_.pattern = cursor.ahead != ")"
            cursor.at += 1
        elif cursor.ahead in " \t\r":
            cursor.at += 1
        elif cursor.text.startswith("\\\n", cursor.at):
            cursor.at += 2
        elif cursor.ahead == "#":
            end = cursor.text.find("\n", cursor.at)
            cursor.at = len(cursor.text) if end < 0 else end
        elif cursor.ahead == "\n":
            cursor.at += 1
            list_.end()
            self._documents()
        elif cursor.ahead in "()":
            self._parenthesis(list_)
        elif redirect := _REDIRECT.match(cursor.text, cursor.at):
            cursor.at = redirect.end()
            self._redirect(redirect[1], list_.draft)
        elif operator := _OPERATOR.match(cursor.text, cursor.at):
            cursor.at = operator.end()
            list_.draft.piped = operator[0] in ("|", "|&")
            list_.end(operator[0])
        else:
            self._word(list_)

    def _word(self, list_: _List) -> None:
        before = self._cursor.at
        word = self._cursor.word()
        if self._cursor.at == before:  # a character that belongs nowhere
            self._cursor.at += 1
            return
        function = _FUNCTION.match(self._cursor.text, self._cursor.at)
        if list_.function or (function and not list_.draft.begun):
            self._cursor.at = function.end() if function else self._cursor.at
            self.functions.add(word.text)
            list_.function = False
        else:
            list_.take(word)

    def _parenthesis(self, list_: _List) -> None:
        opening = self._cursor.ahead == "("
        self._cursor.at += 1
        if opening:
            list_.begin(")")
        else:
            list_.close(")")

    def _redirect(self, operator: str, draft: _Draft) -> None:
        target = _Target(operator.removesuffix("-") if operator == "<<-" else operator, self._cursor.word())
        draft.redirects.append(target)
        if operator.startswith("<<") and operator != "<<<":
            self._waiting.append(target)

    def _documents(self) -> None:
        """Read the here-documents that the line before announced."""
        for target in self._waiting:
            name, start = target.word.plain, self._cursor.at
            ending = re.compile(rf"^\t*{re.escape(name)}$", re.MULTILINE).search(self._cursor.text, start)
            end = ending.start() if ending else len(self._cursor.text)
            if name == target.word.text:
                target.word = self._cursor.document(end)
            else:
                target.word = Word(text=self._cursor.text[start:end], offset=self._cursor.base + start)
            self._cursor.at = min(ending.end() + 1, len(self._cursor.text)) if ending else end
        self._waiting.clear()

    def _substituted(self) -> tuple[Command, ...]:
        return self.commands(closing=True)

    def _apart(self, text: str, base: int) -> tuple[Command, ...]:
        """The commands between backquotes."""
        return _Parser(text.replace("\\`", "`"), base, self._cursor.depth + 1).commands()


class _List:
    """The commands that were read, and the groups that are open."""

    def __init__(self) -> None:
        self.done: list[_Draft] = []
        self.draft = _Draft()
        self.pattern = self.function = False
        """Whether the pattern of a case comes next, or the name of a function."""
        self._open: list[tuple[str, int]] = []

    @property
    def expects_parenthesis(self) -> bool:
        """Whether a closing one is a group's, or ends the pattern of a case."""
        return self.pattern or (bool(self._open) and self._open[-1][0] == ")")

    def take(self, word: Word) -> None:
        """Add a word to the command, unless it is a reserved word."""
        draft = self.draft
        if self.pattern and word.text != "esac":
            return
        if draft.words or draft.members is not None:
            draft.words.append(word)
            if word.text == "in" and draft.words[0].text == "case":
                self.end(";;")
        elif self._open and word.text == self._open[-1][0]:
            self.close(word.text)
        elif word.text in _OPENS or word.text in _PASSED_OVER:
            if word.text in _OPENS:
                self._open.append((_OPENS[word.text], len(self.done)))
            self.function = word.text == "function"
            if word.text not in _PASSED_OVER:
                draft.words.append(word)  # `for NAME in WORDS`, `case WORD in`: a command that runs nothing
        elif assigned := _ASSIGNED.match(word.text):
            draft.assignments.append((assigned[1], word))
        else:
            draft.words.append(word)

    def begin(self, closing: str) -> None:
        """A group begins."""
        self.end()
        self._open.append((closing, len(self.done)))

    def close(self, closing: str) -> None:
        """A group ends, if one of this kind is open: what comes next is said of all of its commands."""
        self.end()
        if self._open and self._open[-1][0] == closing:
            _, first = self._open.pop()
            self.draft.members = self.done[first:]
            self.pattern = False

    def end(self, operator: str = "") -> None:
        """The command ends, with an operator; a `;;` is followed by a pattern, where a case is open."""
        self.pattern = operator in (";;", ";&", ";;&") and bool(self._open) and self._open[-1][0] == "esac"
        draft, self.draft = self.draft, _Draft()
        for member in draft.members or ():
            member.redirects += draft.redirects
            member.piped |= draft.piped
        if draft.members is None and draft.begun:
            self.done.append(draft)

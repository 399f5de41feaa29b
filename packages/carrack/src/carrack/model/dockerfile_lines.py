"""The lines of a Dockerfile: continued ones joined, comments taken out, heredocs read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""Unicode's White_Space; what `str.strip` takes for space has four separators more."""
_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*", re.ASCII)
_DIRECTIVES = ("syntax", "escape", "check")
_PIECE = re.compile(r"""(\s+)|([^\s'"\\]+|\\.|'[^']*'|"(?:[^"\\]|\\.)*")|(.)""", re.DOTALL | re.ASCII)
_QUOTED = re.compile(r"""\\(.)|'([^']*)(?:'|\Z)|"((?:[^"\\]|\\.)*)(?:"|\\?\Z)|\\\Z""", re.DOTALL)
_HEREDOC = re.compile(r"\d*<<(-?)([^<]+)")


@dataclass(frozen=True, kw_only=True)
class Text:
    """Text, and for each stretch of it (where it begins) the line of the file that it is from."""

    text: str
    starts: tuple[tuple[int, int], ...]

    def line(self, offset: int) -> int:
        """The line of the file that the character at `offset` is on."""
        return max(line for start, line in self.starts if start <= offset)

    def since(self, offset: int) -> Text:
        """The rest, from `offset` on."""
        later = tuple((start - offset, line) for start, line in self.starts if start > offset)
        return Text(text=self.text[offset:], starts=((0, self.line(offset)), *later))


@dataclass(frozen=True, kw_only=True)
class Heredoc:
    """A document inside an instruction. `literal` says that no variable in it is expanded."""

    name: str
    content: Text
    literal: bool = False


def unquoted(word: str) -> str:
    """`word` without its quotes and escapes."""
    return _QUOTED.sub(lambda it: it[1] or it[2] or re.sub(r"\\(.)", r"\1", it[3] or ""), word)


def escape_of(lines: list[str]) -> str:
    """The character that continues a line: what the directive `escape` at the top says, else a backslash."""
    for line in lines:
        directive = _DIRECTIVE.fullmatch(line.strip(SPACES))
        if directive is None or directive[1].lower() not in _DIRECTIVES:
            break
        if directive[1].lower() == "escape" and directive[2] in ("`", "\\"):
            return directive[2]
    return "\\"


@dataclass
class Lines:
    """The lines of a file, and how far they are read."""

    all: list[str]
    at: int = 0
    comments: list[tuple[int, str]] = field(default_factory=list)

    @property
    def left(self) -> bool:
        """Whether there is a next one."""
        return self.at < len(self.all)

    def next(self) -> str:
        """The next one, as it is."""
        self.at += 1
        return self.all[self.at - 1]

    def logical(self, escape: str) -> Text:
        """The next line with those that continue it; comments between them are taken out."""
        continues = re.compile(rf"(?<!{re.escape(escape)}){re.escape(escape)}[ \t]*\Z")
        pieces: list[str] = []
        numbers: list[int] = []
        more = True
        while more and self.left:
            line = self.next().rstrip("\r")
            words = line.strip(SPACES)
            if words.startswith("#"):
                self.comments.append((self.at, words[1:].strip()))
            if not words or words.startswith("#"):
                more = bool(pieces)
                continue
            if not pieces:
                line = line.lstrip(SPACES)
            more = bool(continues.search(line))
            pieces.append(continues.sub("", line))
            numbers.append(self.at)
        offsets = accumulate(map(len, pieces), initial=0)
        return Text(text="".join(pieces), starts=tuple(zip(offsets, numbers, strict=False)))

    def heredocs(self, arguments: str) -> tuple[Heredoc, ...]:
        """The documents that an instruction with these arguments announces; they are read."""
        return tuple(
            self._heredoc(unquoted(name), bool(dash), unquoted(name) != name)
            for dash, name in _announced(arguments)
        )

    def _heredoc(self, name: str, dash: bool, literal: bool) -> Heredoc:
        first, lines = self.at + 1, []
        while self.left:
            line = self.next()
            ending = line.rstrip("\r")
            if (ending.lstrip("\t") if dash else ending) == name:
                break
            lines.append(line.lstrip("\t") if dash else line)
        content = "".join(f"{line}\n" for line in lines)
        offsets = accumulate((len(line) + 1 for line in lines), initial=0)
        starts = tuple((offset, first + number) for number, offset in enumerate(offsets))
        return Heredoc(name=name, content=Text(text=content, starts=starts), literal=literal)


def _announced(arguments: str) -> Iterator[tuple[str, str]]:
    """Whether tabs go, and the name as it is written, of each document that an instruction announces."""
    for _, word in words_of(arguments):
        if announced := _HEREDOC.fullmatch(word):
            yield announced[1], announced[2]


def words_of(text: str) -> list[tuple[int, str]]:
    """The words of `text`, each with its quotes and where it begins; none where a quote is never closed."""
    words: list[tuple[int, str]] = []
    goes_on = False
    for piece in _PIECE.finditer(text):
        if piece[3]:
            return []
        if piece[2] and goes_on:
            words[-1] = (words[-1][0], words[-1][1] + piece[2])
        elif piece[2]:
            words.append((piece.start(), piece[2]))
        goes_on = bool(piece[2])
    return words

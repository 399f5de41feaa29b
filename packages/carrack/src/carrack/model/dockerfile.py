"""Reads a Dockerfile into its instructions, as BuildKit's own parser does.

The rules are those of the Dockerfile reference ("Format", "Parser directives", "Here-documents"). What the reference
leaves open is as BuildKit has it; a test compares the two.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

from carrack.model.dockerfile_lines import SPACES, Heredoc, Lines, Text, escape_of, unquoted

_ASCII_SPACES = "\t\n\v\f\r "
_GAP = re.compile(r"[\t\v\f\r ]+")
_FLAG = re.compile(
    r"""--(?:[^\s'"\\]|\\.|'(?:[^'\\]|\\.)*(?:'|\Z)|"(?:[^"\\]|\\.)*(?:"|\Z)|\\\Z)*""", re.DOTALL | re.ASCII
)
_WITH_HEREDOCS = ("ADD", "COPY", "RUN")
_EXEC_OR_SHELL = ("ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME")


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction: its keyword in capitals, its flags, and all the rest as one line without continuations.

    `words` are those of the exec form (a JSON array), None where the form is another. `onbuild` says that it is
    carried out when another image is built on this one.
    """

    keyword: str
    flags: tuple[str, ...]
    arguments: Text
    line: int
    end: int
    words: tuple[str, ...] | None = None
    heredocs: tuple[Heredoc, ...] = ()
    onbuild: bool = False


@dataclass(frozen=True, kw_only=True)
class Dockerfile:
    """The instructions in their order, the comments by line, and the character that continues a line."""

    instructions: tuple[Instruction, ...]
    comments: tuple[tuple[int, str], ...]
    escape: str


def parse(text: str) -> Dockerfile:
    """Read a Dockerfile. It never fails: what Docker would refuse is read as well as it can be."""
    lines = Lines(text.removeprefix("\ufeff").removesuffix("\n").split("\n"))
    escape = escape_of(lines.all)
    instructions: list[Instruction] = []
    while lines.left:
        start, logical = lines.at + 1, lines.logical(escape)
        if found := _instruction(logical, start, lines.at):
            if found.keyword in _WITH_HEREDOCS and found.words is None:
                heredocs = lines.heredocs(found.arguments.text)
                found = replace(found, heredocs=heredocs, end=lines.at)
            instructions.append(found)
    return Dockerfile(instructions=tuple(instructions), comments=tuple(lines.comments), escape=escape)


def _instruction(logical: Text, line: int, end: int, *, onbuild: bool = False) -> Instruction | None:
    """The instruction on a logical line; None where there is nothing on it."""
    begins = len(logical.text) - len(logical.text.lstrip(SPACES))
    text = logical.text.rstrip(SPACES)
    keyword = _GAP.split(text[begins:], maxsplit=1)[0]
    if not keyword:
        return None
    flags, offset = _flags(text, begins + len(keyword))
    rest = Text(text=text, starts=logical.starts).since(offset)
    if keyword.upper() == "ONBUILD" and not onbuild and rest.text:
        return _instruction(rest, line, end, onbuild=True)
    return Instruction(
        keyword=keyword.upper(),
        flags=flags,
        arguments=rest,
        line=line,
        end=end,
        words=_exec_form(rest.text) if keyword.upper() in _EXEC_OR_SHELL else None,
        onbuild=onbuild,
    )


def _flags(text: str, offset: int) -> tuple[tuple[str, ...], int]:
    """The words that begin with `--` after the keyword, and where the rest begins."""
    flags: list[str] = []
    while True:
        offset = len(text) - len(text[offset:].lstrip(_ASCII_SPACES))
        flag = _FLAG.match(text, offset)
        if flag is None:
            return tuple(flags), offset
        offset = flag.end()
        if flag[0] == "--":
            return tuple(flags), len(text) - len(text[offset:].lstrip(SPACES))
        flags.append(unquoted(flag[0]))


def _exec_form(arguments: str) -> tuple[str, ...] | None:
    if not arguments.startswith("["):
        return None
    try:
        words = json.loads(arguments)
    except (ValueError, RecursionError):
        return None
    return tuple(words) if all(isinstance(word, str) for word in words) else None

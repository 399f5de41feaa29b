"""The commands in a shell's script, as far as they can be told without being the shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import groupby

_OPERATORS = "();<>|&\n"
_FILLED_IN = re.compile(r"(?:^|(?<==))(?:\$\(.*\)|`.*`|[$`]\S*)", re.DOTALL)
"""What begins with a variable or another command's output: the shell puts it there, where the command runs."""


def commands_of(script: str) -> Iterator[list[str]]:
    """The words of each command of a script, without what the shell fills in.

    A script that no shell would read, for a quote that is left open, is split at its blanks.
    """
    for is_operator, words in groupby(_words(script), lambda word: word != "" and not word.strip(_OPERATORS)):
        if not is_operator:
            yield [_FILLED_IN.sub("", word, count=1) for word in words]


def _words(script: str) -> list[str]:
    text = script.replace("\\\n", " ")
    lexer = shlex.shlex(text, posix=True, punctuation_chars=_OPERATORS)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    try:
        return [*lexer]
    except ValueError:
        return text.split()

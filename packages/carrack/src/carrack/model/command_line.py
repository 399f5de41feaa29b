"""Commands that are told as a next step: each leads to where the one that tells it was."""

from __future__ import annotations

import shlex
from dataclasses import dataclass


@dataclass(frozen=True)
class CommandLine:
    """Writes commands. `to` is the index that was said with `--to`: without it they would ask the workspace's default.

    >>> CommandLine("prod")("job explain", "ID")
    'carrack job explain ID --to prod'
    """

    to: str | None = None

    def __call__(self, verb: str, *arguments: str) -> str:
        """Return the line for `carrack VERB ARGUMENTS`, where VERB takes `--to`."""
        place = () if self.to is None else ("--to", shlex.quote(self.to))
        return " ".join(("carrack", verb, *arguments, *place))


CARRACK = CommandLine()
"""Of a command to which no index was said."""

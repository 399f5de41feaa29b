"""`Ref::NAME` in a command: AWS Batch puts a job's parameter there (user guide, "Job definition parameters").

The guide does not say what becomes of a reference within a longer argument, or of two names of which one begins the
other, and there is no way to write `Ref::` itself. So a reference is a whole argument, and no name begins another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations

MARK = "Ref::"
_NAME = re.compile(r"[A-Za-z0-9_-]+")


def references(command: Iterable[str]) -> tuple[str, ...]:
    """The names that a command refers to with whole arguments, each once."""
    names = (argument.removeprefix(MARK) for argument in command if argument.startswith(MARK))
    return tuple(dict.fromkeys(names))


def command_faults(command: Sequence[str], defaults: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the references of a job definition's command, and with the defaults for them."""
    for argument in command:
        if MARK in argument and not _NAME.fullmatch(argument.removeprefix(MARK)):
            yield (
                f"command: {argument!r}: {MARK}NAME must be a whole argument, its name of letters, digits, _ and -"
            )
    names = references(command)
    for short, long in permutations(sorted({*names, *defaults}), 2):
        if long.startswith(short):
            yield f"command: the parameter {short!r} begins {long!r}, which Batch may take for it; rename one"
    for name in defaults:
        if name not in names:
            yield f"parameters: nothing in the command refers to {name!r} (as {MARK}{name})"
    yield from value_faults(defaults)


def parameter_faults(
    command: Sequence[str], defaults: Mapping[str, str], given: Mapping[str, str]
) -> Iterator[str]:
    """What is wrong with a job's parameters: AWS Batch takes unknown ones in silence, and leaves others unfilled."""
    names = references(command)
    known = f"; it has {', '.join(names)}" if names else "; it has none"
    for name in given:
        if name not in names:
            yield f"parameters: the command has no {MARK}{name}{known}"
    for name in names:
        if name not in given and name not in defaults:
            yield f"parameters: {MARK}{name} has no default, and nothing was given for it"
    yield from value_faults(given)


def value_faults(values: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the values themselves. An argument may not be empty (API reference, ContainerOverrides)."""
    for name, value in values.items():
        if not value:
            yield f"parameters: {name} is empty, and AWS Batch takes no empty argument"
        elif MARK in value:
            yield f"parameters: the value of {name} has {MARK} in it, which Batch may replace"


def substituted(command: Iterable[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """The command with every reference replaced by its value. Raises KeyError where one has none."""
    return tuple(
        values[argument.removeprefix(MARK)] if argument.startswith(MARK) else argument for argument in command
    )

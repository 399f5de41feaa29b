"""`Ref::NAME` in a job's command: whole arguments only, because the service does not say what else would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_MARK = "Ref::"


def substitute(command: Sequence[str], parameters: Mapping[str, str]) -> tuple[str, ...]:
    """The command with the parameters' values. Only what has no `substitution_faults` may be asked for."""
    return tuple(parameters[word.removeprefix(_MARK)] if word.startswith(_MARK) else word for word in command)


def substitution_faults(command: Sequence[str], parameters: Mapping[str, str]) -> tuple[str, ...]:
    """Every placeholder that would reach the program as it is, or leave an empty argument, which Batch refuses."""
    return tuple(fault for word in command if (fault := _fault(word, parameters)))


def _fault(word: str, parameters: Mapping[str, str]) -> str:
    name = word.removeprefix(_MARK)
    if _MARK not in word:
        return "" if word else "command: an argument is empty"
    if not word.startswith(_MARK) or _MARK in name:
        return f"command: {word}: Ref:: is not an argument of its own"
    if name not in parameters:
        return f"command: {word}: no parameter of this name has a value"
    return "" if parameters[name] else f"command: {word}: the parameter's value is empty"

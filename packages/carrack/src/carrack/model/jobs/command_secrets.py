"""Secrets in plain text among a command's arguments, which DescribeJobs shows as it shows variables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from carrack.model.jobs.scripts import commands_of
from carrack.model.jobs.secrets import BY_NAMES, MASK, Secrecy, masked, plain_secrets, secret_fault

_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_SCRIPT_FOLLOWS = re.compile(r"-[A-Za-z]*c")  # `sh -c`, `bash -euc`


@dataclass(frozen=True, kw_only=True)
class _Argument:
    """An argument in two parts, what only names the value (`--token=`), and the value; and the value's key.

    The key is the flag that it is the value of, as `--token VALUE` too; else its place.
    """

    key: str
    before: str = ""
    value: str
    is_script: bool = False


def command_secret_faults(command: Sequence[str], secrecy: Secrecy = BY_NAMES) -> Iterator[str]:
    """A sentence for each secret among the arguments, without the secret.

    By its form, or by the name it belongs to: a flag's, a variable's (`NAME=VALUE`), a key's of an object in JSON; in a
    script after `-c` too.
    """
    for argument in _arguments(command):
        for key in _look(argument, secrecy)[0]:
            yield secret_fault("command", key)


def masked_command(command: Sequence[str], secrecy: Secrecy = BY_NAMES) -> list[str]:
    """The command with a mask in place of every such secret; flags and names stay, of a script nothing does."""
    return [argument.before + _look(argument, secrecy)[1] for argument in _arguments(command)]


def _arguments(command: Sequence[str], place: str = "") -> Iterator[_Argument]:
    flag, is_python = "", False
    for number, argument in enumerate(command, 1):
        own = place or f"argument {number}"
        name, equals, value = argument.partition("=")
        if not argument.startswith("-"):
            is_script = bool(_SCRIPT_FOLLOWS.fullmatch(flag)) and not is_python
            yield _Argument(key=flag.lstrip("-") or own, value=argument, is_script=is_script)
            is_python = is_python or argument.rpartition("/")[2].startswith(
                "python"
            )  # whose `-c` is no shell's
            flag = ""
        elif equals:
            yield _Argument(key=name.lstrip("-"), before=name + equals, value=value)
            flag = ""
        else:
            yield _Argument(key=own, value=argument)
            flag = argument


def _look(argument: _Argument, secrecy: Secrecy) -> tuple[list[str], str]:
    """The keys of the secrets in an argument's value, and the value without them."""
    if argument.is_script and (keys := _in_script(argument, secrecy)):
        return keys, MASK
    return _in_value(argument.key, argument.value, secrecy)


def _in_value(key: str, value: str, secrecy: Secrecy) -> tuple[list[str], str]:
    keys, told = _under(key, value, secrecy)
    name, equals, rest = value.partition("=")
    if keys or not equals or not _NAME.fullmatch(name):
        return keys, told
    keys, told = _under(name, rest, secrecy)
    return keys, f"{name}={told}"


def _under(key: str, value: str, secrecy: Secrecy) -> tuple[list[str], str]:
    document = {key: _parsed(value)}
    if keys := [*plain_secrets(document, secrecy)]:
        return keys, json.dumps(masked(document, secrecy)[key], ensure_ascii=False, separators=(",", ":"))
    return [*plain_secrets({key: value}, secrecy)], masked({key: value}, secrecy)[key]


def _in_script(argument: _Argument, secrecy: Secrecy) -> list[str]:
    parts = (part for words in commands_of(argument.value) for part in _arguments(words, argument.key))
    return [*dict.fromkeys(key for part in parts for key in _look(part, secrecy)[0])]


def _parsed(value: str) -> Any:
    """What an object or array in JSON says; None of any other text."""
    try:
        return json.loads(value) if value.lstrip()[:1] in ("{", "[") else None
    except (ValueError, RecursionError):
        return None

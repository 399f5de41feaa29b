"""Secrets in plain text among a command's arguments, which DescribeJobs shows as it shows variables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from carrack.model.jobs.secrets import BY_NAMES, Secrecy, masked, secret_faults


def command_secret_faults(command: Sequence[str], secrecy: Secrecy = BY_NAMES) -> Iterator[str]:
    """A sentence for each argument that is a secret, without the secret: by its form, or by the flag it belongs to."""
    for key, _, value in _arguments(command):
        yield from secret_faults("command", {key: value}, secrecy)


def masked_command(command: Sequence[str], secrecy: Secrecy = BY_NAMES) -> list[str]:
    """The command with a mask in place of every such secret; flags stay."""
    return [before + masked({key: value}, secrecy)[key] for key, before, value in _arguments(command)]


def _arguments(command: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Of each argument the key, and its two parts: what only names the value (`--token=`), and the value.

    The key is the flag that it is the value of, as `--token VALUE` too; else its place.
    """
    flag = ""
    for number, argument in enumerate(command, 1):
        name, equals, value = argument.partition("=")
        if not argument.startswith("-"):
            yield flag or f"argument {number}", "", argument
            flag = ""
        elif equals:
            yield name.lstrip("-"), name + equals, value
            flag = ""
        else:
            yield f"argument {number}", "", argument
            flag = argument.lstrip("-")

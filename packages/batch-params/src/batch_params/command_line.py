"""The flags of a job's command line."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from batch_params.exit_codes import EX_USAGE
from batch_params.problems import ConfigError, Problem
from batch_params.suggestion import nearest

FLAGS = ("--param-json", "--help")
_NEEDS_A_FILE = "--param-json needs the path of one JSON file, or - for standard input"
_MORE = "--help lists the flags and the keys of the JSON"


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What the command line asks for; `param_json` is None where the flag is not given."""

    param_json: str | None
    help: bool


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """Read the arguments that follow the program's name.

    Raises ConfigError, exit code 64, for anything that is not a known flag written in full. Neither a flag's
    value nor a stray argument is repeated in the message: it may be a secret.
    """
    found, strays = _parser().parse_known_args(argv)
    if found.help or "-h" in strays:
        return Arguments(param_json=None, help=True)
    problems = [*_unknown(strays)]
    if found.param_json and (len(found.param_json) > 1 or not found.param_json[0]):
        problems.append(_NEEDS_A_FILE)
    if problems:
        raise _refused(*problems)
    return Arguments(param_json=found.param_json[0] if found.param_json else None, help=False)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(add_help=False, allow_abbrev=False)
    # Gathered in a list, so that a flag given twice is seen instead of the last one winning.
    parser.add_argument("--param-json", "--param_json", action="append")
    # -h is looked for among the strays: Pythons differ in what they make of letters that follow a short flag.
    parser.add_argument("--help", action="store_true")
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Replace argparse's message, which repeats values, for the two faults that these flags can have."""
        raise _refused(_NEEDS_A_FILE if "param" in message.partition(":")[0] else "--help takes no value")


def _unknown(strays: Sequence[str]) -> Iterator[str]:
    flags = [stray.partition("=")[0] for stray in strays if stray.startswith("--") and stray != "--"]
    for flag in flags:
        match = nearest(flag, FLAGS)
        yield f"unknown flag {flag}; did you mean {match}?" if match else f"unknown flag {flag}; {_MORE}"
    if strays and not flags:
        yield f"an argument that belongs to no flag; {_MORE}"


def _refused(*messages: str) -> ConfigError:
    problems = [Problem(source="command line", message=message) for message in messages]
    return ConfigError(problems, exit_code=EX_USAGE)

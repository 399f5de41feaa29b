"""Where the parameters come from: the file that a flag names, else an environment variable."""

import errno
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from batch_params.exit_codes import EX_CONFIG
from batch_params.problems import ConfigError, Problem

VARIABLE = "CONFIG_JSON"
STANDARD_INPUT = "-"


@dataclass(frozen=True, kw_only=True)
class Source:
    """The bytes of a JSON document and the name by which messages call it. The bytes may hold secrets."""

    name: str
    data: bytes = field(repr=False)


def choose(file: str | None, environ: Mapping[str, str]) -> Source:
    """Take the file where one is named, else `CONFIG_JSON`. The one that is not taken is not looked at.

    Raises ConfigError where there is neither, or where the file cannot be read: nothing is fallen back to.
    """
    if file is not None:
        return _file(file)
    if VARIABLE in environ:
        # A variable that is not UTF-8 arrives with surrogates (PEP 383); decoding the bytes again says where.
        return Source(name=VARIABLE, data=environ[VARIABLE].encode("utf-8", "surrogatepass"))
    raise _refused(
        "parameters",
        f"none are given; name a file with --param-json FILE, or set {VARIABLE}; --help lists the keys",
    )


def _file(file: str) -> Source:
    name = "standard input" if file == STANDARD_INPUT else file
    try:
        return Source(
            name=name, data=_standard_input() if file == STANDARD_INPUT else Path(file).read_bytes()
        )
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        raise _refused(name, _reason(file, error)) from None


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise OSError(errno.EBADF, "it is closed")
    return sys.stdin.buffer.read()


def _reason(file: str, error: OSError | ValueError) -> str:
    match error:
        case FileNotFoundError() if file.startswith("Ref::"):
            return "no such file; the job was submitted without a parameter to put in place of this reference"
        case FileNotFoundError() if not Path(file).is_absolute():
            return f"no such file in {os.getcwd()}"
        case FileNotFoundError():
            return "no such file"
        case IsADirectoryError():
            return "is a directory, not a JSON file"
        case OSError():
            return f"cannot be read: {error.strerror}"
        case _:
            return "is not a path"


def _refused(source: str, message: str) -> ConfigError:
    return ConfigError([Problem(source=source, message=message)], exit_code=EX_CONFIG)

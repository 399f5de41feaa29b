"""What `--param-json` names: a file, standard input, an object in S3 or a parameter in SSM."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

from batch_params.aws.service import Aws
from batch_params.aws.unavailable import UnavailableError
from batch_params.document import Source
from batch_params.problems import ConfigError, Problem
from batch_params.references import SSM, reference
from batch_params.transport import S3Address, TransportError


def named_source(name: str, aws: Aws) -> Source:
    """Read what `--param-json` names.

    Raises ConfigError where it cannot be read, or an object in S3 is not the one that is pinned: nothing is fallen
    back to.
    """
    if name == "-":
        return Source(name="standard input", data=_read("standard input", name, _standard_input))
    if name.startswith("s3://"):
        return Source(name=name.partition("#")[0], data=_asked(name, lambda: _object(name, aws)))
    if name.startswith(SSM):
        return Source(name=name, data=_asked(name, lambda: _parameter(name, aws)))
    return Source(name=name, data=_read(name, name, Path(name).read_bytes))


def _object(name: str, aws: Aws) -> bytes:
    address = S3Address.parse(name)
    return address.checked(aws.object(address))


def _parameter(name: str, aws: Aws) -> bytes:
    found = reference(name)
    if found is None or not found.name:
        raise UnavailableError("is not ssm://name")
    answer = aws.parameters([found.name])[found.name]
    if isinstance(answer, UnavailableError):
        raise answer
    return answer.encode("utf-8", "surrogatepass")


def _asked(name: str, ask: Callable[[], bytes]) -> bytes:
    try:
        return ask()
    except TransportError as error:
        raise _refused(name, str(error)) from None
    except UnavailableError as error:
        raise ConfigError([Problem(source=name, message=str(error), exit_code=error.exit_code)]) from None


def _read(name: str, file: str, read: Callable[[], bytes]) -> bytes:
    try:
        return read()
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
    return ConfigError([Problem(source=source, message=message)])

"""Turns this process into the user's own pip, uv or twine, with an index's address and token in its environment."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from typing import NoReturn

from carrack.adapters.gate import TOKEN_VARIABLE
from carrack.model.access import USERNAME, Access

_WHERE_TO = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONNOUSERSITE")


def with_index(environ: Mapping[str, str], isolated: Mapping[str, str], access: Access) -> dict[str, str]:
    """`isolated`, with what twine and `uv publish` need to upload to `access`'s index.

    A virtual environment of `environ` stays: it says where a command installs to, and gives no files. The names
    are twine's and uv's own (their documentation: "Environment variables").
    """
    url, token = access.repository_url, access.token.value
    uploads = {
        "TWINE_REPOSITORY_URL": url,
        "TWINE_USERNAME": USERNAME,
        "TWINE_PASSWORD": token,
        "TWINE_NON_INTERACTIVE": "1",
        "UV_PUBLISH_URL": url,
        "UV_PUBLISH_USERNAME": USERNAME,
        "UV_PUBLISH_PASSWORD": token,
        TOKEN_VARIABLE: token,
    }
    others = {name: value for name, value in isolated.items() if name not in _WHERE_TO}
    return others | {name: environ[name] for name in _WHERE_TO if name in environ} | uploads


def become(command: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Replace this process by `command`, found on the PATH of `environ`: its signals and exit code are its own.

    Raises OSError where it cannot be started; FileNotFoundError where it is not found.
    """
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    os.execvpe(command[0], list(command), dict(environ))  # noqa: S606 - no shell is the point

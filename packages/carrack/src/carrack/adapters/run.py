"""Turns this process into the user's own pip, uv or twine, with an index's address and token in its environment."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from carrack.adapters.environment import isolated
from carrack.adapters.gate import TOKEN_VARIABLE
from carrack.model.access import USERNAME, Access


def with_index(environ: Mapping[str, str], access: Access) -> dict[str, str]:
    """`isolated(environ, access)`, and what twine and `uv publish` need to upload to the index.

    The names are twine's and uv's own (twine: "Environment variables"; uv: "Environment variables").
    """
    url, token = access.repository_url, access.token.value
    return isolated(environ, access) | {
        "TWINE_REPOSITORY_URL": url,
        "TWINE_USERNAME": USERNAME,
        "TWINE_PASSWORD": token,
        "TWINE_NON_INTERACTIVE": "1",
        "UV_PUBLISH_URL": url,
        "UV_PUBLISH_USERNAME": USERNAME,
        "UV_PUBLISH_PASSWORD": token,
        TOKEN_VARIABLE: token,
    }


def become(command: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Replace this process by `command`, found on the PATH of `environ`: its signals and exit code are its own.

    Raises OSError where it cannot be started; FileNotFoundError where it is not found.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    os.execvpe(command[0], list(command), dict(environ))  # noqa: S606 - no shell is the point

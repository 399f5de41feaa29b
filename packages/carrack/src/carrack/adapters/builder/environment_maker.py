"""The process that makes a build environment: the one that holds a token, and runs pip and no build backend of ours.

Reads a job as JSON from stdin, and writes one line of JSON to stdout. A process of its own, because `build` installs
into its environments with the environment variables that it has.
"""

from __future__ import annotations

import compileall
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from importlib.metadata import distributions
from typing import Any

from build import FailedProcessError
from build.env import DefaultIsolatedEnv
from packaging.utils import canonicalize_name

from carrack.adapters.builder.answering import FailedError, answer


def main() -> None:
    """Make what stdin asks for; the answer has what is installed, or `failed`, or `machine`."""
    answer(_make)


def _make(job: Mapping[str, Any]) -> Mapping[str, Any]:
    environment = DefaultIsolatedEnv(path=job["path"])
    try:
        environment.__enter__()  # and no __exit__, which would remove the folder
    except FailedProcessError as error:
        raise FailedError("build environment", str(error)) from None
    _install(environment, job["names"], job["requires"], job["constraints"].splitlines())
    # Otherwise builds would compile what they import, each anew: they must leave the environment as it is.
    compileall.compile_dir(job["path"], quiet=2, workers=0)
    library = sysconfig.get_path("purelib", "venv", {"base": job["path"], "platbase": job["path"]})
    return {
        "python": environment.python_executable,
        "installed": {
            canonicalize_name(one.name): [one.version, one.requires or []]
            for one in distributions(path=[library])
        },
    }


def _install(
    environment: DefaultIsolatedEnv, names: str, requires: Sequence[str], constraints: Sequence[str]
) -> None:
    try:
        environment.install(requires, constraints)
    except subprocess.CalledProcessError as error:
        raise FailedError(
            names,
            f"its build requirements ({', '.join(requires)}) are not all in the build constraints by hash, "
            "or not to be had",
            error.stderr.decode(errors="replace"),
            "pin every package's build requirements there, with uv pip compile --universal --generate-hashes; "
            "where setuptools is a surprise, the package's pyproject.toml has no [build-system]",
        ) from None


if __name__ == "__main__":
    main()

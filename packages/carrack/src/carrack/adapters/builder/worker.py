"""The worker process: one isolated environment, then one build after the other in it.

Reads a job as JSON from stdin and writes one line of JSON to stdout. A process of its own, because `build` installs
into its environments with the environment that it has, and that holds a token which no build backend may see: those
get the job's own `environ`.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from build import BuildBackendException, BuildException, FailedProcessError, ProjectBuilder
from build.env import DefaultIsolatedEnv

from carrack.adapters.builder.settled import settle


class _FailedError(Exception):
    def __init__(self, name: str, reason: str, output: str = "", hint: str = "") -> None:
        super().__init__(reason)
        self.answer = {"failed": name, "reason": reason, "output": output, "hint": hint}


def main() -> None:
    """Do the job on stdin; the answer's last line is `{"made": …}`, `{"failed": …}` or `{"machine": …}`."""
    job = json.load(sys.stdin)
    answer_to = os.dup(1)
    os.dup2(2, 1)  # what pip and the backends print is not the answer
    try:
        answer: dict[str, Any] = {"made": _do(job)}
    except _FailedError as failure:
        full = os.strerror(
            errno.ENOSPC
        )  # pip and the backends are processes of their own, and say so in words
        answer = _machine(OSError(errno.ENOSPC, full)) if full in failure.answer["output"] else failure.answer
    except OSError as error:
        answer = _machine(error)
    os.write(answer_to, json.dumps(answer).encode() + b"\n")


def _machine(error: OSError) -> dict[str, Any]:
    """A full disk, for example: the machine's fault, to be told as that."""
    return {"machine": [error.errno, error.strerror, str(error.filename or tempfile.gettempdir())]}


def _do(job: Mapping[str, Any]) -> dict[str, list[str]]:
    try:
        with DefaultIsolatedEnv() as environment:
            names = ", ".join(build["name"] for build in job["builds"])
            _install(environment, names, job["requires"], job["constraints"])
            return {build["name"]: _build(environment, job, **build) for build in job["builds"]}
    except FailedProcessError as error:
        raise _FailedError("build environment", str(error)) from None


def _install(
    environment: DefaultIsolatedEnv, name: str, requires: Sequence[str], constraints: Sequence[str]
) -> None:
    try:
        environment.install(requires, constraints)
    except subprocess.CalledProcessError as error:
        raise _FailedError(
            name,
            f"its build requirements ({', '.join(requires)}) are not all in the build constraints by hash, "
            "or not to be had",
            error.stderr.decode(errors="replace"),
            "pin every package's build requirements there, with uv pip compile --universal --generate-hashes; "
            "where setuptools is a surprise, the package's pyproject.toml has no [build-system]",
        ) from None


def _build(
    environment: DefaultIsolatedEnv, job: Mapping[str, Any], *, name: str, source: str, epoch: int
) -> list[str]:
    """An sdist of `source`, and a wheel made from that sdist where wheels are wanted, as `python -m build` does it."""
    out = Path(job["out"])
    sdist = _distribution(environment, job, name, source, epoch, "sdist")
    _settle(name, out / sdist, epoch)
    if not job["wheels"]:
        return [sdist]
    with tempfile.TemporaryDirectory() as scratch:
        _unpack(name, out / sdist, scratch, backwards=job["backwards"])
        unpacked = Path(scratch) / sdist.removesuffix(".tar.gz")
        wheel = _distribution(environment, job, name, str(unpacked), epoch, "wheel")
    return [sdist, wheel]


def _settle(name: str, sdist: Path, epoch: int) -> None:
    try:
        settle(sdist, epoch)
    except (tarfile.TarError, FileNotFoundError) as error:
        raise _FailedError(name, f"{sdist.name} cannot be unpacked: {error}") from None


def _unpack(name: str, sdist: Path, to: str, *, backwards: bool) -> None:
    try:
        with tarfile.open(sdist) as archive:
            members = archive.getmembers()
            archive.extractall(to, members[::-1] if backwards else members, filter="data")
    except (
        tarfile.TarError,
        FileNotFoundError,
    ) as error:  # a link that leads out of it, for example, which pip would refuse too
        raise _FailedError(name, f"{sdist.name} cannot be unpacked: {error}") from None


def _distribution(
    environment: DefaultIsolatedEnv, job: Mapping[str, Any], name: str, source: str, epoch: int, kind: str
) -> str:
    def run(
        cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None
    ) -> None:
        told = {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(epoch)}
        _hook(cmd, cwd, {**job["environ"], **(extra_environ or {}), **told})

    try:
        builder = ProjectBuilder.from_isolated_env(environment, source, runner=run)
        _install(environment, name, sorted(builder.get_requires_for_build(kind)), job["constraints"])  # type: ignore[arg-type]
        return Path(builder.build(kind, job["out"])).name  # type: ignore[arg-type]
    except BuildException as error:
        raise _FailedError(name, f"{kind}: {error}") from None
    except BuildBackendException as error:
        raise _FailedError(name, f"{kind}: {error}", getattr(error.exception, "stdout", "")) from None


def _hook(command: Sequence[str], cwd: str | None, environ: Mapping[str, str]) -> None:
    subprocess.run(
        command,
        cwd=cwd,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=True,
    )


if __name__ == "__main__":
    main()

"""Finds a container engine by asking what is on PATH, not by its name."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from carrack.adapters.engine import ContainerEngine
from carrack.errors import NoEngineError
from carrack.ports import Report

_NAMES = ("docker", "podman")
_PATIENCE_SECONDS = 20


class _LackError(Exception):
    """Why a program is no engine."""


def find_engine(environ: Mapping[str, str], report: Report) -> ContainerEngine:
    """The first program called docker or podman on PATH that can build images now, Docker before podman.

    A Docker client is asked for its engine: it needs one that answers, and BuildKit, without which a secret would have
    to be in an argument or a file. Raises NoEngineError, which says of each program what it lacks.
    """
    faults: list[str] = []
    for program in _programs(environ.get("PATH", os.defpath)):
        try:
            return _asked(program, environ, report)
        except _LackError as reason:
            faults.append(f"{program}: {reason}")
    raise NoEngineError(
        "no container engine answers, and images need one",
        faults=tuple(faults) or ("neither docker nor podman is on PATH",),
        hint="start Docker or correct DOCKER_HOST; or install podman; carrack doctor looks at Docker too",
    )


def _programs(path: str) -> Iterator[str]:
    """Every program of these names, each file once: a client without BuildKit may stand before one that has it."""
    met: set[Path] = set()
    for name in _NAMES:
        for folder in filter(None, path.split(os.pathsep)):
            program = Path(folder) / name
            if program.is_file() and os.access(program, os.X_OK) and program.resolve() not in met:
                met.add(program.resolve())
                yield str(program)


def _asked(program: str, environ: Mapping[str, str], report: Report) -> ContainerEngine:
    """What `program` is. Raises _LackError where it cannot build."""
    told = _json(program, environ, "version")
    if "DefaultAPIVersion" in told.get("Client", {}):
        kind, version = "docker", _docker(told)
    else:
        info = _json(program, environ, "info")
        if "buildahVersion" not in info.get("host", {}):
            raise _LackError("is neither Docker nor podman")
        kind, version = "podman", str(info["version"]["Version"])
    if "--secret" not in _said(program, {**environ, "DOCKER_BUILDKIT": "1"}, "build", "--help"):
        raise _LackError("cannot mount secrets in a build")
    return ContainerEngine(program=program, kind=kind, version=version, environ=environ, report=report)


def _docker(told: Mapping[str, Any]) -> str:
    server = told.get("Server") or {}
    if not server:
        raise _LackError(f"client {told['Client']['Version']}, and no engine answers")
    if any(part.get("Name") == "Podman Engine" for part in server.get("Components") or ()):
        raise _LackError("speaks to podman's service, which has no BuildKit")
    return str(server["Version"])


def _json(program: str, environ: Mapping[str, str], question: str) -> dict[str, Any]:
    try:
        told = json.loads(_said(program, environ, question, "--format", "{{json .}}"))
    except json.JSONDecodeError:
        raise _LackError(f"does not answer `{question}` as Docker or podman do") from None
    return told if isinstance(told, dict) else {}


def _said(program: str, environ: Mapping[str, str], *arguments: str) -> str:
    try:
        done = subprocess.run(
            [program, *arguments],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise _LackError(f"gives no answer within {_PATIENCE_SECONDS} s") from None
    except OSError as error:
        raise _LackError(f"cannot be started: {error.strerror}") from None
    if done.returncode:
        lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise _LackError(lines[0] if lines else f"ends with {done.returncode}")
    return done.stdout

"""Where no container engine can be had: what is said of each program that was asked. No engine is needed here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carrack.adapters.engines import find_engine
from carrack.errors import NoEngineError
from carrack.ports import Report

CLIENT = {"Version": "28.2.2", "DefaultAPIVersion": "1.50"}
SERVER = {"Version": "28.2.2", "Components": [{"Name": "Engine"}]}


def program(folder: Path, name: str, **answers: str) -> Path:
    """A program that answers its first argument with a text, and fails at every other with one line."""
    folder.mkdir(exist_ok=True)
    cases = "".join(f"{verb}) /bin/cat <<'END'\n{text}\nEND\n;;\n" for verb, text in answers.items())
    path = folder / name
    path.write_text(f'#!/bin/sh\ncase $1 in\n{cases}*) echo "Error: $1 is not for me" >&2; exit 1;;\nesac\n')
    path.chmod(0o755)
    return path


def docker(folder: Path, *, server: object = SERVER, options: str = "--secret") -> Path:
    """A docker client that says of itself what Docker's says."""
    return program(folder, "docker", version=json.dumps({"Client": CLIENT, "Server": server}), build=options)


def faults(path: Path) -> tuple[str, ...]:
    """What each program in the folder lacks."""
    with pytest.raises(NoEngineError, match="no container engine answers") as raised:
        find_engine({"PATH": f"{path}:/bin/none"}, Report())
    return raised.value.faults


def test_finds_docker(tmp_path: Path) -> None:
    """A client whose engine answers, and that mounts secrets, is an engine of the server's version."""
    path = docker(tmp_path)
    found = find_engine({"PATH": f"{tmp_path}:/bin"}, Report())
    assert (found.program, found.kind, found.version) == (str(path), "docker", "28.2.2")


def test_finds_podman_under_docker_s_name(tmp_path: Path) -> None:
    """A program called docker that says it is podman is podman."""
    info = json.dumps({"host": {"buildahVersion": "1.28.2"}, "version": {"Version": "4.3.1"}})
    program(tmp_path, "docker", version='{"Client": {"APIVersion": "4"}}', info=info, build="--secret")
    found = find_engine({"PATH": f"{tmp_path}:/bin"}, Report())
    assert (found.kind, found.version) == ("podman", "4.3.1")


def test_says_that_there_is_none(tmp_path: Path) -> None:
    """With neither program on PATH, that is said."""
    assert faults(tmp_path) == ("neither docker nor podman is on PATH",)


def test_a_client_without_an_engine_is_none(tmp_path: Path) -> None:
    """Docker's client alone builds nothing, and what it says about its engine is repeated."""
    path = docker(tmp_path, server=None)
    assert faults(tmp_path) == (f"{path}: client 28.2.2, and no engine answers",)
    program(tmp_path, "docker")
    assert faults(tmp_path) == (f"{path}: Error: version is not for me",)


def test_an_engine_without_buildkit_is_none(tmp_path: Path) -> None:
    """Without `--secret` there is no BuildKit; nor does podman's service have one, which Docker's client reaches."""
    path = docker(tmp_path, options="--tag")
    assert faults(tmp_path) == (f"{path}: cannot mount secrets in a build",)
    docker(tmp_path, server={"Version": "4.3.1", "Components": [{"Name": "Podman Engine"}]})
    assert faults(tmp_path) == (f"{path}: speaks to podman's service, which has no BuildKit",)


def test_something_else_of_that_name_is_none(tmp_path: Path) -> None:
    """A program that does not answer as engines do, or cannot be started, is no engine."""
    path = program(tmp_path, "docker", version="hello")
    other = program(tmp_path, "podman", version="{}", info="[]")
    broken = tmp_path / "more" / "podman"
    broken.parent.mkdir()
    broken.write_text("#!/no/such/shell\n")
    broken.chmod(0o755)
    with pytest.raises(NoEngineError) as raised:
        find_engine({"PATH": f"{tmp_path}:{broken.parent}"}, Report())
    assert raised.value.faults == (
        f"{path}: does not answer `version` as Docker or podman do",
        f"{other}: is neither Docker nor podman",
        f"{broken}: cannot be started: No such file or directory",
    )

"""A job of this machine from end to end as it is typed: defined, submitted, waited for, explained, with credentials."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.carrack.local import INDEX, Shell

KEY, SECRET = "AKIAEXAMPLE", "a-secret-that-no-file-may-hold"
WORKSPACE = """
[tool.carrack]
default-index = "prod"

[tool.carrack.apps.nightly]
path = "nightly"
lock = "nightly.lock"
pythons = ["3.12"]

[tool.carrack.apps.nightly.job]
queue = "low"
timeout = 600
command = ["--day", "Ref::day"]
parameters = { day = "today" }
"""
APP = """
[project]
name = "nightly"
version = "1.0"
requires-python = ">=3.11"
[project.scripts]
nightly = "nightly:main"
[build-system]
requires = []
"""
PROGRAM = """#!/bin/sh
echo "config $CONFIG_JSON, day $2, key $AWS_ACCESS_KEY_ID$AWS_SECRET_ACCESS_KEY, home $HOME, $SHELLS_OWN"
exit ${CODE:-0}
"""


@pytest.fixture
def carrack(tmp_path: Path) -> Shell:
    """A workspace with an app, whose environment has a shell script for its program."""
    root, home = tmp_path / "workspace", tmp_path / "home"
    for folder in (root / "nightly", root / "packages/alpha", root / ".carrack/envs/nightly/bin", home):
        folder.mkdir(parents=True)
    (root / "pyproject.toml").write_text(WORKSPACE + INDEX.format(name="prod"))
    (root / "nightly/pyproject.toml").write_text(APP)
    (root / "packages/alpha/pyproject.toml").write_text('[project]\nname = "alpha"\nversion = "1.0"\n')
    program = root / ".carrack/envs/nightly/bin/nightly"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    environ: Mapping[str, str] = {
        **{
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CODEARTIFACT"))
        },
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "SHELLS_OWN": "of the shell",
    }
    return Shell(root, environ)


def submit(carrack: Shell, *arguments: str, code: int = 0) -> str:
    """Define and submit a job here, and wait for its end; its id."""
    defined = carrack("job", "define", "--on", "process")
    assert defined.returncode == 0, defined.stderr
    done = carrack("job", "submit", "--on", "process", "--wait", *arguments)
    assert done.returncode == code, done.stderr
    return done.stdout.split()[0]


def test_a_job_is_waited_for_and_ends_with_its_own_code(carrack: Shell) -> None:
    """Its parameters arrive; nothing of whoever submits it does."""
    (carrack.workspace / "p.json").write_text('{ "rows": 3 }')
    job = submit(carrack, "--param-json", "p.json", "--param", "day=monday", "--env", "CODE=3", code=3)
    said = carrack("job", "logs", job).stdout
    assert 'config {"rows":3}, day monday, key , home ' in said
    assert "of the shell" not in said
    assert str(carrack.environ["HOME"]) not in said
    assert "exit code 3" in carrack("job", "explain", job).stdout


def test_a_job_has_aws_credentials_only_when_told_to(carrack: Shell) -> None:
    """They reach it through no file and no argument."""
    job = submit(carrack, "--with-credentials")
    assert f"key {KEY}{SECRET}, home" in carrack("job", "logs", job).stdout
    holding = [
        path.name
        for path in (carrack.workspace / ".carrack/jobs").rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert len(holding) == 1, "the log, into which the job itself wrote it"


def test_a_job_on_aws_has_a_role_of_its_own(carrack: Shell) -> None:
    """Whoever says otherwise is told so, before anything is asked."""
    done = carrack("job", "submit", "--on", "aws", "--with-credentials")
    assert done.returncode == 64
    assert "--with-credentials: a job on AWS has the role that its definition names" in done.stderr


def test_what_a_process_ran_is_not_claimed_to_be_known(carrack: Shell) -> None:
    """An environment is another one after the next install."""
    done = carrack("trace", submit(carrack))
    assert done.returncode == 74
    assert "it ran in no image, but in" in done.stderr


def test_a_name_is_no_id(carrack: Shell) -> None:
    """It is answered at once, and AWS is not asked."""
    for verb in ("status", "watch", "logs", "explain", "cancel", "retry"):
        done = carrack("job", verb, "nightly")
        assert done.returncode == 64, (verb, done.stderr)
        assert "nightly: is not a job's id" in done.stderr

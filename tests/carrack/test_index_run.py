"""A command gets the index's address and token in its environment, and is otherwise as if it were typed alone."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.carrack.local import BIN, Shell, shell
from tests.carrack.wheels import make_wheel

from codeartifact_local.testing import LocalCodeArtifact

SHOW = "import json, os, sys; json.dump([dict(os.environ), open('/proc/self/cmdline').read()], sys.stdout)"


@pytest.fixture
def carrack(shared_server: LocalCodeArtifact, tmp_path: Path) -> Shell:
    """The command line, its index ready."""
    return shell(tmp_path, shared_server)


def test_address_and_token_are_in_the_environment_and_nowhere_else(
    carrack: Shell, shared_server: LocalCodeArtifact
) -> None:
    """pip, uv and twine each get theirs; the command line and the disk get nothing; AWS keys are gone."""
    planted = {"PIP_EXTRA_INDEX_URL": "http://elsewhere.example.com", "UV_FIND_LINKS": "/elsewhere"}
    done = carrack("index", "run", "--", sys.executable, "-c", SHOW, **planted)
    assert done.returncode == 0, done.stderr
    environ, command_line = json.loads(done.stdout)
    url, token = shared_server.upload_url("carrack", "prod"), environ["CODEARTIFACT_AUTH_TOKEN"]
    simple = url.replace("http://", f"http://aws:{token}@") + "simple/"
    assert environ["PIP_INDEX_URL"] == environ["UV_DEFAULT_INDEX"] == simple
    for tool, address in (("TWINE", "TWINE_REPOSITORY_URL"), ("UV_PUBLISH", "UV_PUBLISH_URL")):
        assert environ[address] == url
        assert (environ[f"{tool}_USERNAME"], environ[f"{tool}_PASSWORD"]) == ("aws", token)
    assert not planted.keys() & environ.keys()
    assert not [name for name in environ if name.startswith("AWS_")]
    assert token not in command_line + done.stderr
    assert list(Path(carrack.environ["HOME"]).rglob("*")) == []


@pytest.mark.slow
def test_twine_uploads_and_pip_and_uv_download_without_being_told_where(
    carrack: Shell, tmp_path: Path
) -> None:
    """The three real tools, each with nothing on its command line but what it is to do."""
    file = make_wheel(tmp_path, "ran", "1.0")
    for command in (
        [str(BIN / "twine"), "upload", str(file)],
        [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(tmp_path / "got"), "ran"],
        [str(BIN / "uv"), "pip", "install", "--no-cache", "--target", str(tmp_path / "uv"), "ran"],
    ):
        done = carrack("index", "run", "--to", "prod", "--", *command)
        assert done.returncode == 0, done.stderr + done.stdout
    assert (tmp_path / "got" / file.name).read_bytes() == file.read_bytes()
    assert (tmp_path / "uv" / "ran" / "__init__.py").read_text() == "VERSION = '1.0'\n"


def test_the_user_s_virtual_environment_stays(carrack: Shell, tmp_path: Path) -> None:
    """It says where uv and pip install to; without it they would look for another."""
    show = ("index", "run", "--", "sh", "-c", "echo $VIRTUAL_ENV")
    assert carrack(*show, VIRTUAL_ENV=str(tmp_path)).stdout == f"{tmp_path}\n"


def test_the_exit_code_is_the_command_s(carrack: Shell) -> None:
    """Whatever it is, and stdin and stdout are the command's too."""
    assert carrack("index", "run", "--", "sh", "-c", "exit 7").returncode == 7


def test_options_behind_the_command_are_the_command_s(carrack: Shell) -> None:
    """Even without `--`, and even `--help`."""
    assert carrack("index", "run", "echo", "--help", "--to", "x").stdout == "--help --to x\n"


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        ("no-such-command", 127, "carrack: no-such-command: there is no such command\n"),
        ("/", 126, "carrack: /: cannot be started: Permission denied\n"),
    ],
)
def test_a_command_that_cannot_be_started_is_one_sentence(
    carrack: Shell, command: str, code: int, sentence: str
) -> None:
    """With the shell's own exit codes for it."""
    done = carrack("index", "run", "--", command)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.splitlines(keepends=True)[1:] == [sentence]


def test_no_command_at_all_is_a_usage_error(carrack: Shell) -> None:
    """Exit 64, before anything is asked of the index."""
    assert carrack("index", "run").returncode == 64


def test_signals_reach_the_command_itself(carrack: Shell) -> None:
    """It is the same process: what ends the one ends the other."""
    with subprocess.Popen(
        [BIN / "carrack", "index", "run", "--", "sh", "-c", "echo $$; exec cat"],
        cwd=carrack.workspace, env=carrack.environ,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert int(process.stdout.readline()) == process.pid
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM


def test_a_closed_pipe_ends_the_command_quietly_as_in_a_shell(carrack: Shell) -> None:
    """Python ignores SIGPIPE, and a process that it becomes would inherit that."""
    status = carrack("index", "run", "--", "grep", "SigIgn", "/proc/self/status").stdout.split()[1]
    assert int(status, 16) & (1 << (signal.SIGPIPE - 1)) == 0

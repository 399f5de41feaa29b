"""load_config in a real process: what stands on which stream, and the code that it ends with."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "packages" / "batch-params" / "README.md"
PROGRAM = """
from pathlib import Path
from pydantic import BaseModel, SecretStr
from batch_params import load_config

class Parameters(BaseModel):
    input_path: Path
    batch_size: int = 1000
    token: SecretStr | None = None

print(load_config(Parameters))
"""


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """Give a program that loads its parameters and prints them."""
    program = tmp_path / "job.py"
    program.write_text(PROGRAM)
    return program


def run(
    job: Path, *argv: str, config: str | None = None, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run the program as a job would be, with nothing but CONFIG_JSON in its environment."""
    environ = {} if config is None else {"CONFIG_JSON": config}
    return subprocess.run(
        [sys.executable, str(job), *argv],
        cwd=job.parent,
        env=environ,
        input=stdin,
        capture_output=True,
        check=False,
    )


def test_valid_parameters_are_returned(job: Path) -> None:
    """The job runs on; nothing is printed but what it prints, and a secret prints as stars."""
    done = run(job, config='{"input_path": "x", "token": "hunter2"}')
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"input_path=PosixPath('x') batch_size=1000 token=SecretStr('**********')\n"


def test_problems_go_to_stderr_with_exit_code_78(job: Path) -> None:
    """One line for each, no traceback, nothing on stdout."""
    (job.parent / "job.json").write_text('{\n  "batch_size": "3"\n}')
    done = run(job, "--param-json", "job.json")
    assert (done.returncode, done.stdout) == (78, b"")
    assert done.stderr.decode().splitlines() == [
        "job.json:1:1: input_path: missing required key",
        "job.json:2:17: batch_size: must be a valid integer, not a string",
    ]


def test_a_wrong_command_line_is_exit_code_64(job: Path) -> None:
    """Usage is told apart from configuration by the code."""
    done = run(job, "--batchsize", "3", config='{"input_path": "x"}')
    assert (done.returncode, done.stdout) == (64, b"")
    assert done.stderr == b"command line: unknown flag --batchsize; did you mean --batch-size?\n"


def test_no_configuration_is_exit_code_78(job: Path) -> None:
    """A job that was given nothing says so."""
    done = run(job)
    assert (done.returncode, done.stdout) == (78, b"")
    assert done.stderr.startswith(b"parameters: none are given")


def test_help_is_a_result(job: Path) -> None:
    """--help prints on stdout and ends with 0."""
    done = run(job, "--help")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"usage: job.py [--KEY VALUE ...] [--param-json FILE] ")


def test_standard_input_is_a_source(job: Path) -> None:
    """`--param-json -` reads the object from standard input, and its problems are addressed there."""
    assert run(job, "--param-json", "-", stdin=b'{"input_path": "x"}').returncode == 0
    done = run(job, "--param-json", "-", stdin=b"{}")
    assert done.stderr == b"standard input:1:1: input_path: missing required key\n"


def test_a_key_cannot_break_the_line_or_drive_the_terminal(job: Path) -> None:
    """Control characters are escaped, whether they come from keys or from a file's name."""
    done = run(job, config=json.dumps({"input_path": "x", "a\n\x1b[2J": 1}))
    assert (done.returncode, len(done.stderr.splitlines())) == (78, 1)
    done = run(job, "--param-json", "a\n\x1b[2J.json")
    assert (done.returncode, len(done.stderr.splitlines())) == (78, 1)
    assert b"\x1b" not in done.stderr


def test_the_readmes_example_is_true(job: Path) -> None:
    """The README's program, run on the README's document, ends with exactly the README's lines."""
    text = README.read_text(encoding="utf-8")
    program, document, lines, *_ = re.findall(r"```(?:python|json|text)\n(.*?)```", text, re.DOTALL)
    job.write_text(program)
    (job.parent / "job.json").write_text(document)
    done = run(job, "--param-json", "job.json")
    assert (done.returncode, done.stderr.decode()) == (78, lines)


def test_the_readmes_explanation_is_true(job: Path) -> None:
    """The README's commands, typed into a shell, print exactly what the README shows."""
    text = README.read_text(encoding="utf-8")
    program, shares = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (console,) = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    job.write_text(program)
    commands = [line.removeprefix("$ ") for line in console.splitlines() if line.startswith("$ ")]
    shown = [line for line in console.splitlines() if not line.startswith("$ ")]
    script = "\n".join([f'python() {{ "{sys.executable}" "$@"; }}', *commands])
    done = subprocess.run(["bash", "-c", script], cwd=job.parent, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == shown
    told: dict[str, object] = {}
    exec(shares, told)  # noqa: S102 - the README's own lines
    assert str(told["share"]) == "shard 0 of 1"


def test_loading_stays_light(job: Path) -> None:
    """A job that only loads its parameters has imported no AWS library and no network stack for it."""
    job.write_text(PROGRAM + "import sys\nprint(*sorted(sys.modules), sep='\\n')\n")
    done = run(job, "--batch-size", "3", config='{"input_path": "x"}')
    modules = done.stdout.decode().splitlines()
    assert "batch_params.load" in modules
    assert not {"boto3", "botocore", "asyncio", "ssl", "http.client", "unittest"} & set(modules)

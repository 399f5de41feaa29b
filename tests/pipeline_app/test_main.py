"""The command: exit codes, stdout, stderr, and signals."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_app.parameters import Parameters

Prepare = Callable[..., Parameters]


def command(parameters: Parameters, **changes: object) -> subprocess.CompletedProcess[str]:
    """Run `python -m pipeline_app` with the parameters in CONFIG_JSON."""
    text = json.dumps(json.loads(parameters.model_dump_json()) | changes)
    return subprocess.run(
        [sys.executable, "-m", "pipeline_app"],
        env=os.environ | {"CONFIG_JSON": text},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_finished_job_prints_its_summary_as_json(parameters: Prepare) -> None:
    """Stdout holds one JSON object and nothing else; people read stderr."""
    given = parameters({"x.csv": "id,n\na,1\na,2\nb,-1\n"})
    done = command(given)
    assert done.returncode == 0
    assert json.loads(done.stdout) == {
        "read": 3,
        "written": 1,
        "duplicates": 1,
        "rejected": 1,
        "files": ["part-00000.parquet", "_rejects.jsonl"],
        "output": str(given.output_path),
    }
    assert "3 records read = 1 written + 1 duplicates + 1 rejected" in done.stderr
    assert "_rejects.jsonl" in done.stderr


def test_debug_tells_of_every_file(parameters: Prepare) -> None:
    """With `debug` stderr has the files one by one; without, it does not."""
    given = parameters({"x.csv": "id,n\na,1\n", "y.csv": "id,n\nb,1\n"})
    assert "y.csv" not in command(given).stderr
    assert "y.csv" in command(given, debug=True, output_path=f"{given.output_path}-2").stderr


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({"input_path": "absent.csv"}, 66, "error: absent.csv: there is no such file or folder"),
        ({"rules_path": "absent.toml"}, 78, "error: absent.toml: cannot be read: No such file or directory"),
        ({"batch_size": 0}, 78, "batch_size"),
        ({"output_path": "/dev/null"}, 78, "error: /dev/null: cannot be an output folder"),
    ],
)
def test_a_mistake_is_one_sentence_and_its_exit_code(
    parameters: Prepare, changes: dict[str, object], code: int, sentence: str
) -> None:
    """No traceback, nothing on stdout, and the code says who can act."""
    done = command(parameters({"x.csv": "id,n\na,1\n"}), **changes)
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_input_that_breaks_off_is_exit_66(parameters: Prepare, tmp_path: Path) -> None:
    """Data that cannot be read is for whoever delivers it."""
    given = parameters({"x.csv.gz": "not gzip"})
    done = command(given)
    assert done.returncode == 66
    assert "error: x.csv.gz: cannot be read on after 0 decompressed bytes" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_a_bug_is_exit_70_with_a_traceback(parameters: Prepare) -> None:
    """What we did not foresee is not dressed up as the user's mistake."""
    given = parameters({"x.csv": "id,n\na,1\n"})
    code = (
        "import sys; from pipeline_app import job, main; "
        "job.describe = lambda *_: 1 / 0; sys.exit(main.main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"CONFIG_JSON": given.model_dump_json()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 70
    assert "ZeroDivisionError" in done.stderr
    assert list(given.output_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_job_cleanly(parameters: Prepare, tmp_path: Path, number: signal.Signals) -> None:
    """The exit code is 128 and the signal's number; there is no manifest, and no file under a final name."""
    given = parameters({}).model_copy(update={"input_path": tmp_path / "endless.csv"})
    os.mkfifo(given.input_path)
    job = subprocess.Popen(
        [sys.executable, "-m", "pipeline_app"],
        env=os.environ | {"CONFIG_JSON": given.model_dump_json()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    fed = threading.Event()

    def feed() -> None:
        row = b"x,1\n" * 100_000
        with given.input_path.open("wb", buffering=0) as pipe:
            pipe.write(b"id,n\n")
            for _ in range(1000):  # far more than is read before the signal
                try:
                    pipe.write(row)
                except BrokenPipeError:
                    return
                fed.set()

    thread = threading.Thread(target=feed, daemon=True)
    thread.start()
    assert fed.wait(60)
    job.send_signal(number)
    out, err = job.communicate(timeout=60)
    thread.join(60)
    assert job.returncode == 128 + number, err
    assert out == ""
    assert f"stopped by signal {number.value}; nothing was written" in err
    assert list(given.output_path.iterdir()) == []

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


def command(
    parameters: Parameters, environ: dict[str, str] | None = None, /, **changes: object
) -> subprocess.CompletedProcess[str]:
    """Run `python -m pipeline_app` with the parameters in CONFIG_JSON."""
    text = json.dumps(json.loads(parameters.model_dump_json()) | changes)
    return subprocess.run(
        [sys.executable, "-m", "pipeline_app"],
        env=os.environ | {"CONFIG_JSON": text} | (environ or {}),
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


def test_an_array_job_and_its_merge_are_the_same_command(parameters: Prepare) -> None:
    """AWS Batch says who is which child; a child that is run again is told which shard it was."""
    given = parameters({"1.csv": "id,n\na,1\n", "2.csv": "id,n\na,2\nb,-1\nc,1\n"})
    children = [
        {"AWS_BATCH_JOB_ARRAY_INDEX": "0", "AWS_BATCH_JOB_ARRAY_SIZE": "2"},
        {"CARRACK_SHARD_MAP": "[1]", "CARRACK_SHARD_COUNT": "2"},
    ]
    shares = [json.loads(command(given, child).stdout) for child in children]
    assert [(one["shard"], one["shards"], one["read"], one["good"], one["rejected"]) for one in shares] == [
        (0, 2, 1, 1, 0),
        (1, 2, 3, 2, 1),
    ]
    merged = json.loads(command(given, mode="merge").stdout)
    assert [merged[name] for name in ("read", "written", "duplicates", "rejected")] == [4, 2, 1, 1]


def test_a_merge_without_its_shards_is_exit_66(parameters: Prepare) -> None:
    """The input of a merge is what the shards have done."""
    done = command(parameters({"x.csv": "id,n\n"}), mode="merge")
    assert done.returncode == 66
    assert "no shard has done its work there; run the array job first" in done.stderr


def test_a_child_that_does_not_know_its_shard_is_exit_78(parameters: Prepare) -> None:
    """It does nobody's work rather than another's."""
    done = command(parameters({"x.csv": "id,n\n"}), {"AWS_BATCH_JOB_ARRAY_INDEX": "1"})
    assert done.returncode == 78
    assert "error: AWS_BATCH_JOB_ARRAY_INDEX: comes with AWS_BATCH_JOB_ARRAY_SIZE" in done.stderr


def test_a_second_attempt_at_a_finished_job_is_fine(parameters: Prepare) -> None:
    """AWS Batch repeats a job whose host was lost; a person who repeats one is told that its output is there."""
    given = parameters({"x.csv": "id,n\na,1\n"})
    first = command(given)
    assert command(given, {"AWS_BATCH_JOB_ATTEMPT": "2"}).stdout == first.stdout
    assert command(given, {"AWS_BATCH_JOB_ATTEMPT": "1"}).returncode == 78


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
    done = command(parameters({"x.csv": "id,n\na,1\n"}), {}, **changes)
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


def test_a_device_that_fails_is_exit_75(parameters: Prepare) -> None:
    """The file may be in order, and the same job succeed later."""
    given = parameters({"x.csv": ""})
    file = Path(given.input_path, "x.csv")
    file.unlink()
    file.symlink_to("/proc/self/mem")  # which answers a read of its start with EIO
    done = command(given)
    assert done.returncode == 75
    assert "Input/output error: 'x.csv'" in done.stderr


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
    assert os.listdir(given.output_path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_job_cleanly(parameters: Prepare, tmp_path: Path, number: signal.Signals) -> None:
    """The exit code is 128 and the signal's number; there is no manifest, and no file under a final name."""
    endless = tmp_path / "endless.csv"
    os.mkfifo(endless)
    given = parameters({}).model_copy(update={"input_path": str(endless)})
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
        with endless.open("wb", buffering=0) as pipe:
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
    assert f"stopped by signal {number.value}; what is checked is kept in {given.output_path}" in err
    assert os.listdir(given.output_path) == [".unfinished"]

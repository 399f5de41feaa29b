"""Jobs that are killed: SIGKILL at each of their writes, and on they go."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.pipeline_app.test_shards import content, to

from pipeline_app.job import run
from pipeline_app.parameters import Parameters

Prepare = Callable[..., Parameters]
FEW = {"1.csv": "id,n\nb,1\na,-2\nb,3\n", "2.jsonl": '{"id": "a", "n": 4}\n{"id": "b", "n": 5}\n?\n'}
ROOT = Path(__file__).parents[2]


def run_killed(parameters: Parameters, shards: int) -> int:
    """Run the job as so many shards, once for each of its writes, at which it is killed; return how many there are."""
    command = [sys.executable, "-m", "tests.pipeline_app.killing", parameters.model_dump_json(), str(shards)]
    return int(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout)


@pytest.mark.slow
@pytest.mark.parametrize("shards", [0, 2])
def test_a_job_that_is_killed_at_any_write_ends_with_the_same_bytes(
    parameters: Prepare, tmp_path: Path, shards: int
) -> None:
    """Before each write or rename, of a segment, of a list, of a finished file: nothing is lost or there twice."""
    given = parameters(FEW)
    run(to(given, tmp_path / "one"))
    writes = run_killed(given, shards)
    assert writes > 20
    for moment in range(writes):
        assert content(tmp_path / f"out-{moment}") == content(tmp_path / "one")

"""Memory does not grow with the input."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_app.parameters import Parameters

ROOM = 64  # MiB that the larger job may need beyond the smaller

PEAK = """
from pathlib import Path
print(next(int(line.split()[1]) // 1024 for line in Path("/proc/self/status").open() if "VmHWM" in line))
"""
JOB = """
import sys
from pipeline_app.job import run
from pipeline_app.parameters import Parameters
run(Parameters.model_validate_json(sys.argv[1]))
"""
NAIVE = """
import sys
from record_io import find_inputs, read_records
from record_rules import Checker, load_rules
from pipeline_app.parameters import Parameters
parameters = Parameters.model_validate_json(sys.argv[1])
checker = Checker(load_rules(parameters.rules_path))
seen = set()
for batch in map(checker.check, read_records(find_inputs(parameters.input_path), checker.reading)):
    seen.update(batch.records["id"].to_pylist())
"""
RULES = """
key = ["id"]
columns.id.type = "string"
columns.name.type = "string"
columns.amount = { type = "float", min = 0 }
columns.day.type = "date"
"""


def peak(code: str, folder: Path, records: int) -> int:
    """Return the peak resident memory in MiB (VmHWM) of a process that runs `code` over so many records."""
    source = folder / f"{records}.csv"
    if not source.exists():
        with source.open("w") as file:
            file.write("id,name,amount,day\n")
            for number in range(records):
                key = number if number % 50 else number // 2
                file.write(f"K{key:09},name {number % 977},{number % 99991}.5,2024-01-{number % 28 + 1:02}\n")
    (folder / "rules.toml").write_text(RULES)
    output = folder / f"out-{records}"
    given = Parameters(input_path=str(source), output_path=str(output), rules_path=str(folder / "rules.toml"))
    arguments = [sys.executable, "-c", code + PEAK, given.model_dump_json()]
    return int(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_a_million_records_need_no_more_memory_than_a_hundred_thousand(tmp_path: Path) -> None:
    """The keys are on disk; a set of them in memory, the control, does not stay within the same room."""
    assert peak(JOB, tmp_path, 1_000_000) - peak(JOB, tmp_path, 100_000) < ROOM
    assert peak(NAIVE, tmp_path, 1_000_000) - peak(NAIVE, tmp_path, 100_000) > ROOM

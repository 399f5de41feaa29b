"""The example jobs, over the real data that they were written for."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from pipeline_app.job import run
from pipeline_app.parameters import Parameters
from record_rules import load_rules

EXAMPLES = Path(__file__).parents[2] / "pipeline_app/examples"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the data files of the vega_datasets wheel, as pip downloads it."""
    folder = tmp_path_factory.mktemp("vega")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*pip, "--dest", str(folder), "vega_datasets==0.9.0"], check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder / "vega_datasets/_data"


@pytest.mark.parametrize("name", ["airports", "weather"])
def test_the_parameters_and_rules_are_valid(name: str) -> None:
    """Each example is a parameter file beside the rules that it names."""
    parameters = Parameters.model_validate_json((EXAMPLES / f"{name}.json").read_text())
    assert parameters.rules_path.endswith(f"/{name}.toml")
    assert load_rules(EXAMPLES / f"{name}.toml").key


@pytest.mark.registry
@pytest.mark.parametrize(
    ("name", "file", "counts", "reasons"),
    [
        ("airports", "airports.csv", (3376, 3360, 0), {"state: 'NA'": 12, "state: 'CQ'": 4}),
        ("weather", "seattle-weather.csv", (1461, 1461, 0), {}),
    ],
)
def test_the_jobs_do_what_the_readme_says(
    data: Path, tmp_path: Path, name: str, file: str, counts: tuple[int, int, int], reasons: dict[str, int]
) -> None:
    """Twelve airports have no state (`NA`), four a code that is not the postal one; the weather is fine."""
    shutil.copy(data / file, tmp_path)
    summary = run(
        Parameters(
            input_path=str(tmp_path / file),
            output_path=str(tmp_path / "out"),
            rules_path=str(EXAMPLES / f"{name}.toml"),
        )
    )
    assert (summary.read, summary.written, summary.duplicates) == counts
    lines = (tmp_path / "out/_rejects.jsonl").read_text().splitlines()
    assert Counter(json.loads(line)["reason"].split(" is ")[0] for line in lines) == reasons

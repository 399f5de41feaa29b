"""A staged release, by the README's own commands: published to staging, locked, installed and run there, promoted."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.flows.conftest import ROOT, Carrack
from tests.flows.test_killed_publish import holdings

from codeartifact_local.testing import LocalCodeArtifact

pytestmark = [pytest.mark.registry, pytest.mark.slow]

NAMES = {"staging": "local-staging", "prod": "local"}
"""What the README's indexes are called in this repository."""
RECORDS = """\
iata,name,city,state,country,latitude,longitude
00M,Thigpen,Bay Springs,MS,USA,31.95376472,-89.23450472
00R,Livingston Municipal,Livingston,TX,USA,30.68586111,-95.01792778
00V,Meadow Lake,Colorado Springs,CX,USA,38.94574889,-104.5698933
"""


def commands() -> list[str]:
    """The lines of the README's section, for the indexes of this repository."""
    section = (ROOT / "README.md").read_text().split("### Staging first\n", 1)[1].split("\n### ", 1)[0]
    lines = [
        line.removeprefix("$ ").partition(" #")[0].strip()
        for line in section.splitlines()
        if line.startswith("$ ")
    ]
    return [re.sub(r"\b(staging|prod)\b", lambda found: NAMES[found[0]], line) for line in lines]


@dataclass(frozen=True, kw_only=True)
class Done:
    """A command that was typed: what it printed; the app's lock, and production's files, when it had ended."""

    command: str
    printed: str
    lock: str
    production: Mapping[str, str]


@pytest.fixture(scope="module")
def story(carrack: Carrack, index: LocalCodeArtifact) -> list[Done]:
    """All of the commands, each of which succeeded."""
    data = carrack.workspace / ".demo/data/airports"
    data.mkdir(parents=True)
    (data / "airports.csv").write_text(RECORDS)
    return [typed(command, carrack, index) for command in commands()]


def typed(command: str, carrack: Carrack, index: LocalCodeArtifact) -> Done:
    """Type it in the workspace."""
    environ = {**carrack.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        command.split(), cwd=carrack.workspace, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stderr}{done.stdout}"
    lock = carrack.workspace / "pipeline_app/requirements.lock"
    return Done(
        command=command,
        printed=done.stdout,
        lock=lock.read_text() if lock.exists() else "",
        production=holdings(index.client(), "prod"),
    )


def test_the_smoke_job_ran_on_what_staging_has(story: list[Done]) -> None:
    """Two airports are good, one has no state of the Union; production had nothing by then."""
    verbs = [one.command.split()[1] for one in story]
    assert verbs == ["publish", "lock", "install", "--param-json", "promote", "install"]
    job = json.loads(story[3].printed)
    assert {key: job[key] for key in ("read", "written", "rejected")} == {
        "read": 3,
        "written": 2,
        "rejected": 1,
    }
    assert [bool(one.production) for one in story] == [False] * 4 + [True] * 2


def test_the_very_files_are_on_production_and_the_lock_is_as_it_was_tested(
    story: list[Done], carrack: Carrack, index: LocalCodeArtifact
) -> None:
    """The same hashes on both sides, nothing built a second time; the lock's digest is the receipt of either."""
    assert "5 packages are on local" in story[4].printed
    assert story[5].production == holdings(index.client(), "staging") != {}
    assert len({one.lock for one in story[1:]}) == 1
    for name in NAMES.values():
        assert "requirements.lock: it is up to date" in carrack("lock", "--to", name).stderr
    assert "nothing to release" in carrack.ok("publish", "--to", "local")


@pytest.mark.usefixtures("story")
def test_where_production_lacks_a_file_the_lock_installs_nothing_from_it(
    carrack: Carrack, index: LocalCodeArtifact
) -> None:
    """The control: it is not what was tested then."""
    index.client().delete_package_versions(
        domain="carrack", repository="prod", format="pypi", package="record-io", versions=["0.1.0"]
    )
    refused = carrack("install", "--to", "local")
    assert refused.returncode == 76
    assert "local does not hold record-io at the version in the tree" in refused.stderr

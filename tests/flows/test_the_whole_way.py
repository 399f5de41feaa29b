"""From packages/ through the private index to a finished job, with real git, pip, uv, twine and HTTP.

The tests of this module are one story and run in this order.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.flows.conftest import Carrack

from codeartifact_local.testing import LocalCodeArtifact

pytestmark = pytest.mark.registry

PACKAGES = {"batch-params", "carrack", "codeartifact-local", "record-io", "record-rules"}


def published(carrack: Carrack) -> list[str]:
    """The names that one `carrack publish` released, in its order."""
    return [step["package"] for step in json.loads(carrack.ok("publish", "--to", "local", "--json"))]


def test_a_fresh_index_gets_every_package_with_what_it_needs_first(
    carrack: Carrack, index: LocalCodeArtifact
) -> None:
    """Publishing to an empty index releases all five packages, dependencies before dependents."""
    released = published(carrack)
    assert set(released) == PACKAGES
    assert released.index("record-io") < released.index("record-rules")
    assert released.index("batch-params") < released.index("carrack")


def test_publishing_again_releases_nothing(carrack: Carrack) -> None:
    """A second publish of the same commit finds everything on the index and writes nothing."""
    assert published(carrack) == []


def test_another_machine_makes_the_receipt_again(carrack: Carrack) -> None:
    """Without the receipt file the same versions are known as published, with their commits."""
    for receipt in (carrack.workspace / ".carrack" / "receipts").iterdir():
        receipt.unlink()
    states = {
        row["package"]: row["state"] for row in json.loads(carrack.ok("status", "--to", "local", "--json"))
    }
    assert states == dict.fromkeys(PACKAGES, "published")


def test_the_lock_holds_the_index_s_own_hashes_and_no_address(
    carrack: Carrack, index: LocalCodeArtifact
) -> None:
    """A workspace package's hash in the lock is the index's; neither address nor token is in the file."""
    carrack.ok("lock", "--to", "local", "--app", "pipeline_app")
    text = (carrack.workspace / "pipeline_app" / "requirements.lock").read_text()
    assets = index.client().list_package_version_assets(
        domain="carrack", repository="prod", format="pypi", package="record-io", packageVersion="0.1.0"
    )["assets"]
    (wheel,) = (asset for asset in assets if asset["name"].endswith(".whl"))
    assert wheel["hashes"]["SHA-256"] in text
    assert "http" not in text
    assert "127.0.0.1" not in text


def test_the_installed_app_does_the_job(carrack: Carrack, tmp_path: Path) -> None:
    """The app, installed from its lock, reads records, drops the second of a key, rejects a bad one, and adds up."""
    carrack.ok("install", "--to", "local", "--app", "pipeline_app")
    done = run_job(carrack, tmp_path)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert {key: summary[key] for key in ("read", "written", "duplicates", "rejected")} == {
        "read": 4, "written": 2, "duplicates": 1, "rejected": 1,
    }  # fmt: skip


def run_job(carrack: Carrack, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the installed app over four records in `folder`."""
    (folder / "in").mkdir()
    (folder / "in" / "records.csv").write_text("id,value\na,1\nb,2\na,3\nc,x\n")
    (folder / "rules.toml").write_text(
        'key = ["id"]\n[columns.id]\ntype = "string"\nrequired = true\n[columns.value]\ntype = "int"\n'
    )
    parameters = {
        "input_path": str(folder / "in"),
        "output_path": str(folder / "out"),
        "rules_path": str(folder / "rules.toml"),
        "batch_size": 100,
    }
    app = carrack.workspace / ".carrack" / "envs" / "pipeline_app" / "bin" / "pipeline-app"
    environ = {"PATH": os.environ["PATH"], "CONFIG_JSON": json.dumps(parameters)}
    return subprocess.run([app], env=environ, capture_output=True, text=True, check=False)


def test_pip_installs_by_hand_from_the_index(carrack: Carrack, tmp_path: Path) -> None:
    """`pip install --index-url http://aws:TOKEN@…/simple/ record-rules` works, dependencies from upstream included."""
    token = carrack.ok("token", "--to", "local").strip()
    url = carrack.ok("index", "url", "--to", "local").strip().replace("http://", f"http://aws:{token}@")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    done = pip(tmp_path / "env", "install", "--index-url", url, "record-rules")
    assert done.returncode == 0, done.stderr


def pip(environment: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pip for `environment` with no configuration of this machine."""
    environ = {"PATH": os.environ["PATH"], "PIP_CONFIG_FILE": os.devnull, "HOME": str(environment)}
    return subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(environment), *arguments],
        env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_expired_token_is_called_that(carrack: Carrack, index: LocalCodeArtifact, tmp_path: Path) -> None:
    """With an expired token pip shows a 401, and our verbs say that it has expired, and when."""
    token = carrack.ok("token", "--to", "local", "--duration", "900").strip()
    url = carrack.ok("index", "url", "--to", "local").strip().replace("http://", f"http://aws:{token}@")
    index.clock.advance(901)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    assert "401" in pip(tmp_path / "env", "install", "--index-url", url, "record-rules").stderr
    app = ("--app", "pipeline_app")
    for verb, *what in (("publish", "record-rules"), ("lock", *app), ("install", *app)):
        refused = carrack(verb, "--to", "local", *what, CODEARTIFACT_AUTH_TOKEN=token)
        assert refused.returncode == 69, refused.stderr
        assert "expired" in refused.stderr


def test_a_changed_line_without_a_version_is_unreleased_and_left_alone(carrack: Carrack) -> None:
    """`publish` then says so and exits 0; by name it stops before any write and names the differing member.

    A dry run by name stops in the same way.
    """
    module = carrack.workspace / "packages" / "record-io" / "src" / "record_io" / "__init__.py"
    module.write_text(module.read_text() + "\n# one more line\n")
    carrack.commit("Change a line")
    done = carrack("publish", "--to", "local")
    assert done.returncode == 0
    assert "record-io 0.1.0 is unreleased" in done.stderr
    for arguments in (("record-io",), ("record-io", "--dry-run")):
        refused = carrack("publish", "--to", "local", *arguments)
        assert refused.returncode == 73
        assert "record_io/__init__.py" in refused.stderr


def test_a_raised_version_goes_out_before_what_needs_it(carrack: Carrack) -> None:
    """After a bump that its dependent's pin does not admit, both are released, the needed one first."""
    carrack.ok("bump", "record-io", "minor")
    carrack.commit("Raise record-io")
    assert published(carrack) == ["record-io", "record-rules"]

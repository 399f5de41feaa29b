"""A publish that is killed between two uploads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.flows.conftest import Carrack
from tests.flows.killing_proxy import killing_proxy

from codeartifact_local.testing import LocalCodeArtifact

pytestmark = [pytest.mark.registry, pytest.mark.slow]


def holdings(client: Any, repository: str) -> dict[str, str]:
    """Every file of our packages in `repository`, with its hash."""
    where = {"domain": "carrack", "repository": repository, "format": "pypi"}
    found: dict[str, str] = {}
    for package in client.list_packages(**where, publish="ALLOW")["packages"]:
        name = package["package"]
        for version in client.list_package_versions(**where, package=name)["versions"]:
            assets = client.list_package_version_assets(
                **where, package=name, packageVersion=version["version"]
            )
            found |= {asset["name"]: asset["hashes"]["SHA-256"] for asset in assets["assets"]}
    return found


@pytest.mark.parametrize("after", [1, 2, 5])
def test_run_again_it_completes_and_equals_an_undisturbed_run(
    carrack: Carrack, index: LocalCodeArtifact, after: int
) -> None:
    """Killed after its first, second or fifth upload, a publish goes on when run again; the bytes are the same."""
    carrack.ok("publish", "--to", "local-staging")
    undisturbed = holdings(index.client(), "staging")
    clear(index.client(), "prod")
    with killing_proxy(index.url) as (url, proxy):
        environ = {**carrack.environ, "CODEARTIFACT_LOCAL_URL": url}
        command: list[Path | str] = [Path(sys.executable).with_name("carrack"), "publish", "--to", "local"]
        process = subprocess.Popen(command, cwd=carrack.workspace, env=environ, stderr=subprocess.DEVNULL)
        proxy.victim, proxy.after = process.pid, after
        assert process.wait(timeout=120) == -9
    there = len(holdings(index.client(), "prod"))
    assert after <= there < len(undisturbed)  # what goes up side by side may arrive before the kill does
    carrack.ok("publish", "--to", "local")
    assert holdings(index.client(), "prod") == undisturbed


def clear(client: Any, repository: str) -> None:
    """Take the packages published by hand out of `repository`, by making it anew."""
    client.delete_repository(domain="carrack", repository=repository)
    client.create_repository(
        domain="carrack", repository=repository, upstreams=[{"repositoryName": "pypi-store"}]
    )

"""The requests that `index cost` reckons with are those that real installs and releases make."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from tests.flows.conftest import ROOT, Carrack, git

from codeartifact_local import serving
from codeartifact_local.app import create_app
from codeartifact_local.testing import local_codeartifact

pytestmark = [pytest.mark.registry, pytest.mark.slow]


class Counting:
    """The command line with an index that counts what it is asked."""

    def __init__(self) -> None:
        self.count = 0
        self.carrack: Carrack

    def application(self, *settings: Any) -> Any:
        """The real one, counted."""
        app = create_app(*settings)

        async def counted(scope: Any, receive: Any, send: Any) -> None:
            self.count += scope["type"] == "http"
            await app(scope, receive, send)

        return counted

    def requests_of(self, *arguments: str) -> int:
        """How many `carrack ARGUMENTS`, which succeeds, makes."""
        before = self.count
        self.carrack.ok(*arguments)
        return self.count - before

    def reckoned(self, habit: str) -> int:
        """What `index cost` takes for one of it."""
        found = json.loads(self.carrack.ok("index", "cost", "--to", "local", f"--{habit}", "1", "--json"))
        (one,) = found["requests"]
        each: int = one["each"]
        return each


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counting]:
    """This repository published to an index and locked, and the next version of one package committed."""
    found = Counting()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serving, "create_app", found.application)
        with local_codeartifact(tmp_path_factory.mktemp("index")) as server:
            workspace = tmp_path_factory.mktemp("workspace") / "clone"
            git(ROOT, "clone", "--quiet", "--no-local", str(ROOT), str(workspace))
            cold = {"CARRACK_CACHE": str(tmp_path_factory.mktemp("cache"))}  # as a runner of CI has it
            found.carrack = Carrack(workspace, {**server.environ(), **cold})
            found.carrack.ok("index", "create", "--to", "local", "--yes")
            found.carrack.ok("publish", "--to", "local")
            found.carrack.ok("lock", "--to", "local")
            found.carrack.ok("bump", "record-rules", "patch")
            found.carrack.commit("The next one")
            yield found


def test_an_install_from_a_lock_makes_the_requests_that_are_reckoned_with(
    counting: Counting, tmp_path: Path
) -> None:
    """Exactly: pip asks for one page and one file of each distribution, after an address and a token."""
    pip = ("pip", "download", "--no-cache-dir", "--no-deps", "--require-hashes", "--dest", str(tmp_path))
    lock = str(counting.carrack.workspace / "pipeline_app" / "requirements.lock")
    made = counting.requests_of("index", "run", "--to", "local", "--", *pip, "--requirement", lock)
    assert made == counting.reckoned("installs")


def test_a_release_makes_no_more_requests_than_are_reckoned_with(counting: Counting) -> None:
    """Nor many fewer: what the build backend needs is asked for too, and that changes with its versions."""
    rmtree(counting.carrack.environ["CARRACK_CACHE"])
    reckoned = counting.reckoned("releases")
    made = counting.requests_of("publish", "--to", "local")
    assert reckoned * 0.8 <= made <= reckoned, made

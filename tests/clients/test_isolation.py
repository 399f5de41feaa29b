"""Clients run apart from the caller, and a watch that would see it if they did not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.clients.bench import Bench, open_bench
from tests.clients.caller import Caller
from tests.clients.workplace import Workplace

from codeartifact_local.testing import LocalCodeArtifact


@pytest.fixture
def bench(local: LocalCodeArtifact, caller: Caller, tmp_path: Path) -> Bench:
    """Give the aws CLI's bench while HOME is the caller's."""
    assert os.environ["HOME"] == str(caller.home)
    return open_bench("aws", local, tmp_path / "place")


@pytest.mark.slow
@pytest.mark.registry
@pytest.mark.parametrize("tool", ["pip", "twine"])
def test_login_writes_to_the_workplace_and_not_to_the_caller(tool: str, bench: Bench, caller: Caller) -> None:
    """What `aws codeartifact login` writes lands in the workplace's HOME; the caller's files stay as they were."""
    bench.succeed(f"login for {tool}")
    written = {path.name for path in bench.place.home.rglob("*") if path.is_file()}
    assert {"pip": "pip.conf", "twine": ".pypirc"}[tool] in written
    assert caller.changed() == []


@pytest.mark.slow
@pytest.mark.registry
@pytest.mark.parametrize(("tool", "file"), [("pip", ".config/pip/pip.conf"), ("twine", ".pypirc")])
def test_login_without_the_workplace_s_home_is_seen(
    tool: str, file: str, bench: Bench, caller: Caller
) -> None:
    """The control: with the caller's own HOME, login does change the caller's file, and that is noticed."""
    done = bench.place.run(bench.start.steps[f"login for {tool}"], **caller.variables())
    assert done.exit == 0, done
    assert file in caller.changed()


def test_a_workplace_s_environment_holds_nothing_of_the_caller_s(
    caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No variable of the caller reaches a client, whatever its name is; a keyring is switched off."""
    monkeypatch.setenv("PIP_INDEX_URL", "of-the-caller")
    monkeypatch.setenv("SOMETHING_ELSE", "of-the-caller")
    place = Workplace(folder=tmp_path / "place", scripts=())
    assert "of-the-caller" not in place.environ().values()
    assert not [value for value in place.environ().values() if str(caller.home) in value]
    assert place.run("echo $HOME $PYTHON_KEYRING_BACKEND").said == (
        f"{place.home} keyring.backends.null.Keyring"
    )


def test_a_command_that_fails_ends_the_lines(tmp_path: Path) -> None:
    """Lines after one that fails are not run, and its exit code is the answer."""
    done = Workplace(folder=tmp_path, scripts=()).run("echo one\n(exit 3)\necho two")
    assert (done.exit, done.said) == (3, "one")

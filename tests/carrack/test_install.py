"""`carrack install`: environments from locks. pip, uv, venv, the builds and the index are real."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.carrack.published import HERE, Published, published_workspace, write_distribution
from tests.carrack.wheels import make_wheel

from carrack.adapters.environment import isolated
from carrack.adapters.installer import PipEnvironments
from carrack.commands.install import install, install_editable
from carrack.errors import LockError, UsageError
from carrack.model.lock import Lock

OTHER = "3.14"


class Install:
    """`carrack install` of the published workspace into one folder."""

    def __init__(self, published: Published, into: Path) -> None:
        self.published, self.into = published, into
        published.pythons = (HERE,)
        environ = isolated(published.environ, published.index.access)
        self.environments = PipEnvironments(environ=environ, constraints=published.constraints)

    def __call__(self, lock: Lock, python: str = sys.executable) -> None:
        """Install what `lock` names."""
        install(
            self.published.workspace,
            self.published.app,
            lock,
            self.published.receipt,
            self.published.own,
            into=self.into,
            python=python,
            environments=self.environments,
            tools=self.published.tools,
            report=self.published.report,
        )

    def editable(self, lock: Lock) -> None:
        """Install what `lock` names of third parties, and ours as editable."""
        install_editable(
            self.published.workspace,
            self.published.app,
            lock,
            into=self.into,
            python=sys.executable,
            environments=self.environments,
            tools=self.published.tools,
            report=self.published.report,
        )

    def run(self, code: str) -> str:
        """What `code` prints in the environment."""
        python = self.into / "bin" / "python"
        return subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True).stdout

    def holds(self) -> dict[str, str]:
        """The distributions in the environment, with their versions."""
        code = (
            "import json, importlib.metadata as m;"
            "print(json.dumps({d.name: d.version for d in m.distributions()}))"
        )
        found: dict[str, str] = json.loads(self.run(code))
        return found

    def stand_in(self) -> Path:
        """An environment that is there already; gives back a file in it."""
        self.environments.create(self.environments.interpreter(sys.executable), self.into)
        (self.into / "mine").touch()
        return self.into / "mine"


@pytest.fixture
def installing(published: Published, tmp_path: Path) -> Install:
    """An install that has not happened yet."""
    return Install(published, tmp_path / "envs" / "job")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Install]:
    """An install that happened where another environment was."""
    folder = tmp_path_factory.mktemp("installed")
    with published_workspace(folder) as state:
        done = Install(state, folder / "envs" / "job")
        done.stand_in()
        done(state.lock())
        yield done


def test_an_environment_holds_the_lock_and_the_app_and_nothing_else(installed: Install) -> None:
    """Neither pip nor a build backend is in it, and what is in it works."""
    assert installed.holds() == {"job": "0.1", "record-io": "1.4.0", "record-rules": "1.1.0", "thing": "1.0"}
    assert (
        installed.run("import job, record_rules; print(job.VERSION, record_rules.VERSION)") == "0.1 1.1.0\n"
    )


def test_git_has_nothing_to_say_of_an_environment(installed: Install) -> None:
    """Of every Python's, as of those from 3.13 on."""
    assert (installed.into / ".gitignore").read_text().splitlines()[-1] == "*"


def test_an_environment_is_made_fresh(installed: Install) -> None:
    """What somebody put into the old one is gone."""
    assert not (installed.into / "mine").exists()


def test_no_token_is_left_in_an_environment(installed: Install) -> None:
    """Neither the token nor the index's address is in any file."""
    files = [path for path in installed.into.rglob("*") if path.is_file() and not path.is_symlink()]
    texts = [path.read_bytes() for path in files]
    assert len(texts) > 10
    assert not any(installed.published.index.token.encode() in text for text in texts)
    assert not any(f":{installed.published.index.port}".encode() in text for text in texts)


def test_a_python_that_the_lock_was_not_made_for_is_refused(installing: Install) -> None:
    """Both are named, and the environment that is there stays."""
    mine = installing.stand_in()
    installing.published.pythons = (OTHER,)
    with pytest.raises(LockError, match=rf"made for CPython {OTHER} on Linux .* is CPython {HERE} on Linux"):
        installing(installing.published.lock())
    assert mine.exists()


def test_a_stale_lock_is_refused(installing: Install) -> None:
    """The app asks for something that the lock was not made for; the environment that is there stays."""
    mine = installing.stand_in()
    lock = installing.published.lock()
    installing.published.requirements = ("record-rules>=1", "thing")
    with pytest.raises(LockError, match="the lock is stale: the requirements") as caught:
        installing(lock)
    assert caught.value.hint == "carrack lock --to private --app job"
    assert mine.exists()


def test_a_lock_of_other_files_than_the_index_holds_is_refused(installing: Install) -> None:
    """The index has a newer release of ours than the lock; the environment that is there stays."""
    mine = installing.stand_in()
    lock = installing.published.lock()
    installing.published.publish("record-io", "1.5.0")
    with pytest.raises(LockError, match="made for other files of record-io"):
        installing(lock)
    assert mine.exists()


def test_a_file_with_other_bytes_leaves_no_environment(installing: Install) -> None:
    """Pip compares the hash; half an environment must not look like one."""
    installing.stand_in()
    lock = installing.published.lock()
    make_wheel(installing.published.index.folder, "thing", "1.0", members={"thing.py": "EVIL = True\n"})
    with pytest.raises(LockError, match="pip could not install the lock") as caught:
        installing(lock)
    assert "thing==1.0" in "".join(caught.value.faults)
    assert installing.published.index.token not in "".join(caught.value.faults)
    assert not installing.into.exists()


def test_what_an_app_needs_and_its_lock_lacks_is_named(installing: Install) -> None:
    """An import would fail at run time; the install says it now, and where to write it."""
    write_distribution(installing.published.root / "job", "job", "0.1", ["absent>=1"])
    with pytest.raises(LockError, match="does not fit together") as caught:
        installing(installing.published.lock())
    assert caught.value.faults == ("The package `job` requires `absent>=1`, but it's not installed",)
    assert not installing.into.exists()


def test_a_folder_that_is_no_environment_stays(installing: Install) -> None:
    """`--into .` does not remove somebody's work."""
    installing.into.mkdir(parents=True)
    (installing.into / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError, match="is not a virtual environment"):
        installing(installing.published.lock())
    assert (installing.into / "thesis.tex").read_text() == "mine"


def test_editable_packages_are_where_they_are_written(installing: Install) -> None:
    """A changed line counts at once, and nothing of ours needs to be on the index; third parties are locked."""
    published = installing.published
    lock = published.lock()
    published.write("record-io", "1.5.0", ["thing>=1"])
    for path in published.index.folder.glob("record*"):
        path.unlink()
    installing.editable(lock)
    assert installing.holds()["record-io"] == "1.5.0"
    assert installing.holds()["thing"] == "1.0"
    (published.root / "packages/record-io/src/record_io/__init__.py").write_text("VERSION = 'edited'\n")
    assert installing.run("import job, record_io; print(record_io.VERSION)") == "edited\n"


@pytest.mark.parametrize("pinned", ["", "tiny-backend==1.0\n"])
def test_editable_builds_take_pinned_build_requirements_only(installing: Install, pinned: str) -> None:
    """A build backend that the build constraints do not have, or have without a hash, is not run."""
    lock = installing.published.lock()
    installing.published.constraints.write_text(pinned)
    with pytest.raises(LockError, match="could not be installed as editable"):
        installing.editable(lock)
    assert not installing.into.exists()


def test_an_interpreter_is_found_by_path_name_and_version(installing: Install) -> None:
    """`--python` takes what people have at hand, and each says the same about itself."""
    environments = replace(installing.environments, environ={"PATH": str(Path(sys.executable).parent)})
    for command in (sys.executable, "python3", HERE):
        described = environments.interpreter(command)
        assert (described.implementation, described.python, described.system) == ("CPython", HERE, "Linux")


@pytest.mark.parametrize("command", ["3.99", "/nowhere/python", "true"])
def test_what_is_no_interpreter_is_refused(installing: Install, command: str) -> None:
    """A version that is not here, a path that is not there, a program that is no Python."""
    with pytest.raises(UsageError):
        installing.environments.interpreter(command)


def test_the_environment_that_carrack_runs_in_is_not_replaced(
    installing: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--into .venv` would pull the ground from under the command itself, so it stays as it is."""
    mine = installing.stand_in()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "prefix", str(installing.into))
        with pytest.raises(UsageError, match="is the environment that this command runs in"):
            installing.environments.remove(installing.into)
    assert mine.exists()
    installing.environments.remove(installing.into)
    assert not mine.exists()


def test_an_environment_that_cannot_be_made_leaves_no_half_of_it(installing: Install) -> None:
    """After a full disk, here a limit on what a file may be, nothing is in the way of the next install."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        with pytest.raises(LockError, match="could not make an environment in") as caught:
            installing.stand_in()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "File too large" in "".join(caught.value.faults)
    assert not installing.into.exists()
    installing.stand_in()

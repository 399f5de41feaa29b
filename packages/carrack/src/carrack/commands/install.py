"""`carrack install`: a fresh virtual environment with exactly what an app's lock names, and the app."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from packaging.utils import NormalizedName

from carrack.commands.lock import staleness
from carrack.commands.source_wheels import SourceTools, commits, gather
from carrack.errors import LockError
from carrack.model.artifact import Kinds, Source
from carrack.model.lock import Lock
from carrack.model.receipt import Receipt
from carrack.model.target import Interpreter
from carrack.model.workspace import App, Workspace
from carrack.ports import Environments, Report


def install(
    workspace: Workspace,
    app: App,
    lock: Lock,
    receipt: Receipt,
    own: Source,
    *,
    into: Path,
    python: str,
    environments: Environments,
    tools: SourceTools,
    report: Report,
) -> Interpreter:
    """Fill `into` from the lock, then with `own`, the app's distribution built from its folder.

    What the lock has from commits is built, or taken from the store; what an image would fetch at run time is
    installed like the rest.

    Raises LockError before anything is touched where the lock is stale, was made for other files than `receipt`'s
    index holds, for other commits, or not for this Python; BuildError where the app does not build. Where filling
    fails, no environment is left.
    """
    now = commits(app, tools)
    interpreter = _fitting(workspace, app, lock, receipt, environments.interpreter(python), now)
    with tempfile.TemporaryDirectory(prefix="carrack-install-") as scratch:
        found = gather(app, lock, tools, Path(scratch) / "sources")
        wheels = [a.path for a in tools.builder.build([own], Path(scratch), Kinds.BOTH) if a.file.is_wheel]
        with _fresh(environments, interpreter, app, into):
            report.step("Installing", f"{len(lock.names())} locked distributions into {into}")
            environments.install_locked(into, lock.format(), Path(scratch) / "sources" if found else None)
            for wheel in wheels:
                report.step("Installing", wheel.name)
                environments.install_file(into, wheel)
    return interpreter


def install_editable(
    workspace: Workspace,
    app: App,
    lock: Lock,
    *,
    into: Path,
    python: str,
    environments: Environments,
    tools: SourceTools,
    report: Report,
) -> Interpreter:
    """Fill `into` with the lock's third-party distributions, and the workspace's own from where they are edited.

    Nothing needs to be published; what the lock has from commits is installed from them. Raises LockError before
    anything is touched where the lock is stale or not for this Python; where filling fails, no environment is left.
    """
    now = commits(app, tools)
    interpreter = _fitting(workspace, app, lock, None, environments.interpreter(python), now)
    edited = [name for name in workspace.installed_by(app.requirements) if name not in lock.built()]
    folders = [workspace.root / workspace.packages[name].path for name in edited]
    with (
        tempfile.TemporaryDirectory(prefix="carrack-install-") as scratch,
        _fresh(environments, interpreter, app, into),
    ):
        found = gather(app, lock, tools, Path(scratch))
        others = lock.without(edited)
        report.step("Installing", f"{len(others.names())} locked distributions into {into}")
        environments.install_locked(into, others.format(), Path(scratch) if found else None)
        report.step("Linking", f"{', '.join(edited)} and {app.name}")
        environments.install_editable(into, [*folders, workspace.root / app.path])
    return interpreter


def _fitting(
    workspace: Workspace,
    app: App,
    lock: Lock,
    receipt: Receipt | None,
    interpreter: Interpreter,
    now: Mapping[NormalizedName, str],
) -> Interpreter:
    """`interpreter`, where the lock is up to date and was made for it, and for no base image."""
    if lock.brings:
        raise LockError(
            f"{', '.join(sorted(map(str, lock.brings)))} come with the base image, and are not in the lock",
            address=str(app.lock),
            untouched="every environment",
            hint=f"carrack image build --app {app.name}; it runs where the base image does",
        )
    reason = staleness(workspace, app, lock, receipt, now)
    if reason:
        raise LockError(
            f"the lock is stale: {reason}",
            address=str(app.lock),
            untouched="every environment",
            hint=f"carrack lock{f' --to {receipt.index.name}' if receipt else ''} --app {app.name}",
        )
    if not interpreter.is_one_of(lock.targets):
        raise LockError(
            f"it was made for CPython {', '.join(lock.pythons)} on Linux {', '.join(lock.machines)}, "
            f"and {interpreter.executable} is {interpreter}",
            address=str(app.lock),
            untouched="every environment",
            hint=f"say --python with one of {', '.join(lock.pythons)}, "
            f"or add {interpreter.python} to [tool.carrack.apps.{app.name}] pythons and lock again",
        )
    return interpreter


@contextmanager
def _fresh(environments: Environments, interpreter: Interpreter, app: App, into: Path) -> Iterator[None]:
    """A new environment in `into`; on leaving it is whole, or it is gone."""
    environments.create(interpreter, into)
    try:
        yield
        complaints = environments.complaints(into)
        if complaints:
            raise LockError(
                "what was installed does not fit together",
                address=str(app.lock),
                faults=complaints,
                hint=f"mend {app.manifest}: {'.'.join(app.key)}, then carrack lock --app {app.name}",
            )
    except BaseException:  # Ctrl-C too: half an environment must not look like one
        environments.remove(into)
        raise

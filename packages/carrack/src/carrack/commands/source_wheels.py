"""Wheels of packages that do not come from the index: built from the commits that an app names, known by their hash."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from carrack.errors import LockError
from carrack.model.artifact import Artifact, Kinds, Source
from carrack.model.code_sources import LockedSource, SourceWheel, committed
from carrack.model.lock import Lock
from carrack.model.workspace import App
from carrack.ports import Archives, Builder, SourceTrees, WheelStore


@dataclass(frozen=True, kw_only=True)
class SourceTools:
    """What wheels of commits are made with."""

    trees: SourceTrees
    builder: Builder
    archives: Archives
    store: WheelStore


def commits(app: App, tools: SourceTools) -> dict[NormalizedName, str]:
    """The commit of each source that a wheel is built of, as it is now.

    Raises WorkspaceError for a submodule that is not as it is recorded.
    """
    return {name: tools.trees.commit(name, source) for name, source in sorted(committed(app.sources).items())}


def build_wheels(
    app: App, tools: SourceTools, scratch: Path, names: Collection[NormalizedName] | None = None
) -> Mapping[NormalizedName, SourceWheel]:
    """A wheel of each source that is a commit, of `names` if given, kept in the store.

    Raises LockError where a commit cannot be fetched, or where a wheel is for some machines only; WorkspaceError for a
    submodule that is not as it is recorded; BuildError where one does not build.
    """
    scratch.mkdir(exist_ok=True)
    laid_out = {
        name: tools.trees.export(name, source, scratch / name)
        for name, source in sorted(committed(app.sources).items())
        if names is None or name in names
    }
    sources: list[Source] = [source for source, _ in laid_out.values()]
    built = tools.builder.build(sources, scratch / "built", Kinds.BOTH) if sources else ()
    wheels = [
        _wheel(artifact, laid_out[artifact.name][1], tools) for artifact in built if artifact.file.is_wheel
    ]
    for wheel in wheels:
        _require_portable(wheel, app)
        tools.store.keep(wheel.path, wheel.sha256)
    return {wheel.name: wheel for wheel in wheels}


def gather(
    app: App,
    lock: Lock,
    tools: SourceTools,
    into: Path,
    names: Collection[NormalizedName] | None = None,
) -> tuple[Path, ...]:
    """The wheels of the lock's commits in the folder `into`, of `names` if given: out of the store, else built again.

    Raises LockError where a wheel comes out with another hash than the locked one.
    """
    into.mkdir(parents=True, exist_ok=True)
    wanted = {name: lock.files(name) for name in (lock.built() if names is None else names)}
    found = {
        name: path
        for name, hashes in wanted.items()
        if (path := next(filter(None, map(tools.store.find, hashes)), None))
    }
    missing = wanted.keys() - found.keys()
    if missing:
        built = build_wheels(app, tools, into / ".build", missing)
        for name in sorted(missing):
            _require_locked(built[name], wanted[name], lock, app)
            found[name] = built[name].path
    gathered = tuple(Path(shutil.copy2(path, into)) for _, path in sorted(found.items()))
    shutil.rmtree(into / ".build", ignore_errors=True)
    return gathered


def _wheel(artifact: Artifact, locked: LockedSource, tools: SourceTools) -> SourceWheel:
    members = tools.archives.members(artifact.path)
    metadata = next(content for name, content in members.items() if name.endswith(".dist-info/METADATA"))
    requires_python = BytesHeaderParser().parsebytes(metadata).get("Requires-Python", "")
    return SourceWheel(
        path=artifact.path,
        version=artifact.version,
        sha256=artifact.file.sha256,
        requires_python=SpecifierSet(requires_python),
        locked=locked,
    )


def _require_portable(wheel: SourceWheel, app: App) -> None:
    if any(tag.platform != "any" for tag in wheel.listed.tags):
        raise LockError(
            f"{wheel.path.name} has compiled code, and is good for the machine that built it alone",
            address=f"{app.name}: sources.{wheel.name}",
            untouched=str(app.lock),
            hint=f"publish {wheel.name} with its native wheels (carrack publish --artifacts), "
            "and take it from the index",
        )


def _require_locked(wheel: SourceWheel, hashes: frozenset[str], lock: Lock, app: App) -> None:
    if wheel.sha256 not in hashes:
        raise LockError(
            f"{wheel.path.name} is not the file that was locked: sha256 {wheel.sha256}, from {wheel.locked}",
            address=f"{app.lock}: {wheel.name}",
            untouched="every environment and image",
            hint=f"carrack lock --app {lock.app} --upgrade; the build requirements in build-constraints.txt are part "
            "of what makes a wheel's bytes",
        )

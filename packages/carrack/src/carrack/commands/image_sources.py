"""The lock in parts, and what a build needs for packages that do not come from the index; files of `carrack-image`."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

from packaging.utils import NormalizedName

from carrack.commands.source_wheels import SourceTools, gather
from carrack.model.code_sources import GitSource, RuntimeSource, kind_of
from carrack.model.lock import Lock
from carrack.model.workspace import App


def additions(
    app: App,
    lock: Lock,
    own: Collection[NormalizedName],
    tools: SourceTools,
    scratch: Path,
    *,
    templates: Mapping[str, str],
    read: Callable[[Path], bytes],
) -> dict[str, bytes]:
    """Parts of the lock, wheels of submodules, and what git and run-time sources need.

    A Dockerfile of the app's own gets them where there are sources, and the part that the index has as
    requirements.lock; Carrack's has that in the lock's place (`shared`), and beside it the part of the workspace's
    `own` packages. Raises what `source_wheels.gather` does.
    """
    kinds = {kind: names(lock, kind) for kind in ("git", "submodule", "runtime")}
    found = {}
    if lock.sources:
        found = {
            "sources.lock": lock.only(lock.built()).format(),
            "runtime.lock": lock.only(kinds["runtime"]).format(),
        }
    if app.dockerfile is None:
        found["own.lock"] = lock.only(own).without(_elsewhere(lock)).format()
    elif lock.sources:
        found["requirements.lock"] = lock.without(_elsewhere(lock)).format()
    if kinds["git"]:
        found["sources.json"] = json.dumps(_git(app, lock), indent=1)
        found |= {name: templates[name] for name in ("build_sources.py", "settled.py")}
    if kinds["runtime"]:
        found["prefixes.json"] = json.dumps(_prefixes(app), indent=1)
        found["launch.py"] = templates["launch.py"]
    wheels = gather(app, lock, tools, scratch, kinds["submodule"]) if kinds["submodule"] else ()
    return {
        **{name: text.encode() for name, text in found.items()},
        **{f"wheels/{wheel.name}": read(wheel) for wheel in wheels},
    }


def shared(lock: Lock, own: Collection[NormalizedName]) -> Lock:
    """The part of the lock that is other people's, without the digests and commits that every release here changes.

    So it is the same after one, and what is built from it stays in the engine's cache.
    """
    theirs = lock.without({*own, *_elsewhere(lock)})
    return replace(theirs, requirements="", receipt="", sources=frozenset())


def _elsewhere(lock: Lock) -> frozenset[NormalizedName]:
    return frozenset(source.name for source in lock.sources)


def names(lock: Lock, kind: str) -> frozenset[NormalizedName]:
    """The distributions whose source is of this kind."""
    return frozenset(source.name for source in lock.sources if source.kind == kind)


def _git(app: App, lock: Lock) -> list[dict[str, object]]:
    told: list[dict[str, object]] = []
    for locked in sorted(lock.sources, key=lambda source: source.name):
        source = app.sources[locked.name]
        if isinstance(source, GitSource):
            told.append(
                {
                    "name": locked.name,
                    "url": source.url,
                    "commit": locked.commit,
                    "tree": locked.tree,
                    "subdirectory": str(source.subdirectory),
                    "sha256": sorted(lock.files(locked.name)),
                }
            )
    return told


def _prefixes(app: App) -> dict[str, str]:
    return {name: source.prefix for name, source in app.sources.items() if isinstance(source, RuntimeSource)}


def lines(app: App) -> dict[str, str | tuple[str, ...]]:
    """Which of the marked lines of Carrack's Dockerfile an app needs: `@@git@@` stays with git sources, and so on."""
    kinds = {kind_of(source) for source in app.sources.values()}
    runtime = "runtime" in kinds
    return {
        "git": _kept("git" in kinds),
        "submodule": _kept("submodule" in kinds),
        "built": _kept(bool(kinds & {"git", "submodule"})),
        "runtime": _kept(runtime),
        "sources-image": app.sources_image or "${BASE_IMAGE}",
        "no-deps": " --no-deps" if runtime else "",
        "launcher": '"/opt/venv/bin/python", "/opt/carrack/launch.py", ' if runtime else "",
    }


def _kept(needed: bool) -> tuple[str, ...]:
    return ("",) if needed else ()

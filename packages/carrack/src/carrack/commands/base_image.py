"""Base images: that they are there, and what of an app they bring."""

from __future__ import annotations

import json

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from carrack.errors import LockError
from carrack.model.base_image import BaseContents, Brought
from carrack.model.image import Image
from carrack.model.lock import Candidate
from carrack.model.workspace import App
from carrack.ports import Engine

_LIST = """
import importlib.metadata, json
print(json.dumps([
    [one.metadata["Name"], one.version, one.read_text("METADATA") or one.read_text("PKG-INFO") or ""]
    for one in importlib.metadata.distributions()
]))
"""


def require_base(engine: Engine, name: str, platform: str | None = None) -> Image | None:
    """The base image, pulled where the engine does not have it for this platform.

    Raises NotReadyError where no registry gives it.
    """
    found = engine.inspect(name)
    if found is None or (platform and not platform.startswith(found.platform)):
        engine.pull(name, platform)
        found = engine.inspect(name)
    return found


def look_into(app: App, engine: Engine) -> BaseContents:
    """What the app's base image has, asked of its own python3.

    Raises LockError where it lacks what the app says that it brings; BuildError where its python3 does not run.
    """
    if not app.base_brings or app.base_image is None:
        return BaseContents()
    require_base(engine, app.base_image)
    told = json.loads(engine.run(app.base_image, "python3", "-c", _LIST))
    found = {
        canonicalize_name(name): (version, metadata) for name, version, metadata in reversed(told) if name
    }
    if missing := [name for name in app.base_brings if name not in found]:
        raise LockError(
            f"{app.base_image} does not have {', '.join(missing)}",
            address=f"pyproject.toml: tool.carrack.apps.{app.name}.base-brings",
            untouched=str(app.lock),
            hint="name what it has, or another base",
        )
    brought = {name: found.pop(name) for name in app.base_brings}
    return BaseContents(
        brought=tuple(
            Brought(candidate=Candidate(name=name, version=Version(version)), metadata=metadata)
            for name, (version, metadata) in brought.items()
        ),
        others={name: read for name, (version, _) in found.items() if (read := _version(version))},
    )


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None

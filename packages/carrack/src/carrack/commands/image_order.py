"""Gathers what an image is built from: its Dockerfile, the tree's commit, and the origin of what is locked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from carrack.commands.image_build import ADDED, Order
from carrack.commands.image_origins import origins
from carrack.commands.image_sources import lines, shared
from carrack.commands.knowledge import Sources
from carrack.errors import WorkspaceError
from carrack.model.image import Recipe
from carrack.model.lock import Lock
from carrack.model.template import rendered
from carrack.model.workspace import App, Package, Workspace
from carrack.ports import Listing, Manifests

DOCKERFILE = ADDED / "Dockerfile"
"""Where Carrack's own Dockerfile is in a context."""
_EVERYTHING = (PurePosixPath("."),)


def make_order(
    sources: Sources,
    app: App,
    own: Package,
    lock: Lock,
    recipe: Recipe,
    *,
    listing: Listing,
    manifests: Manifests,
    templates: Mapping[str, str],
    added: Mapping[str, bytes],
) -> Order:
    """The order for the app's image. An app with a Dockerfile of its own gets the whole workspace as its context.

    `added` is what sources other than the index need (`image_sources.additions`).

    Raises WorkspaceError where that file is not there, or where the app's command cannot be told.
    """
    workspace = sources.workspace
    paths = _EVERYTHING if app.dockerfile else (app.path, workspace.build_constraints)
    tree = sources.history.state(paths)
    return Order(
        app=app,
        own=own,
        lock=lock,
        placed=lock if app.dockerfile else shared(lock, workspace.packages),
        dockerfile=_dockerfile(workspace, app, own, manifests, templates["Dockerfile"]),
        commit=tree.commit,
        dirty=bool(tree.uncommitted),
        origins=origins(sources, lock.only(workspace.packages.keys() - lock.built()).pins),
        pages={name: listing.files(name) for name in sorted(lock.names() - lock.built())},
        paths=paths,
        recipe=recipe,
        added={"check_lock.py": templates["check_lock.py"].encode(), **added},
        dockerignore=_dockerignore(app, manifests),
    )


def _dockerfile(workspace: Workspace, app: App, own: Package, manifests: Manifests, template: str) -> str:
    if app.dockerfile is None:
        return own_dockerfile(workspace, app, own, template)
    text = manifests.read(app.dockerfile)
    if text is None:
        raise WorkspaceError(
            "there is no such file",
            address=str(app.dockerfile),
            hint=f"write it, or remove tool.carrack.apps.{app.name}.dockerfile to get Carrack's own",
        )
    return text


def _dockerignore(app: App, manifests: Manifests) -> str:
    """What the app's Dockerfile does not get: the file beside it, else the one at the root, as engines have it.

    Carrack's own Dockerfile copies the app's folder alone.
    """
    if app.dockerfile is None:
        return ""
    beside = app.dockerfile.with_name(f"{app.dockerfile.name}.dockerignore")
    return manifests.read(beside) or manifests.read(PurePosixPath(".dockerignore")) or ""


def own_dockerfile(workspace: Workspace, app: App, own: Package, template: str) -> str:
    """Carrack's Dockerfile for `app`. Raises WorkspaceError where it cannot tell which command the image runs."""
    return rendered(
        template,
        {
            "app": app.name,
            "path": str(app.path),
            "lock": str(app.lock),
            "constraints": str(workspace.build_constraints),
            "base": app.base_image or "",
            "command": _command(app, own),
            "site": " --system-site-packages" if app.base_brings else "",
            **lines(app),
        },
    )


def _command(app: App, own: Package) -> str:
    """The app's command. Raises WorkspaceError where it has none, or several."""
    if own.command is not None:
        return own.command
    several = (
        f"has {', '.join(own.scripts)}, none of which is called {own.name}" if own.scripts else "has none"
    )
    raise WorkspaceError(
        f"the image's command is the app's, and it {several}",
        address=f"{own.manifest}: project.scripts",
        untouched="every image",
        hint=f"give it one called {own.name}; or give {app.name} a Dockerfile of its own, with the key dockerfile",
    )

"""`carrack image build`: an image with exactly what an app's lock names, the app, and a manifest that says so."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import IO

from packaging.utils import NormalizedName

from carrack.commands.base_image import require_base
from carrack.commands.image_scan import Scan, refuse_leaks
from carrack.commands.image_sources import names
from carrack.commands.lock import staleness
from carrack.errors import BuildError, LockError
from carrack.model.dockerfile_stages import platform_values, reached, stages, with_names
from carrack.model.image import Image, Recipe
from carrack.model.image_contents import Installed, absent
from carrack.model.image_manifest import PLACE, Manifest, Origins, accounted, labels, lock_digest
from carrack.model.listing import ListedFile
from carrack.model.lock import Lock
from carrack.model.receipt import Receipt
from carrack.model.workspace import App, Package, Workspace
from carrack.ports import Context, Contexts, Engine, Report

ADDED = PurePosixPath("carrack-image")
"""The folder of the context with what Carrack adds; Dockerfiles copy it with a glob, since a plain build has none."""
_STAMP = "FROM {image}\nCOPY manifest.json {place}\n"


@dataclass(frozen=True, kw_only=True)
class Order:
    """One image to be built: of which app, from which lock, on which base, out of which Dockerfile's text.

    `placed` is the part of the lock that lies in its place in the context. `origins` has what is known of our releases
    that are locked. `arguments`, `variables`, `secrets` and the rest go into the build's `Recipe` as they are; `added`
    goes into the context's folder `carrack-image`. `dockerignore` says what of the workspace does not.
    """

    app: App
    own: Package
    lock: Lock
    placed: Lock
    dockerfile: str
    commit: str
    dirty: bool
    origins: Origins
    pages: Mapping[NormalizedName, Sequence[ListedFile]]
    paths: tuple[PurePosixPath, ...]
    recipe: Recipe
    added: Mapping[str, bytes] = field(default_factory=dict)
    dockerignore: str = ""


@dataclass(frozen=True, kw_only=True)
class ImageTools:
    """What images are built, looked into and searched with."""

    engine: Engine
    contexts: Contexts
    installed: Callable[[IO[bytes]], tuple[Installed, ...]]
    scan: Scan
    format: Callable[[Manifest], str]
    report: Report


def require_fresh(
    workspace: Workspace,
    app: App,
    lock: Lock | None,
    receipt: Receipt,
    now: Mapping[NormalizedName, str],
) -> Lock:
    """The lock, where it is the one of `app`, of what `receipt`'s index holds, and of the commits in `now`.

    Raises LockError where it is not.
    """
    reason = "there is no such file yet"
    if lock is not None:
        stale = staleness(workspace, app, lock, receipt, now)
        if stale is None:
            return lock
        reason = f"the lock is stale: {stale}"
    raise LockError(
        reason,
        address=str(app.lock),
        untouched="every image",
        hint=f"carrack lock --to {receipt.index.name} --app {app.name}",
    )


def build_image(order: Order, tools: ImageTools) -> str:
    """Build the image, search it for the build's secrets, hold it against the lock, and put its manifest in; its id.

    It has no name yet. Raises NotReadyError where the base image is not to be had; BuildError where it does not build,
    holds a secret of the build, or does not have what the lock names.
    """
    name = order.app.base_image
    base = require_base(tools.engine, name, order.recipe.platform) if name else None
    text = with_names(order.dockerfile)
    context = tools.contexts.of(order.paths, _added(order, text), order.dockerignore)
    recipe = order.recipe
    tools.report.step("Building", f"{order.app.name} with {tools.engine}")
    built = tools.engine.build(recipe, context)
    image = tools.engine.inspect(built)
    values = platform_values(recipe.platform or (image.platform if image else ""))
    refuse_leaks(
        built,
        reached(stages(text, {**values, **recipe.arguments})),
        _Built(engine=tools.engine, recipe=recipe, context=context),
        tools.scan,
        tools.report,
        dockerfile=str(recipe.dockerfile),
    )
    return _stamped(built, _manifest(order, tools, built, base), tools)


def _added(order: Order, text: str) -> dict[PurePosixPath, bytes]:
    """What the context has beside the workspace's files, which may lack the lock: git may ignore it."""
    ours = {ADDED / name: content for name, content in order.added.items()}
    return {**ours, order.app.lock: order.placed.format().encode(), order.recipe.dockerfile: text.encode()}


@dataclass(frozen=True, kw_only=True)
class _Built:
    """Implements `ports.BuiltImages`."""

    engine: Engine
    recipe: Recipe
    context: Context

    def stage(self, target: str) -> AbstractContextManager[str]:
        """See `ports.BuiltImages`."""
        return self.engine.stage(self.recipe, self.context, target)

    def saved(self, image: str) -> AbstractContextManager[IO[bytes]]:
        """See `ports.BuiltImages`."""
        return self.engine.saved(image)


def _manifest(order: Order, tools: ImageTools, built: str, base: Image | None) -> Manifest:
    """What is in the image. Raises BuildError where the lock names something else."""
    tools.report.step("Checking", "what is installed in it against the lock")
    with tools.engine.exported(built) as archive:
        found = tools.installed(archive)
    image = tools.engine.inspect(built)
    platform = image.platform if image else ""
    in_image = order.lock.without(names(order.lock, "runtime"))
    if missing := absent(in_image, found, platform):
        raise BuildError(
            "the image does not have what the lock names",
            address=str(order.recipe.dockerfile),
            output="\n".join(missing),
            untouched="the image has no name, and was pushed nowhere",
            hint="install requirements.lock with pip's --no-deps --require-hashes, as Carrack's own Dockerfile does",
        )
    own = (order.own.name, order.own.version)
    return Manifest(
        app=order.app.name,
        version=str(order.own.version),
        commit=order.commit,
        dirty=order.dirty,
        lock=lock_digest(order.lock),
        receipt=order.lock.receipt,
        base=order.app.base_image,
        base_id=_identity(base),
        platform=platform,
        distributions=accounted(found, order.lock, order.pages, order.origins, own, platform),
    )


def _identity(base: Image | None) -> str | None:
    """The digest that registries know the base by, else its id."""
    if base is None:
        return None
    return next((digest.rpartition("@")[2] for digest in base.digests), base.id)


def _stamped(built: str, manifest: Manifest, tools: ImageTools) -> str:
    """The image with its manifest and labels: a build of its own, because only the built image tells what is in it."""
    text = tools.format(manifest)
    with _named(built, tools.engine) as name:
        dockerfile = _STAMP.format(image=name, place=PLACE)
        added = {
            PurePosixPath("Dockerfile"): dockerfile.encode(),
            PurePosixPath("manifest.json"): text.encode(),
        }
        recipe = Recipe(
            dockerfile=PurePosixPath("Dockerfile"), labels=labels(manifest, text), platform=manifest.platform
        )
        return tools.engine.build(recipe, tools.contexts.of((), added))


@contextmanager
def _named(built: str, engine: Engine) -> Iterator[str]:
    """A name for as long as it is needed: BuildKit builds on no image by its id."""
    name = f"carrack-built-{uuid.uuid4().hex}:latest"
    engine.tag(built, name)
    try:
        yield name
    finally:
        engine.untag(name)


def tagged(
    names: Sequence[str], built: Mapping[str | None, str], engine: Engine
) -> Iterator[tuple[str, str]]:
    """Give each image its names, with the machine at their end where there are several platforms; name and id."""
    for platform, image in built.items():
        for name in names:
            suffix = f"-{platform.split('/', 1)[1].replace('/', '-')}" if platform and len(built) > 1 else ""
            full = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
            engine.tag(image, f"{full}{suffix}")
            yield f"{full}{suffix}", image


def for_platform(order: Order, platform: str | None) -> Order:
    """The same order for another platform."""
    return replace(order, recipe=replace(order.recipe, platform=platform))

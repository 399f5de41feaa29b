"""`image push`: images of an app to a registry, and what the registry then has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carrack.errors import NotReadyError, StoppedError, UsageError
from carrack.model.image import Image
from carrack.model.registry import (
    APP_LABEL,
    LOCK_LABEL,
    REVISION_LABEL,
    Login,
    Manifest,
    Pushed,
    Repository,
    own_tag,
    platform_tag,
)
from carrack.ports import Engine, Registry, Report


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A repository, the way into its registry, and the registry itself."""

    repository: Repository
    login: Login
    registry: Registry


def push_images(
    app: str, images: Sequence[Image], tag: str | None, to: Destination, engine: Engine, report: Report
) -> Pushed:
    """Push `images` of `app`, which `require_images` gave: one, or one for each platform, which become a list.

    What the registry has under the tag is asked before, so that a second push moves no byte, and read back afterwards:
    the digest is the registry's own, proven to be of these images. Without a `tag` they get one of their own.

    Raises StoppedError where the tag became another's meanwhile, and whatever engine and registry raise.
    """
    tag = tag or own_tag(images)
    if len(images) == 1:
        first = manifest = _bring(images[0], tag, to, engine, report)
    else:
        parts = [
            (image.platform, _bring(image, platform_tag(tag, image), to, engine, report)) for image in images
        ]
        first, manifest = parts[0][1], to.registry.put_list(tag, parts)
    labels = to.registry.labels(first)
    return Pushed(
        app=app,
        repository=str(to.repository),
        digest=manifest.digest,
        tag=tag,
        images=tuple(image.id for image in images),
        lock=labels.get(LOCK_LABEL),
        commit=labels.get(REVISION_LABEL),
    )


def require_images(app: str, names: Sequence[str], engine: Engine) -> tuple[Image, ...]:
    """The images of these names, which can be pushed together as the app's.

    Raises NotReadyError for one that the engine has not, UsageError where one is another app's, or where several are
    not of one lock and each of another platform.
    """
    images = tuple(_require(app, name, engine) for name in names)
    for name, image in zip(names, images, strict=True):
        if (other := image.labels.get(APP_LABEL, app)) != app:
            raise UsageError(
                f"this is an image of {other}, not of {app}", address=name, hint=f"say --app {other}"
            )
    if len({image.platform for image in images}) < len(images):
        raise UsageError("several images become one list, with one for each platform; two are of the same")
    if len({image.labels.get(LOCK_LABEL) for image in images}) > 1:
        raise UsageError(
            "these images are not of the same lock", hint=f"build each anew: carrack image build --app {app}"
        )
    return images


def _require(app: str, name: str, engine: Engine) -> Image:
    image = engine.inspect(name)
    if image is None:
        raise NotReadyError(
            "the engine has no such image",
            address=name,
            untouched="everything; nothing was pushed",
            hint=f"carrack image build --app {app} --tag {name}, or name the image that it printed",
        )
    return image


def _bring(image: Image, tag: str, to: Destination, engine: Engine, report: Report) -> Manifest:
    """The registry's manifest of the image, after a push where it has none under the tag."""
    there = to.registry.manifest(tag)
    if there is not None and there.is_of(image):
        report.step("Unchanged", f"{to.repository}:{tag} is this image already")
        return there
    engine.tag(image.id, f"{to.repository}:{tag}")
    engine.push(to.repository, tag, to.login)
    there = to.registry.manifest(tag)
    if there is None or not there.is_of(image):
        raise StoppedError(
            f"the engine pushed {tag}, and the registry now has {'nothing' if there is None else 'another image'} "
            "there",
            address=str(to.repository),
            hint="see who else pushes this tag; then run the same command again",
        )
    return there

"""After a build: looks for its secrets in the image, and in every stage that the image was made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import IO

from carrack.errors import BuildError
from carrack.model.dockerfile_stages import Stage
from carrack.model.secret_forms import Leak
from carrack.ports import BuiltImages, Report

Scan = Callable[[IO[bytes]], tuple[Leak, ...]]


def refuse_leaks(
    image: str, stages: Iterable[Stage], images: BuiltImages, scan: Scan, report: Report, *, dockerfile: str
) -> None:
    """Return if `scan` finds nothing in `image`, nor in any of `stages`, those that a build of it makes.

    A stage that is not in the image lies in the build cache, goes where that is pushed (`--cache-to`), and is in what
    somebody tags with `--target`. Raises BuildError that names every place where something was found; whoever calls
    tags the image afterwards, so that one with a secret in it has no name.
    """
    found: dict[Leak, str] = {}
    for place, leak in _everywhere(image, stages, images, scan, report):
        found.setdefault(leak, place)  # a stage has the layers of the one that it is built on
    if not found:
        return
    raise BuildError(
        f"a secret of the build is in {len(found)} places of what was built",
        address=dockerfile,
        output="\n".join(f"{place}: {leak}" for leak, place in found.items()),
        untouched="the image has no name, and was pushed nowhere; the engine's build cache has the secret too",
        hint=f"carrack image lint {dockerfile}; and docker builder prune",
    )


def _everywhere(
    image: str, stages: Iterable[Stage], images: BuiltImages, scan: Scan, report: Report
) -> Iterator[tuple[str, Leak]]:
    *earlier, _ = stages  # the last is the image itself
    report.step("Searching", "the image for the build's secrets")
    with images.saved(image) as archive:
        yield from (("the image", leak) for leak in scan(archive))
    for stage in earlier:
        report.step("Searching", f"stage {stage.target}")
        with images.stage(stage.target) as built, images.saved(built) as archive:
            yield from ((f"stage {stage.target}", leak) for leak in scan(archive))

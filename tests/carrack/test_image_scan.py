"""After a build: every stage is searched, each place is told once, and an image with a secret in it is refused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

import pytest
from tests.carrack.test_token_scan import SECRET, saved

from carrack.adapters.token_scan import TokenScan
from carrack.commands.image_scan import refuse_leaks
from carrack.errors import BuildError, ExitCode
from carrack.model.dockerfile_stages import reached, stages
from carrack.ports import Report

DOCKERFILE = "FROM a AS one\nFROM one AS two\nFROM a AS unused\nFROM a\nCOPY --from=two /x /x\n"
LEAKING = {"etc/pip.conf": SECRET.encode()}


@dataclass
class Built:
    """The images of a build; each is one layer of its own."""

    layers: dict[str, dict[str, bytes]]
    made: list[str] = field(default_factory=list)

    @contextmanager
    def stage(self, target: str) -> Iterator[str]:
        """It is there until it is left."""
        self.made.append(target)
        yield target
        self.made.append(f"no {target}")

    def saved(self, image: str) -> AbstractContextManager[io.BytesIO]:
        """The archive of it."""
        return nullcontext(saved(self.layers.get(image, {}), layer_name=f"{image}/layer.tar"))


def refused(**layers: dict[str, bytes]) -> tuple[BuildError, Built]:
    """How a build with these layers is refused, and what was looked at."""
    images = Built(layers)
    with pytest.raises(BuildError) as caught:
        search(images)
    return caught.value, images


def search(images: Built) -> None:
    """Search everything."""
    scan = TokenScan([SECRET])
    refuse_leaks("image", reached(stages(DOCKERFILE)), images, scan, Report(), dockerfile="app/Dockerfile")


def test_a_clean_build_passes() -> None:
    """The image is searched, then each stage that it was made of; the stages' images do not stay."""
    images = Built({"unused": LEAKING})
    search(images)
    assert images.made == ["one", "no one", "two", "no two"]


@pytest.mark.parametrize(
    ("image", "place"), [("image", "the image"), ("one", "stage one"), ("two", "stage two")]
)
def test_a_leak_anywhere_refuses_the_image(image: str, place: str) -> None:
    """Exit code 66, with the place, without the secret, and what to do; the stages' images go all the same."""
    error, images = refused(**{image: LEAKING})
    assert error.exit_code is ExitCode.BUILD
    assert error.output == f"{place}: etc/pip.conf in layer {image}/layer.tar (plain)"
    assert (error.address, error.hint.split("; ")[0]) == (
        "app/Dockerfile",
        "carrack image lint app/Dockerfile",
    )
    assert SECRET not in repr(vars(error))
    assert images.made == ["one", "no one", "two", "no two"]


def test_a_layer_that_several_stages_have_is_told_once() -> None:
    """In the first place that has it; a second leak has a line of its own."""
    scan = TokenScan([SECRET])
    images = Built({"image": LEAKING, "one": {}, "two": {**LEAKING, "b": SECRET.encode()}})
    images.saved = lambda image: nullcontext(saved(images.layers[image]))  # type: ignore[method-assign]
    with pytest.raises(BuildError, match="in 2 places") as caught:
        refuse_leaks("image", reached(stages(DOCKERFILE)), images, scan, Report(), dockerfile="Dockerfile")
    assert [line.split(" in ")[0] for line in caught.value.output.splitlines()] == [
        "the image: etc/pip.conf",
        "stage two: b",
    ]

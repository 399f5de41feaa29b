"""`carrack image inspect` and `diff`: what is in an image, and what is different in another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from packaging.utils import NormalizedName

from carrack.errors import BuildError, UsageError
from carrack.model.changelog import sections
from carrack.model.image import Image
from carrack.model.image_difference import Change
from carrack.model.image_manifest import LABEL, PLACE, Manifest, text_digest
from carrack.ports import CommittedTexts, Engine, Manifests

Parse = Callable[[bytes, str], Manifest]
CHANGELOG = "CHANGELOG.md"


def read_manifest(name: str, engine: Engine, parse: Parse) -> tuple[Image, Manifest]:
    """The image that the engine has under `name`, and its manifest; nothing of the image is run.

    Raises UsageError where there is no such image, or Carrack did not build it; BuildError where its manifest is not
    the one that its label tells.
    """
    image = engine.inspect(name)
    if image is None:
        raise UsageError(f"{engine} has no such image", address=name, hint=f"{engine.kind} pull {name}")
    wanted = image.labels.get(LABEL)
    if wanted is None:
        raise UsageError(
            "this image does not say what is in it: `carrack image build` did not make it", address=name
        )
    return image, parse(proven(engine.read(name, PLACE), wanted, name), name)


def proven(content: bytes | None, wanted: str, name: str) -> bytes:
    """The manifest that was read out of an image. Raises BuildError where it is not the one that its label tells."""
    if content is None or text_digest(content.decode(errors="replace")) != wanted:
        there = "is not there" if content is None else "is another one"
        raise BuildError(f"its label names a manifest, and {PLACE} {there}", address=name)
    return content


def words(
    change: Change,
    folders: Mapping[NormalizedName, PurePosixPath],
    texts: CommittedTexts,
    manifests: Manifests,
) -> str:
    """What the changelog of one of our packages says between the two versions; empty where it says nothing.

    It is read as it was in the newer version's commit, else as it is now.
    """
    folder, before, after = folders.get(change.name), change.before, change.after
    if folder is None or before is None or after is None:
        return ""
    older, newer = sorted((before, after), key=lambda one: one.version)
    file = folder / CHANGELOG
    text = texts.text(newer.commit, file) if newer.commit else None
    text = text or manifests.read(file)
    return sections(text, older.version, newer.version) if text else ""

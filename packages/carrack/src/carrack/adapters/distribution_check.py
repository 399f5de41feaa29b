"""Twine's check of a distribution, in our words: its own prints to stdout, and returns True on failure."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout

from packaging.utils import canonicalize_name, canonicalize_version
from twine.commands.check import check
from twine.exceptions import TwineException
from twine.package import PackageFile

from carrack.errors import BuildError
from carrack.model.artifact import Artifact


def check_distribution(artifact: Artifact, read: Callable[[Artifact], PackageFile]) -> None:
    """Return if the file passes twine's strict check, and its metadata has the name and version that were planned.

    `read` gives what twine reads of it. Raises BuildError, with twine's words where it has some.
    """
    with _quiet() as said:
        try:
            failed = check([str(artifact.path)], strict=True)
            package = read(artifact)
        except TwineException as error:
            raise BuildError(str(error), address=artifact.file.name, untouched="the index") from None
    if failed:
        raise BuildError(
            "twine's strict check does not pass",
            hint='give the package a README.md, and say readme = "README.md" under [project]',
            address=artifact.file.name,
            output=said.getvalue().strip(),
            untouched="the index",
        )
    name, version = str(package.metadata["name"]), str(package.metadata["version"])
    found = (canonicalize_name(name), canonicalize_version(version))
    if found != (artifact.name, canonicalize_version(artifact.version)):
        raise BuildError(
            f"its metadata says {name} {version}, but {artifact.name} {artifact.version} was planned",
            address=artifact.file.name,
            untouched="the index",
        )


@contextmanager
def _quiet() -> Iterator[io.StringIO]:
    """Keep what twine prints and logs off the terminal, and give it to the caller."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    logger = logging.getLogger("twine")
    before = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        with redirect_stdout(said):
            yield said
    finally:
        logger.removeHandler(handler)
        logger.propagate = before

"""`image lint`: where Dockerfiles leak, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from carrack.errors import WorkspaceError
from carrack.model.complaint import Complaint
from carrack.model.dockerfile import parse
from carrack.model.dockerfile_leaks import complaints
from carrack.ports import DockerfileReader


def lint(paths: Iterable[Path], reader: DockerfileReader) -> Iterator[tuple[Path, tuple[Complaint, ...]]]:
    """Each Dockerfile with all that is wrong in it, by line; files of its build context are looked into.

    Raises UsageError where there is no such file, WorkspaceError where it is no Dockerfile.
    """
    for path in paths:
        dockerfile = parse(reader.text(path))
        keywords = [instruction.keyword for instruction in dockerfile.instructions]
        if "FROM" not in keywords or keywords[0] not in ("ARG", "FROM"):
            raise WorkspaceError("it does not begin with FROM: it is no Dockerfile", address=str(path))
        yield path, complaints(dockerfile, reader.files(path))

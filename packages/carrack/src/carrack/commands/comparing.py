"""What was built beside what the index holds, file by file: absent, the same, or different in these members."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from carrack.commands.knowledge import Knowledge, Sources
from carrack.commands.tools import NOTHING_WRITTEN, Tools
from carrack.errors import BuildError, PublishedDiffersError
from carrack.model.archive import differences, only_generator_differs
from carrack.model.artifact import Artifact
from carrack.model.published import File, PublishedVersion


def missing(
    sources: Sources, knowledge: Knowledge, tools: Tools, artifacts: Iterable[Artifact]
) -> tuple[Artifact, ...]:
    """The artifacts that the index lacks, all checked; differing ones stop everything before any write."""
    absent = []
    for artifact in artifacts:
        tools.uploader.check(artifact)
        current = knowledge.published[artifact.name].current
        there = file_of(current, artifact.file.name)
        if there is None:
            absent.append(artifact)
        elif there.sha256 != artifact.file.sha256:
            _accept_or_refuse(sources, tools, artifact, current)
    return tuple(absent)


def _accept_or_refuse(
    sources: Sources, tools: Tools, artifact: Artifact, current: PublishedVersion | None
) -> None:
    lines = differing_lines(sources, artifact, current)
    if not lines:
        tools.report.note(
            f"{artifact.file.name}: the index's bytes stand; only the WHEEL Generator line differs"
        )
        return
    raise PublishedDiffersError(
        "the index holds other bytes under this name",
        address=artifact.file.name,
        differences=lines,
        untouched=NOTHING_WRITTEN,
        hint=f"carrack bump {artifact.name} patch, commit, and publish again",
    )


def differing_lines(
    sources: Sources, artifact: Artifact, current: PublishedVersion | None, *, times: bool = True
) -> tuple[str, ...]:
    """What differs between the artifact and the index's file of its name; nothing where that is meaningless.

    Without `times` the members alone are compared.
    """
    there = file_of(current, artifact.file.name)
    if there is None or there.sha256 == artifact.file.sha256:
        return ()
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / there.name
        sources.reader.fetch(artifact.name, artifact.version, there, path)
        ours = sources.archives.members(artifact.path)
        try:
            theirs = sources.archives.members(path)
        except BuildError as unreadable:
            return (f"{artifact.file.name}: on the index it {unreadable.message}",)
    if only_generator_differs(ours, theirs) and ours != theirs:
        return ()
    lines = differences(ours, theirs)
    if times and not lines:
        lines = ("the members are the same; times, order or compression differ",)
    return tuple(f"{artifact.file.name}: {line}" for line in lines)


def file_of(current: PublishedVersion | None, name: str) -> File | None:
    """The index's file of this name, if it has it."""
    return next((file for file in current.files if file.name == name), None) if current else None

"""What a package is before its conversion: the wheel that it makes, its version, and what setuptools knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

from packaging.version import InvalidVersion, Version

from carrack.errors import BuildError, UsageError, WorkspaceError
from carrack.model.conversion.attempt import Attempt, first_attempt, tag_prefix
from carrack.model.conversion.build_system import is_setuptools, requires_of, too_old
from carrack.model.conversion.folder import Folder
from carrack.model.conversion.former import Former
from carrack.model.conversion.from_git import version_system
from carrack.model.conversion.remedies import Remedy, last_words, remedy
from carrack.model.conversion.wheel import Wheel, read_wheel
from carrack.ports import Archives, FormerBuilder, Log, ReachedTags, Report

UNTOUCHED = "everything; nothing was written"
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Past:
    """What is asked about a package's past: its former builds, and the tags of its releases."""

    builder: FormerBuilder
    tags: ReachedTags
    log: Log
    archives: Archives
    report: Report


def look_at_former(
    folder: Folder, source: Path, path: PurePosixPath, epoch: int, past: Past, version: Version | None
) -> Former:
    """Build the package in `source` as it is.

    `version` is for one that takes its version from git, and has no tag. Raises WorkspaceError where no version can be
    found, BuildError where it does not build.
    """
    if old := too_old(requires_of(folder)):
        raise WorkspaceError(
            f"{old} is from before PEP 621, which setuptools has since 61",
            address=f"{path}/pyproject.toml: build-system.requires",
            untouched=UNTOUCHED,
            hint="let it build with a newer setuptools, and commit that",
        )
    system = version_system(folder, requires_of(folder))
    release, found = _release(path, past, system, version) if system else (None, "")
    if version and not system:
        raise UsageError(
            "its version is written down in it already", hint="leave --version out; carrack bump raises it"
        )
    first = first_attempt(folder, release, tag_prefix(folder))
    past.report.step("Building", f"{path.name} as it is")
    (built, facts), attempt = _until_it_works(
        first,
        lambda a: past.builder.build(source, a, source.parent / "before", epoch, facts=is_setuptools(folder)),
        folder,
        path,
        past.report,
    )
    wheel = read_wheel(past.archives.members(built))
    said = _said(wheel, path)
    return Former(
        folder=folder,
        wheel=wheel,
        version=release or said,
        found=found or "what it said before",
        needs=attempt.needs(first),
        facts=facts,
    )


def _said(wheel: Wheel, path: PurePosixPath) -> Version:
    try:
        return wheel.version
    except InvalidVersion:
        raise WorkspaceError(
            f"its version {wheel.metadata['version']!r} is none (PEP 440)",
            address=str(path),
            untouched=UNTOUCHED,
        ) from None


def _release(path: PurePosixPath, past: Past, system: str, version: Version | None) -> tuple[Version, str]:
    """The version of the newest release in this history, and how it was found."""
    prefix = f"{path.name}-v"
    found = {
        tag: released for tag in past.tags.reached_tags(prefix) if (released := _version(tag[len(prefix) :]))
    }
    if version:
        return version, "what --version said"
    if not found:
        raise WorkspaceError(
            f"{system} takes its version from git, and no tag {prefix}… leads to HEAD",
            address=str(path),
            untouched=UNTOUCHED,
            hint=f"say the last release's: carrack convert {path.name} --version X.Y.Z; or tag it, {prefix}X.Y.Z",
        )
    tag = max(found, key=lambda tag: found[tag])
    count = len(past.log.log(tag, path))
    since = f"; {count} commits since, so bump it before it is published" if count else ""
    return found[
        tag
    ], f"that of tag {tag}, the newest release in this history ({system} took it from git{since})"


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _until_it_works(
    attempt: Attempt, build: Callable[[Attempt], T], folder: Folder, path: PurePosixPath, report: Report
) -> tuple[T, Attempt]:
    """Build again with what helps, as long as something new does."""
    while True:
        try:
            return build(attempt), attempt
        except BuildError as error:
            output = f"{error.message}\n{error.output}"
            found = remedy(output, folder)
            again = attempt.helped(found) if found else None
            if found is None or again is None:
                raise _refused(path, output, found) from None
            report.note(f"{path.name} is built as it is with {found.constraint or found.requirement}")
            attempt = again


def _refused(path: PurePosixPath, output: str, found: Remedy | None) -> BuildError:
    why = f": {found.refusal}" if found and found.refusal else ""
    return BuildError(
        f"it does not build in the form that it has{why}",
        address=str(path),
        output="\n".join(last_words(output)),
        untouched=UNTOUCHED,
        hint=(found.hint if found else "") or "let `pip wheel` build it first, and commit that",
    )

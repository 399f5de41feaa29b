"""How the workspace stands when a history is to come, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from carrack.errors import UsageError
from carrack.model.adoption import Destination, Finding, Source
from carrack.model.adoption_tags import TagMap
from carrack.model.diagnosis import Verdict
from carrack.model.source_address import SourceAddress
from carrack.model.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The workspace's repository: its branch (None: HEAD is detached), its commit, and what would be in the way.

    `under_way` is a merge or the like that is not finished; `changed` are tracked files that differ from HEAD;
    `occupied`: something is in the folder already; `tags` has the object of every tag.
    """

    branch: str | None
    commit: str
    under_way: str | None
    changed: tuple[str, ...]
    occupied: bool
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Merged:
    """A merge's commit, or git's sentences about what conflicts."""

    commit: str | None = None
    conflicts: tuple[str, ...] = ()


def destination(
    workspace: Workspace, source: Source, name: str | None, address: SourceAddress
) -> Destination:
    """The distribution's name: what was said, else what its files say, else its folder's or repository's.

    Its folder is where the workspace's packages are. Raises UsageError where that is no name or no such place.
    """
    said = name or source.package.name or (source.subdir.name if source.subdir.parts else address.name)
    try:
        known = canonicalize_name(said, validate=True)
    except ValueError:
        raise UsageError(f"{said!r} is no name of a distribution", hint="say --name NAME") from None
    for glob in workspace.package_globs:
        folder = PurePosixPath(glob)
        if folder.name == "*" and "*" not in str(folder.parent):
            return Destination(name=known, path=folder.parent / known)
    raise UsageError(
        f"no folder for packages: {', '.join(workspace.package_globs)}",
        address="pyproject.toml: tool.carrack.packages",
        hint='write packages = ["packages/*"] there',
    )


def naming(source: Source, to: Destination, *, said: bool) -> Iterator[Finding]:
    """Whether the name is one that its files say; `said`: somebody said it."""
    told = source.package.name
    if told is None and not said and source.package.is_distribution:
        yield Finding(
            topic="name",
            verdict=Verdict.FAIL,
            said=f"its files compute the distribution's name; tags and folder need it: {to.name}?",
            remedy=f"say it: --name {to.name}, or the true one",
        )
    elif told is None:
        where = f"{to.path}, by the name {to.name}, which its files do not say"
        yield Finding(topic="folder", verdict=Verdict.OK, said=where)
    elif canonicalize_name(told) != to.name:
        where = f"{to.path}, tags {to.name}-v…; its files say the name {told}"
        remedy = "tags are found by the name in its pyproject.toml: change that too"
        yield Finding(topic="folder", verdict=Verdict.WARN, said=where, remedy=remedy)
    else:
        yield Finding(topic="folder", verdict=Verdict.OK, said=f"{to.path}, tags {to.name}-v…")


def obstacles(ground: Ground) -> Iterator[Finding]:
    """What keeps any history from coming to this branch."""
    if ground.branch is None:
        yield _fail("branch", "HEAD is detached: the import would be on no branch", "git switch BRANCH")
    if ground.under_way:
        yield _fail(
            "branch", f"{ground.under_way} is not finished", "finish it, or git status says how to abort"
        )
    if ground.changed:
        said = f"{len(ground.changed)} files of the workspace are changed and not committed"
        yield _fail("branch", said, "git commit, or git stash", details=ground.changed[:10])


def unfit(workspace: Workspace, ground: Ground, to: Destination, tags: TagMap) -> Iterator[Finding]:
    """What keeps this package from coming to this place."""
    yield from obstacles(ground)
    if ground.occupied:
        yield _fail("folder", f"{to.path} is there already", "say another --name; or carrack adopt --update")
    if to.name in workspace.packages:
        other = workspace.packages[to.name].path
        yield _fail("name", f"{other} has the name {to.name} already", "say another --name")
    for app in workspace.apps.values():
        if app.path == to.path:
            yield _fail("folder", f"{to.path} is the app {app.name}", "say another --name")
    taken = [mapped.name for mapped in tags.kept if mapped.name in ground.tags]
    if taken:
        said = f"{len(taken)} tags that would be made are there already"
        yield _fail("tags", said, f"git tag --delete {' '.join(taken[:5])}", details=tuple(taken[:10]))


def _fail(topic: str, said: str, remedy: str, details: tuple[str, ...] = ()) -> Finding:
    return Finding(topic=topic, verdict=Verdict.FAIL, said=said, remedy=remedy, details=details)

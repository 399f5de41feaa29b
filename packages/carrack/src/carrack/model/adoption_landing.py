"""How the workspace stands when a history is to come, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from carrack.model.adoption import Destination, Finding
from carrack.model.adoption_tags import TagMap
from carrack.model.diagnosis import Verdict
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

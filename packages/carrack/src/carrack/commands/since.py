"""What changed since a commit, and whether each change says what it means for the next release."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from packaging.utils import NormalizedName

from carrack.errors import WorkspaceError
from carrack.model.changefile import ChangeFile
from carrack.model.commits import meaning
from carrack.model.since import Since, compare, manifest_of
from carrack.model.versions import Level
from carrack.model.workspace import Workspace
from carrack.ports import CommittedTexts, History, Log


def since(workspace: Workspace, history: History, log: Log, ref: str) -> tuple[str, tuple[Since, ...]]:
    """The commit where HEAD's line left `ref`, and how each package stands to it.

    Raises WorkspaceError where there is no such commit.
    """
    base = log.merge_base(ref)
    paths = [package.path for package in workspace.packages.values()]
    tree = history.state(paths)
    return base, compare(workspace, base, tree, history.trees((base, path) for path in paths))


def check_said(
    workspace: Workspace,
    changed: Iterable[Since],
    base: str,
    texts: CommittedTexts,
    log: Log,
    files: Collection[ChangeFile],
) -> tuple[tuple[NormalizedName, str], ...]:
    """What each changed package says of the next release: a new version, a change file, or its commits.

    Raises WorkspaceError with every package that says nothing.
    """
    said, silent = [], []
    for one in changed:
        if not one.is_changed:
            continue
        words = _words(workspace, one, base, texts, log, files)
        if words:
            said.append((one.package.name, words))
        else:
            silent.append(
                f"{one.package}: changed, and neither a version nor a change file says what that means"
            )
    if silent:
        folder = workspace.bump_rules.changes
        raise WorkspaceError(
            "the change does not say what it means for the next release",
            faults=tuple(silent),
            hint=f"write {folder}/NAME.md with the package's name and level, or carrack bump PACKAGE LEVEL",
        )
    return tuple(said)


def _words(
    workspace: Workspace,
    one: Since,
    base: str,
    texts: CommittedTexts,
    log: Log,
    files: Collection[ChangeFile],
) -> str:
    package, rules = one.package, workspace.bump_rules
    before = texts.version(base, manifest_of(package))
    if before != package.version:
        return f"{before} -> {package.version}"
    for file in files:
        if package.name in file.levels:
            return f"{file.levels[package.name].value}, by {file.path}"
    if "commits" not in rules.sources:
        return ""
    levels = [meaning(commit).level for commit in log.log(base, package.path)]
    found = [level for level in levels if level]
    return f"{min(found, key=list(Level).index).value}, by its commits" if found else "nothing to release"

"""What can refuse a release, all of it before the first write."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from packaging.utils import NormalizedName

from carrack.commands.build import build
from carrack.commands.comparing import differing_lines
from carrack.commands.knowledge import Knowledge, Sources
from carrack.commands.tools import NOTHING_WRITTEN, Tools
from carrack.errors import BuildError, IndexAccessError, PublishedDiffersError, StoppedError, WorkspaceError
from carrack.model.artifact import Artifact
from carrack.model.controls import OURS, is_exposed
from carrack.model.guards import Need, needs_from_elsewhere, needs_of_builds, unpublishable, unserved
from carrack.model.plan import State, Step, mistagged, needed_but_unreleased, needed_but_untraced
from carrack.model.published import File, PublishedVersion
from carrack.model.wheels import is_native
from carrack.model.workspace import Workspace

_READERS = 16


def check_requirements(steps: Sequence[Step]) -> None:
    """Refuse requirements by address, which no index serves."""
    faults = tuple(unpublishable(step.package for step in steps))
    if faults:
        raise WorkspaceError(
            "what is required cannot be had from an index",
            faults=faults,
            untouched=NOTHING_WRITTEN,
            hint="publish what is required, and name it with its version",
        )


def check_whole(knowledge: Knowledge, steps: Sequence[Step], artifacts: Sequence[Artifact]) -> None:
    """Refuse to begin a version that would not be whole: no lock could install it, and nobody would see why.

    Raises BuildError, also for a native wheel of a package that declares no targets.
    """
    faults = []
    for step in steps:
        package, current = step.package, knowledge.published[step.package.name].current
        built = [artifact.file for artifact in artifacts if artifact.name == package.name]
        remedy = "" if package.targets else f"; carrack build {package.name} --out FOLDER makes it"
        lacks = package.lacks((*built, *_files(current)))
        faults += [f"{package}: its {one} is missing{remedy}" for one in lacks]
        if not package.targets:
            faults += [
                f"{package}: {file.name} is for one platform only; say for which there are wheels: "
                f"[tool.carrack.wheels] in {package.manifest}"
                for file in built
                if is_native(file)
            ]
    if faults:
        raise BuildError(
            "what was built is not the whole of it",
            output="\n".join(faults),
            untouched=NOTHING_WRITTEN,
            hint="build each target on a machine of its kind (cibuildwheel does), from the sdist of "
            "`carrack build --sdist`, and `carrack publish --artifacts FOLDER` with all the files",
        )


def _files(current: PublishedVersion | None) -> tuple[File, ...]:
    return current.files if current else ()


def check_names(sources: Sources, tools: Tools, steps: Sequence[Step]) -> None:
    """A name of ours that the public index can feed is one that a stranger can feed (dependency confusion)."""
    exposed = _exposed(tools, steps)
    if exposed:
        named = " ".join(step.package.name for step in exposed)
        raise WorkspaceError(
            "these names can be fed from upstream",
            address=f"index {sources.index.name}",
            faults=tuple(f"{step.package.name}: its origin controls have upstream ALLOW" for step in exposed),
            untouched=NOTHING_WRITTEN,
            hint=f"carrack publish --to {sources.index.name} --close-names {named}",
        )


def check_served(sources: Sources, knowledge: Knowledge, tools: Tools, steps: Sequence[Step]) -> None:
    """Refuse what nobody could install: a requirement that neither the index nor this release has."""
    released = {step.package.name for step in steps}
    faults, _ = _unserved(tools, needs_from_elsewhere((step.package for step in steps), released))
    if faults:
        raise WorkspaceError(
            f"neither this release nor {sources.index.name} has what is required",
            faults=faults,
            untouched=NOTHING_WRITTEN,
            hint="publish it first, let the index have it from upstream, or correct the requirement",
        )


def check_builds(sources: Sources, tools: Tools, steps: Sequence[Step]) -> None:
    """Refuse what cannot be built yet: builds get what the index has, by hash, and nothing from the tree."""
    faults, names = _unserved(tools, needs_of_builds((step.package for step in steps), sources.workspace))
    if faults:
        raise WorkspaceError(
            f"packages are built with what {sources.index.name} has, and it lacks what they need",
            faults=faults,
            untouched=NOTHING_WRITTEN,
            hint=f"carrack publish --to {sources.index.name} {' '.join(names)}; pin it by hash in "
            f"{sources.workspace.build_constraints}, commit, and publish again",
        )


def _unserved(tools: Tools, needs: Iterable[Need]) -> tuple[tuple[str, ...], tuple[NormalizedName, ...]]:
    """A sentence for each of `needs` that the index does not meet, and their names."""
    wanted: dict[NormalizedName, list[Need]] = {}
    for need in needs:
        wanted.setdefault(need.name, []).append(need)
    with ThreadPoolExecutor(_READERS) as pool:
        pages = zip(wanted, pool.map(tools.listing.files, wanted), strict=True)
        found = {name: tuple(unserved(wanted[name], files)) for name, files in pages}
    return tuple(chain(*found.values())), tuple(name for name, faults in found.items() if faults)


def _exposed(tools: Tools, steps: Sequence[Step]) -> list[Step]:
    names = [step.package.name for step in steps]
    try:
        with ThreadPoolExecutor(_READERS) as pool:
            found = list(pool.map(tools.controls.controls, names))
        return [step for step, controls in zip(steps, found, strict=True) if is_exposed(controls)]
    except IndexAccessError as error:  # a publisher may lack codeartifact:DescribePackage
        tools.report.note(f"whether names can be fed from upstream was not looked at: {error.message}")
        return []


def close_names(sources: Sources, tools: Tools, steps: Sequence[Step]) -> None:
    """Close the names that can be fed from upstream, and read it again. Raises StoppedError where it did not hold."""
    for step in _exposed(tools, steps):
        name = step.package.name
        tools.report.step("Closing", f"{name}: {OURS}")
        tools.controls.set_controls(name, OURS)
        if (found := tools.controls.controls(name)) != OURS:
            raise StoppedError(
                f"{name}: its origin controls were set, and are {found}",
                address=f"index {sources.index.name}",
            )


def check_tags(workspace: Workspace, knowledge: Knowledge, names: Collection[NormalizedName]) -> None:
    """A tag elsewhere would go on telling a lie about the release; which of the two is right, a person knows."""
    wrong = mistagged(workspace, knowledge.plan, names)
    if wrong:
        raise WorkspaceError(
            "; ".join(f"{step.package}: {step.reason}" for step in wrong),
            address=", ".join(f"tag {step.tag}" for step in wrong),
            untouched=NOTHING_WRITTEN,
            hint="; ".join(f"git tag --delete {step.tag}" for step in wrong)
            + " (and at the remote), or raise the version",
        )


def check_unreleased(
    sources: Sources, knowledge: Knowledge, tools: Tools, names: Collection[NormalizedName]
) -> None:
    """An unreleased package is left alone, unless it is named or something that is released needs it.

    One whose release's commit is unknown is built and compared then: nothing else can tell whether it changed.
    """
    workspace, plan = sources.workspace, knowledge.plan
    found = [
        (step, step.reason, _why(sources, knowledge, tools, step))
        for step in needed_but_unreleased(workspace, plan, names)
    ]
    for step in needed_but_untraced(workspace, plan, names):
        if lines := _why(sources, knowledge, tools, step):
            found.append((step, "the index has it with other files", lines))
        else:
            tools.report.note(f"{step.package}: the index has the very files that this commit builds")
    if not found:
        return
    bumps = "; ".join(f"carrack bump {step.package.name} patch" for step, _, _ in found)
    raise PublishedDiffersError(
        "; ".join(f"{step.package} needs a new version: {reason}" for step, reason, _ in found),
        address=", ".join(f"{step.package.manifest}: project.version" for step, _, _ in found),
        differences=tuple(line for _, _, lines in found for line in lines),
        untouched=NOTHING_WRITTEN,
        hint=f"{bumps}; commit, and publish again",
    )


def _why(sources: Sources, knowledge: Knowledge, tools: Tools, step: Step) -> tuple[str, ...]:
    changed = knowledge.tree.uncommitted_under(step.package.path)
    current = knowledge.published[step.package.name].current
    if changed:
        return tuple(f"{path}: is not committed" for path in changed)
    if current is None or step.state is State.BLOCKED:
        return ()
    with tempfile.TemporaryDirectory(prefix="carrack-") as scratch:
        target, constraints = (step.package, knowledge.tree.commit), sources.workspace.build_constraints
        built = build([target], sources.history, tools.builder, Path(scratch), constraints)
        times = step.state is not State.UNTRACED  # another commit's time is no change of the files
        lines = [
            line for artifact in built for line in differing_lines(sources, artifact, current, times=times)
        ]
    return tuple(dict.fromkeys(lines))


def check_git(workspace: Workspace, knowledge: Knowledge, steps: Sequence[Step]) -> None:
    """A dirty tree and a shallow clone both change the bytes, so neither is published from."""
    if not steps:
        return
    tree = knowledge.tree
    if tree.shallow:
        raise WorkspaceError(
            "this is a shallow clone; the packages' last commits, and with them the builds, cannot be known",
            untouched=NOTHING_WRITTEN,
            hint="git fetch --unshallow (GitHub Actions: fetch-depth: 0; CodeBuild: git clone depth Full)",
        )
    concerned = [workspace.build_constraints, *(step.package.path for step in steps)]
    paths = {path for folder in concerned for path in tree.uncommitted_under(folder)}
    if paths:
        raise WorkspaceError(
            "what is to be published has uncommitted changes; builds are made from commits",
            faults=tuple(f"{path}: is not committed" for path in sorted(paths)),
            untouched=NOTHING_WRITTEN,
            hint="git commit (or git stash) these files, and publish again",
        )

"""What changed since a commit, by git alone: no index is asked, so that a pull request of a fork can tell it too."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.utils import NormalizedName

from carrack.model.history import Place, TreeState
from carrack.model.workspace import Package, Workspace


@dataclass(frozen=True, kw_only=True)
class Since:
    """How a package stands to a commit: `new`, `changed`, `needs` something that is, or `unchanged`; and why."""

    package: Package
    state: str
    reason: str

    @property
    def is_concerned(self) -> bool:
        """Whether it must be built and tested."""
        return self.state != "unchanged"

    @property
    def is_changed(self) -> bool:
        """Whether its own files are others than they were."""
        return self.state == "changed"


def compare(
    workspace: Workspace, base: str, tree: TreeState, trees: Mapping[Place, str]
) -> tuple[Since, ...]:
    """A line for each package, needed ones first. `trees` has the folders that commit `base` had."""
    own = {name: _own(package, base, tree, trees) for name, package in workspace.packages.items()}
    touched = [name for name, state in own.items() if state != "unchanged"]
    return tuple(
        _line(workspace, name, own[name], base, touched) for wave in workspace.waves() for name in wave
    )


def _own(package: Package, base: str, tree: TreeState, trees: Mapping[Place, str]) -> str:
    before, here = trees.get((base, package.path)), tree.trees.get(package.path)
    if before is None:
        return "new"
    return "changed" if before != here or tree.uncommitted_under(package.path) else "unchanged"


def _line(
    workspace: Workspace, name: NormalizedName, state: str, base: str, touched: Collection[NormalizedName]
) -> Since:
    package = workspace.packages[name]
    needed = [other for other in workspace.works_with(name) if other in touched and other != name]
    if state == "unchanged" and needed:
        return Since(package=package, state="needs", reason=f"needs {', '.join(needed)}")
    reasons = {
        "new": f"{base[:12]} does not have it",
        "changed": f"its files are not those of {base[:12]}",
        "unchanged": f"as {base[:12]} has it",
    }
    return Since(package=package, state=state, reason=reasons[state])


def manifest_of(package: Package) -> PurePosixPath:
    """The file that says its version."""
    return package.path / "pyproject.toml"

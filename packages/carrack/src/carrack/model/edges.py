"""Requirements on packages of the workspace, wherever they are written, and how each follows a new version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from carrack.model.requirements import Policy, moved
from carrack.model.workspace import RequirementList, Workspace


@dataclass(frozen=True, kw_only=True)
class Edge:
    """One requirement, the list that it is in, and the package that has it; None for an app or the workspace itself."""

    owner: NormalizedName | None
    place: RequirementList
    requirement: Requirement

    @property
    def needed(self) -> NormalizedName:
        """What is required."""
        return canonicalize_name(self.requirement.name)

    def after(self, new: Version, workspace: Workspace) -> Requirement | None:
        """The requirement when `new` is what it requires; None where it stays as it is.

        A group follows only where it has to, for nobody else reads it; and not where it means another version than
        the tree's, to test with it.
        """
        if self.requirement.url:
            return None
        present = workspace.packages[self.needed].version
        if self.place.group and not self.requirement.specifier.contains(present, prereleases=True):
            return None
        after = moved(self.requirement, new, self._policy(workspace))
        return None if after == self.requirement else after

    def _policy(self, workspace: Workspace) -> Policy:
        if self.owner is None or self.owner == self.needed or self.place.group:
            return Policy.KEEP
        return workspace.bump_rules.policy(self.owner, self.needed)


def edges_to(workspace: Workspace) -> Mapping[NormalizedName, Sequence[Edge]]:
    """Every requirement on each package of the workspace."""
    found: dict[NormalizedName, list[Edge]] = {name: [] for name in workspace.packages}
    for owner, place in workspace.requirement_lists():
        for requirement in place.requirements:
            edge = Edge(owner=owner, place=place, requirement=requirement)
            if edge.needed in found:
                found[edge.needed].append(edge)
    return found

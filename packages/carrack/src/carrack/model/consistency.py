"""Whether a workspace's packages fit together as they are in the tree."""

from __future__ import annotations

from packaging.utils import canonicalize_name

from carrack.model.graph import cycle
from carrack.model.workspace import Workspace


def contradictions(workspace: Workspace) -> tuple[str, ...]:
    """A sentence for each requirement that does not admit the tree's own version, and for a circle of needs."""
    faults = [
        f"{one}: '{requirement}' does not admit {needed}, as it is in the tree"
        for package in workspace.packages.values()
        for one in package.published
        for requirement in one.requirements
        if (needed := workspace.packages.get(canonicalize_name(requirement.name)))
        and not requirement.specifier.contains(needed.version, prereleases=True)
    ]
    circle = cycle({name: workspace.dependencies(name) for name in workspace.packages})
    if circle:
        faults.append(f"these packages need each other in a circle: {' -> '.join(circle)}")
    return tuple(faults)

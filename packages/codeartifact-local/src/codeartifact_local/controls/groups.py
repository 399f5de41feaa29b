"""The package groups of a domain: their hierarchy, and what they allow.

AWS CodeArtifact User Guide, "Package group origin controls".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from sqlite3 import Connection

from codeartifact_local.controls.patterns import STRONG, Coordinate, Pattern, parse_pattern
from codeartifact_local.store import package_groups
from codeartifact_local.store.records import (
    ALLOW,
    ALLOW_SPECIFIC_REPOSITORIES,
    INHERIT,
    ROOT_PATTERN,
    PackageGroup,
)


@dataclass(frozen=True, kw_only=True)
class Association:
    """The one group that a package belongs to, and whether it matches the pattern or a variation of it."""

    group: PackageGroup
    strength: str


@dataclass(frozen=True, kw_only=True)
class Groups:
    """All package groups of one domain, by their patterns; the root ``/*`` is always there."""

    by_pattern: Mapping[str, PackageGroup]

    def association(self, package: Coordinate) -> Association:
        """Return the most specific group that a package matches, strongly or weakly."""
        found = [
            (pattern.specificity, strength, group)
            for pattern, group in self._parsed()
            if (strength := pattern.match(package)) is not None
        ]
        _, strength, group = max(found, key=lambda match: match[0])
        return Association(group=group, strength=strength)

    def parent(self, group: PackageGroup) -> PackageGroup | None:
        """Return the most specific group that contains `group`; the root has none."""
        own = parse_pattern(group.pattern)
        around = [(pattern.specificity, other) for pattern, other in self._parsed() if pattern.contains(own)]
        return max(around, key=lambda pair: pair[0])[1] if around else None

    def children(self, group: PackageGroup) -> list[PackageGroup]:
        """Return the groups whose parent `group` is."""
        return [other for other in self.by_pattern.values() if self.parent(other) == group]

    def source(self, group: PackageGroup, restriction: str) -> PackageGroup:
        """Return the group whose mode of `restriction` counts for `group`: itself, or whom it inherits from."""
        while group.restrictions[restriction] == INHERIT:
            parent = self.parent(group)
            if parent is None:
                break
            group = parent
        return group

    def permit(self, package: Coordinate, restriction: str, repository: str) -> bool:
        """Return whether versions of a package may enter `repository` that way.

        A package that matches only a variation of its group's pattern may not enter in any way.
        """
        association = self.association(package)
        if association.strength != STRONG:
            return False
        group = self.source(association.group, restriction)
        mode = group.restrictions[restriction]
        if mode == ALLOW_SPECIFIC_REPOSITORIES:
            return repository in group.allowed[restriction]
        return mode == ALLOW

    def _parsed(self) -> Iterable[tuple[Pattern, PackageGroup]]:
        return ((parse_pattern(pattern), group) for pattern, group in self.by_pattern.items())


def groups_of(db: Connection, domain_id: int) -> Groups:
    """Return the package groups of a domain."""
    return Groups(by_pattern={group.pattern: group for group in package_groups.every(db, domain_id)})


def is_root(group: PackageGroup) -> bool:
    """Return whether this is the group of all packages, which cannot be deleted and has nobody to inherit from."""
    return group.pattern == ROOT_PATTERN

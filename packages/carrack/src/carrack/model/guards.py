"""What of a package's own manifest keeps it from being published."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from carrack.model.listing import ListedFile
from carrack.model.target import targets
from carrack.model.workspace import Package, Workspace


def unpublishable(packages: Iterable[Package]) -> Iterator[str]:
    """A sentence for each requirement that no index can serve: one by address or path (PEP 508's ``name @ URL``)."""
    for package in packages:
        for one in package.published:
            for requirement in one.requirements:
                if requirement.url:
                    yield f"{one}: '{requirement}' names an address, which no index serves"


@dataclass(frozen=True, kw_only=True)
class Need:
    """A requirement of a package that is released, on something that is not; `address` is where it is written."""

    address: str
    requirement: Requirement

    @property
    def name(self) -> NormalizedName:
        """What is required."""
        return canonicalize_name(self.requirement.name)


def needs_from_elsewhere(packages: Iterable[Package], released: Collection[NormalizedName]) -> Iterator[Need]:
    """The requirements of `packages` that `released` does not meet and that some Python on Linux may need."""
    for one in (one for package in packages for one in package.published):
        for requirement in one.requirements:
            if requirement.url or canonicalize_name(requirement.name) in released:
                continue  # the first has its own sentence, the second is checked as the workspace is read
            if any(target.may_need(requirement.marker) for target in _EVERYWHERE):
                yield Need(address=str(one), requirement=requirement)


def needs_of_builds(packages: Iterable[Package], workspace: Workspace) -> Iterator[Need]:
    """The build requirements of `packages` on packages of the workspace, which the index must have by then."""
    for package in packages:
        for requirement in package.build_requires:
            name = canonicalize_name(requirement.name)
            if name in workspace.packages and name != package.name and not requirement.url:
                yield Need(address=f"{package.manifest}: build-system.requires", requirement=requirement)


_EVERYWHERE = targets([f"3.{minor}" for minor in range(8, 20)], ["x86_64", "aarch64"])


def unserved(needs: Iterable[Need], files: Collection[ListedFile]) -> Iterator[str]:
    """A sentence for each of `needs`, all of one name, that none of the name's `files` on the index meets."""
    versions = {version for file in files if (version := file.version)}
    for need in needs:
        if any(need.requirement.specifier.contains(version, prereleases=True) for version in versions):
            continue
        has = f"the newest there is {max(versions)}" if versions else "the index knows no such project"
        yield f"{need.address}: '{need.requirement}': {has}"

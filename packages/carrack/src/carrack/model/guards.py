"""What of a package's own manifest keeps it from being published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from carrack.model.workspace import Package


def unpublishable(packages: Iterable[Package]) -> Iterator[str]:
    """A sentence for each requirement that no index can serve: one by address or path (PEP 508's ``name @ URL``)."""
    for package in packages:
        for requirement in package.requires:
            if requirement.url:
                where = f"{package.manifest}: project.dependencies"
                yield f"{where}: '{requirement}' names an address, which no index serves"

"""Operations on what is inside a version's files: its readme, and its dependencies."""

from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from codeartifact_local.operations.core_metadata import core_metadata
from codeartifact_local.operations.lookup import Output, ServiceCall, the_version
from codeartifact_local.operations.paging import paginate
from codeartifact_local.operations.versions import version_coordinate
from codeartifact_local.protocol.errors import NotFoundError
from codeartifact_local.store import packages


def get_package_version_readme(call: ServiceCall) -> Output:
    """Give the long description of a version's core metadata."""
    with call.world.database.read() as db:
        package, version = the_version(db, call)
        files = packages.assets(db, version)
    readme = core_metadata(call.world, package, files).get("description")
    if not readme:
        raise NotFoundError(
            f"Readme not found. Package: {package.name}, Version: {version.version}",
            kind="package-version",
            resource=f"{package.name}/{version.version}",
        )
    return {**version_coordinate(package, version), "readme": readme}


def list_package_version_dependencies(call: ServiceCall) -> Output:
    """List what a version's core metadata requires, in its order."""
    with call.world.database.read() as db:
        package, version = the_version(db, call)
        files = packages.assets(db, version)
    wanted = enumerate(core_metadata(call.world, package, files).get("requires_dist", []))
    page = paginate(call, wanted, lambda item: (item[0],))
    return {
        **version_coordinate(package, version),
        "dependencies": [dependency(text) for _, text in page.items],
        "nextToken": page.next_token,
    }


def dependency(text: str) -> dict[str, Any]:
    """Return what answers tell of one requirement of core metadata."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:  # sdists of the public index are older than PEP 508
        name, _, rest = text.strip().partition(" ")
        return {"package": name[:255], "dependencyType": "Requires-Dist", "versionRequirement": rest}
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    source = f"@ {requirement.url} " if requirement.url else str(requirement.specifier)
    marker = f"; {requirement.marker}" if requirement.marker else ""
    return {
        "package": canonicalize_name(requirement.name),
        "dependencyType": "Requires-Dist",
        "versionRequirement": f"{extras}{source}{marker}",
    }

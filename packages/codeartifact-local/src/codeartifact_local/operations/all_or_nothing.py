"""Answers of the operations that take many versions and do all of them, or none.

AWS does so today, and does not promise it (AWS CodeArtifact User Guide, "Update package version status").
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codeartifact_local.operations.lookup import Output
from codeartifact_local.protocol.errors import ValidationError
from codeartifact_local.store.records import Version

MAX_VERSIONS = 100


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why one version stops all of them."""

    code: str
    message: str


def not_found(version: str) -> Failure:
    """Return the failure of a version that is not there."""
    return Failure(code="NOT_FOUND", message=f"Could not find version {version}")


def revision_failure(current: str, expected: str | None) -> Failure | None:
    """Return the failure of a version that must have the revision `expected` (None: any) and has not."""
    if expected in (None, current):
        return None
    return Failure(
        code="MISMATCHED_REVISION", message=f"current revision: {current}, expected revision: {expected}"
    )


def status_failure(current: str, expected: str | None) -> Failure | None:
    """Return the failure of a version that must have the status `expected` (None: any) and has not."""
    if expected in (None, current):
        return None
    return Failure(
        code="MISMATCHED_STATUS", message=f"current status: {current}, expected status: {expected}"
    )


def check_count(versions: Iterable[str]) -> None:
    """Return when there are no more versions than one request may name.

    Raises:
        ValidationError: there are.
    """
    if len(list(versions)) > MAX_VERSIONS:
        raise ValidationError(f"At most {MAX_VERSIONS} versions can be named in one request.")


def succeeded(versions: Iterable[Version]) -> Output:
    """Return the answer that names the versions that were changed."""
    return {
        "successfulVersions": {
            version.version: {"revision": version.revision, "status": version.status} for version in versions
        },
        "failedVersions": {},
    }


def failed(wanted: Iterable[str], failures: Mapping[str, Failure]) -> Output:
    """Return the answer that nothing was done: some versions failed, the others were skipped."""
    found = {
        version: failures.get(version, Failure(code="SKIPPED", message=f"Version {version} was skipped"))
        for version in wanted
    }
    return {
        "successfulVersions": {},
        "failedVersions": {
            version: {"errorCode": failure.code, "errorMessage": failure.message}
            for version, failure in found.items()
        },
    }

"""Changes in an index that are no uploads: origin controls, copies from its domain, and a version's status."""

from __future__ import annotations

from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.adapters.origin_controls import CodeArtifactControls
from carrack.errors import StoppedError
from carrack.model.index import Index
from carrack.model.retraction import Status


class CodeArtifactPromoter(CodeArtifactControls):
    """Implements `ports.Promoter` and `ports.Withdrawer` for the index of its connection."""

    def copy(self, source: Index, name: NormalizedName, version: Version, revision: str) -> None:
        """See `ports.Promoter`. An identical version in the target is in neither list of the answer: it is there."""
        answer = self._connection.call(
            "copy_package_versions",
            sourceRepository=source.repository,
            destinationRepository=self._connection.index.repository,
            format="pypi",
            package=name,
            versionRevisions={str(version): revision},
        )
        failed = answer.get("failedVersions", {})
        for number, reason in failed.items():
            raise StoppedError(
                f"{name} {number} was not copied: {reason.get('errorCode')}: {reason.get('errorMessage')}",
                address=f"index {self._connection.index.name}",
            )

    def set_status(
        self, name: NormalizedName, version: Version, revision: str, before: str, after: Status
    ) -> None:
        """See `ports.Withdrawer`. Raises StoppedError where the service did not do it."""
        answer = self._connection.call(
            "update_package_versions_status",
            **self._package(name),
            versions=[str(version)],
            versionRevisions={str(version): revision},
            expectedStatus=before,
            targetStatus=after.value,
        )
        for number, reason in answer.get("failedVersions", {}).items():
            raise StoppedError(
                f"{name} {number} stays as it is: {reason.get('errorCode')}: {reason.get('errorMessage')}",
                address=f"index {self._connection.index.name}",
            )

"""Copies into an index from another repository of its domain, and the origin controls that guard them."""

from __future__ import annotations

from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.adapters.origin_controls import CodeArtifactControls
from carrack.errors import StoppedError
from carrack.model.index import Index


class CodeArtifactPromoter(CodeArtifactControls):
    """Implements `ports.Promoter` for the index of its connection."""

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

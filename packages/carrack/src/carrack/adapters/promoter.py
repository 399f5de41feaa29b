"""Origin controls of an index's packages, and copies into it from another repository of its domain."""

from __future__ import annotations

from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.adapters.aws import Connection
from carrack.adapters.aws_errors import MissingError
from carrack.errors import StoppedError
from carrack.model.controls import Controls
from carrack.model.index import Index

_WORDS = {True: "ALLOW", False: "BLOCK"}


class CodeArtifactPromoter:
    """Implements `ports.Promoter` for the index of `connection`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def controls(self, name: NormalizedName) -> Controls | None:
        """See `ports.Promoter`."""
        try:
            found = self._connection.call("describe_package", **self._package(name))["package"]
        except MissingError as error:
            if error.kind != "package":
                raise
            return None
        restrictions = found.get("originConfiguration", {}).get("restrictions", {})
        # A package from before May 2022 has none, which is as good as ALLOW.
        return Controls(
            publish=restrictions.get("publish") != "BLOCK", upstream=restrictions.get("upstream") != "BLOCK"
        )

    def set_controls(self, name: NormalizedName, controls: Controls) -> None:
        """See `ports.Promoter`."""
        self._connection.call(
            "put_package_origin_configuration",
            **self._package(name),
            restrictions={"publish": _WORDS[controls.publish], "upstream": _WORDS[controls.upstream]},
        )

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

    def _package(self, name: NormalizedName) -> dict[str, str]:
        return {"repository": self._connection.index.repository, "format": "pypi", "package": name}

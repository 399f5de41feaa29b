"""Origin controls of packages, in one repository of a domain."""

from __future__ import annotations

from packaging.utils import NormalizedName

from carrack.adapters.aws import Connection
from carrack.adapters.aws_errors import MissingError
from carrack.model.controls import Controls

_WORDS = {True: "ALLOW", False: "BLOCK"}


class CodeArtifactControls:
    """Implements `ports.OriginControls` for `repository`, that of `connection`'s index where it is None."""

    def __init__(self, connection: Connection, repository: str | None = None) -> None:
        self._connection = connection
        self._repository = repository or connection.index.repository

    def controls(self, name: NormalizedName) -> Controls | None:
        """See `ports.OriginControls`."""
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
        """See `ports.OriginControls`."""
        self._connection.call(
            "put_package_origin_configuration",
            **self._package(name),
            restrictions={"publish": _WORDS[controls.publish], "upstream": _WORDS[controls.upstream]},
        )

    def _package(self, name: NormalizedName) -> dict[str, str]:
        return {"repository": self._repository, "format": "pypi", "package": name}

"""What an index's simple page says about a project's files."""

from __future__ import annotations

from dataclasses import dataclass, field

from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version


@dataclass(frozen=True, kw_only=True)
class ListedFile:
    """One file of a project's page. `sha256` is lower-case hex, None where the index gives none."""

    name: str
    sha256: str | None
    requires_python: SpecifierSet = field(default_factory=SpecifierSet)
    yanked: bool = False

    @property
    def version(self) -> Version | None:
        """The version in the file's name; None where the name is neither a wheel's nor an sdist's."""
        try:
            if self.name.endswith(".whl"):
                return parse_wheel_filename(self.name)[1]
            return parse_sdist_filename(self.name)[1]
        except (InvalidWheelFilename, InvalidSdistFilename):
            return None

    @property
    def tags(self) -> frozenset[Tag]:
        """The wheel's tags (PEP 425); empty for a file that is no wheel."""
        try:
            return parse_wheel_filename(self.name)[3]
        except InvalidWheelFilename:
            return frozenset()

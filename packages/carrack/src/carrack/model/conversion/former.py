"""What a distribution was before its conversion: the wheel that its folder made, and what its backend told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from carrack.model.conversion.folder import PYPROJECT, Folder
from carrack.model.conversion.setuptools import SetupFacts
from carrack.model.conversion.wheel import Wheel

_COMPILED = (".so", ".pyd", ".dll", ".dylib")
_NOTE = re.compile(r"""^\s*["']?(?P<said>[A-Za-z0-9][^#"']*?)["']?\s*,?\s+\#\s*(?P<note>\S.*)$""")
_POETRY_NOTE = re.compile(r"""^\s*["']?(?P<said>[\w.-]+)["']?\s*=[^#]*\#\s*(?P<note>\S.*)$""")
_WITH_REQUIREMENTS = ("setup.py", "setup.cfg", "*requirements*.txt", "requirements/*.txt")


@dataclass(frozen=True, kw_only=True)
class Former:
    """`version` is the static one from now on, and `found` says where it was found."""

    folder: Folder
    """As it was, which lines that are told are lines of."""
    wheel: Wheel
    version: Version
    found: str
    needs: tuple[str, ...] = ()
    """Build requirements that it did not say, and could not be built without; bounds that it needed among them."""
    facts: SetupFacts | None = None
    """What setuptools told; None where another backend builds."""

    def generated(self, folder: Folder) -> Mapping[str, str]:
        """Modules in the wheel that the folder has not, as the build wrote them; by the place that they would have."""
        missing = [name for name in self.wheel.files if not self._source(folder, name)]
        texts = {
            name: self.wheel.files[name].decode()
            for name in missing
            if name.endswith(".py") and not name.startswith(".data/")
        }
        return {self._place(folder, name): text for name, text in texts.items()}

    @property
    def compiled(self) -> tuple[str, ...]:
        """The files of the wheel that a compiler made."""
        return tuple(sorted(name for name in self.wheel.files if name.endswith(_COMPILED)))

    def notes(self, folder: Folder) -> Mapping[str, str]:
        """The comments beside requirements in the folder's files, by the name of what is required."""
        return dict(_notes(folder))

    def _source(self, folder: Folder, name: str) -> str | None:
        """The file of the folder that a file of the wheel is; of several the one with its text, then the shortest."""
        found = [known for known in folder.names if known == name or known.endswith(f"/{name}")]
        content = self.wheel.files[name]
        return min(
            found, key=lambda known: (folder.text(known).encode() != content, len(known)), default=None
        )

    def _place(self, folder: Folder, name: str) -> str:
        """Where the source of a module would be: beside the source of another one of its package."""
        package = name.rpartition("/")[0]
        for other in sorted(self.wheel.files):
            if other.rpartition("/")[0] == package and (source := self._source(folder, other)):
                return source.removesuffix(other) + name
        return name

    @cached_property
    def modules(self) -> frozenset[str]:
        """The names of its Python files, as the wheel has them."""
        return frozenset(name for name in self.wheel.files if name.endswith(".py"))

    def sources(self, folder: Folder) -> tuple[str, ...]:
        """The folder's files of those."""
        found = (self._source(folder, name) for name in sorted(self.modules))
        return tuple(dict.fromkeys(name for name in found if name))


def _notes(folder: Folder) -> Iterator[tuple[str, str]]:
    section = ""
    for _, line in folder.lines(PYPROJECT):
        section = line.strip() if line.startswith("[") else section
        if section == "[tool.poetry.dependencies]" and (found := _POETRY_NOTE.match(line)):
            yield canonicalize_name(found["said"]), found["note"].strip()
    for file in folder.matching(*_WITH_REQUIREMENTS):
        for _, line in folder.lines(file):
            if found := _NOTE.match(line):
                try:
                    yield canonicalize_name(Requirement(found["said"]).name), found["note"].strip()
                except InvalidRequirement:
                    continue

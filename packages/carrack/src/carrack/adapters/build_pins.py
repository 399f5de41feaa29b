"""Pins of build requirements, by hash, through uv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from carrack.adapters.pins_file import PIN, compile_pins, entries, entry_name
from carrack.errors import WorkspaceError


@dataclass(frozen=True, kw_only=True)
class UvBuildPins:
    """Implements `ports.BuildPins`. `environ` names the index (`adapters.environment.isolated`)."""

    environ: Mapping[str, str] = field(repr=False)

    def missing(self, requires: Sequence[str], constraints: str) -> str:
        """See `ports.BuildPins`. Raises WorkspaceError where they do not go with what is pinned."""
        pinned = {
            found["name"]: found["version"] for line in constraints.splitlines() if (found := PIN.match(line))
        }
        present = {canonicalize_name(name): version for name, version in pinned.items()}
        if all(_is_met(Requirement(text), present) for text in requires):
            return ""
        return "".join(
            entry
            for entry in entries(self._compiled(requires, constraints))
            if entry_name(entry) not in present
        )

    def _compiled(self, requires: Sequence[str], constraints: str) -> str:
        done = compile_pins(requires, constraints, self.environ, "--no-header")
        if done.returncode:
            raise WorkspaceError(
                "what it is built with does not go with what is pinned there, or is not to be had",
                address="build-constraints.txt",
                faults=tuple(done.stderr.splitlines()),
                untouched="everything; nothing was written",
                hint="pin its build requirements there, as the file's first lines tell, and run this again",
            )
        return done.stdout


def _is_met(requirement: Requirement, present: Mapping[NormalizedName, str]) -> bool:
    version = present.get(canonicalize_name(requirement.name))
    if requirement.marker and not requirement.marker.evaluate():
        return True
    return version is not None and requirement.specifier.contains(version, prereleases=True)

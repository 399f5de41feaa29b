"""Pins of build requirements, by hash, through uv."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import uv
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from carrack.errors import WorkspaceError

_OPTIONS = (
    *("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate"),
    *("--quiet", "--no-progress", "--color", "never"),
)
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;\\]+)")


@dataclass(frozen=True, kw_only=True)
class UvBuildPins:
    """Implements `ports.BuildPins`. `environ` names the index (`adapters.environment.isolated`)."""

    environ: Mapping[str, str] = field(repr=False)

    def missing(self, requires: Sequence[str], constraints: str) -> str:
        """See `ports.BuildPins`. Raises WorkspaceError where they do not go with what is pinned."""
        pinned = {
            found["name"]: found["version"]
            for line in constraints.splitlines()
            if (found := _PIN.match(line))
        }
        present = {canonicalize_name(name): version for name, version in pinned.items()}
        if all(_is_met(Requirement(text), present) for text in requires):
            return ""
        return "".join(
            entry for entry in _entries(self._compiled(requires, constraints)) if _name(entry) not in present
        )

    def _compiled(self, requires: Sequence[str], constraints: str) -> str:
        with tempfile.TemporaryDirectory(prefix="carrack-pins-") as scratch:
            given = Path(scratch) / "constraints.txt"
            given.write_text(constraints, encoding="utf-8")
            done = subprocess.run(
                [
                    *(uv.find_uv_bin(), "pip", "compile", *_OPTIONS),
                    *("--python", sys.executable, "--constraints", given.name, "-"),
                ],
                cwd=scratch,
                env=dict(self.environ),
                input="".join(f"{text}\n" for text in requires),
                capture_output=True,
                text=True,
                check=False,
            )
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


def _entries(text: str) -> Iterator[str]:
    """Each pin with its lines of hashes."""
    return (match[0] for match in re.finditer(r"^\S.*\n(?:[ \t].*\n?)*", text, re.MULTILINE))


def _name(entry: str) -> NormalizedName:
    found = _PIN.match(entry)
    return canonicalize_name(found["name"] if found else entry)

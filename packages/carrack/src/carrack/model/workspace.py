"""What the repository holds: packages, apps and indexes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from carrack.model.index import Index
from carrack.model.published import File
from carrack.model.requirements import Policy
from carrack.model.wheels import WheelTarget, lacks

_OF_CARRACK = tuple(map(PurePosixPath, (".carrack", ".github", "adopted", "buildspec.yml")))
"""What Carrack writes at the root of a workspace (`ci init`, `adopt`, caches)."""


@dataclass(frozen=True, kw_only=True)
class Package:
    """A distribution under the workspace's package globs. `path` is its folder, relative to the workspace."""

    name: NormalizedName
    version: Version
    path: PurePosixPath
    requires: tuple[Requirement, ...] = ()
    build_requires: tuple[str, ...] = ()
    requires_python: SpecifierSet = field(default_factory=SpecifierSet)
    targets: tuple[WheelTarget, ...] = ()
    """What its native wheels are for; none where one wheel is for all."""

    @property
    def manifest(self) -> str:
        """The address of the package's own pyproject.toml, for messages."""
        return str(self.path / "pyproject.toml")

    def lacks(self, files: Iterable[File]) -> tuple[str, ...]:
        """What a version with these files is short of; empty where it is whole."""
        return lacks(self.targets, files)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True, kw_only=True)
class App:
    """What runs: its folder, what it requires from the index, its lock, and the Pythons the lock is made for.

    `pythons` are minor versions such as `3.12`, `machines` Linux machines such as `x86_64`. `manifest` and `key`
    say where its requirements are written: its own pyproject.toml's `project.dependencies`, or the workspace's.
    """

    name: str
    path: PurePosixPath
    requirements: tuple[Requirement, ...]
    lock: PurePosixPath
    pythons: tuple[str, ...]
    machines: tuple[str, ...] = ("x86_64", "aarch64")
    manifest: PurePosixPath
    key: tuple[str, ...] = ("project", "dependencies")


@dataclass(frozen=True, kw_only=True)
class BumpRules:
    """`[tool.carrack.bump]`: how other packages follow one that is raised.

    `edges` has the policies of single pairs (who requires, what), `dependents` that of all others. The packages of
    each of `groups` have one version together. `sources` say where levels come from, `changes` is the folder of files.
    """

    dependents: Policy = Policy.KEEP
    edges: Mapping[tuple[NormalizedName, NormalizedName], Policy] = field(default_factory=dict)
    groups: tuple[tuple[NormalizedName, ...], ...] = ()
    sources: tuple[str, ...] = ("changes", "commits")
    changes: PurePosixPath = field(default_factory=lambda: PurePosixPath("changes"))

    def policy(self, dependent: NormalizedName, needed: NormalizedName) -> Policy:
        """How the requirement of `needed` in `dependent` follows."""
        return self.edges.get((dependent, needed), self.dependents)


@dataclass(frozen=True, kw_only=True)
class CISettings:
    """`[tool.carrack.ci]`: which index CI releases to, as which AWS role, and how it sets up and tests."""

    index: str | None
    role: str
    python: str
    setup: tuple[str, ...]
    test: str


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Everything that `[tool.carrack]` of the root pyproject.toml says, read and checked."""

    root: Path
    packages: Mapping[NormalizedName, Package]
    apps: Mapping[str, App]
    indexes: Mapping[str, Index]
    build_constraints: PurePosixPath
    default_index: str | None = None
    bump_rules: BumpRules = field(default_factory=BumpRules)
    ci: CISettings = field(
        default_factory=lambda: CISettings(index=None, role="", python="", setup=(), test="")
    )
    package_globs: tuple[str, ...] = ("packages/*",)
    """Where packages are: patterns of folders, relative to the workspace."""
    private_names: tuple[NormalizedName, ...] | None = None
    """Names that are the team's though another workspace publishes them; None where the workspace does not say."""

    @property
    def apart(self) -> tuple[PurePosixPath, ...]:
        """What lies in the root's folder and is not of a package that is there: others' folders, and Carrack's files.

        They neither change that package nor go into its builds.
        """
        apps = self.apps.values()
        folders = {*(package.path for package in self.packages.values()), *(app.path for app in apps)}
        files = {self.build_constraints, self.bump_rules.changes, *(app.lock for app in apps), *_OF_CARRACK}
        return tuple(sorted(path for path in folders | files if path.parts))

    def internal_requirements(self, requirements: Iterable[Requirement]) -> tuple[NormalizedName, ...]:
        """The names among `requirements` that are packages of this workspace, in the order given, each once."""
        names = (canonicalize_name(requirement.name) for requirement in requirements)
        return tuple(dict.fromkeys(name for name in names if name in self.packages))

    def dependencies(self, name: NormalizedName) -> tuple[NormalizedName, ...]:
        """The workspace packages that `name` requires directly."""
        return self.internal_requirements(self.packages[name].requires)

    def closure(self, names: Iterable[NormalizedName]) -> tuple[NormalizedName, ...]:
        """`names` and every workspace package that they need, each once, in the order found."""
        found: dict[NormalizedName, None] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found[name] = None
                waiting.extend(self.dependencies(name))
        return tuple(found)

    def dependents(self, names: Iterable[NormalizedName]) -> frozenset[NormalizedName]:
        """`names` and every workspace package that needs one of them, directly or not."""
        found = set(names)
        while new := {name for name in self.packages if found.intersection(self.dependencies(name))} - found:
            found |= new
        return frozenset(found)

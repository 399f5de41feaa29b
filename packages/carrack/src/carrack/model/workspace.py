"""What the repository holds: packages, apps and indexes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from carrack.model.graph import waves
from carrack.model.published import File
from carrack.model.requirements import Policy
from carrack.model.wheels import WheelTarget, lacks

if TYPE_CHECKING:  # of which most workspaces have none, or a verb needs none
    from carrack.model.code_sources import CodeSource
    from carrack.model.index import Index
    from carrack.model.jobs.settings import JobSettings
    from carrack.model.prices import Prices

_OF_CARRACK = tuple(map(PurePosixPath, (".carrack", ".github", "adopted", "buildspec.yml")))
"""What Carrack writes at the root of a workspace (`ci init`, `adopt`, caches)."""


@dataclass(frozen=True, kw_only=True)
class RequirementList:
    """One list of requirements, and where it is written."""

    manifest: PurePosixPath
    key: tuple[str, ...]
    requirements: tuple[Requirement, ...]

    @property
    def extra(self) -> str | None:
        """The extra whose requirements these are (`project.optional-dependencies`)."""
        return self.key[-1] if self.key[:2] == ("project", "optional-dependencies") else None

    @property
    def group(self) -> str | None:
        """The group whose requirements these are (PEP 735's `[dependency-groups]`): in no package's metadata."""
        return self.key[-1] if self.key[0] == "dependency-groups" else None

    @property
    def within(self) -> str:
        """The extra or group in words, with a space before; nothing for what is always required."""
        if self.extra:
            return f" in its extra {self.extra}"
        return f" in its group {self.group}" if self.group else ""

    def __str__(self) -> str:
        return f"{self.manifest}: {'.'.join(self.key)}"


@dataclass(frozen=True, kw_only=True)
class Package:
    """A distribution under the workspace's package globs. `path` is its folder, relative to the workspace."""

    name: NormalizedName
    version: Version
    path: PurePosixPath
    requires: tuple[Requirement, ...] = ()
    optional: tuple[RequirementList, ...] = ()
    """Its extras and groups."""
    build_requires: tuple[Requirement, ...] = ()
    """Met by what the index has, as the workspace's build constraints pin it; never by the tree."""
    requires_python: SpecifierSet = field(default_factory=SpecifierSet)
    targets: tuple[WheelTarget, ...] = ()
    """What its native wheels are for; none where one wheel is for all."""
    scripts: tuple[str, ...] = ()
    """The commands that it installs (`project.scripts`)."""

    @property
    def manifest(self) -> str:
        """The address of the package's own pyproject.toml, for messages."""
        return str(self.path / "pyproject.toml")

    @property
    def command(self) -> str | None:
        """The only command that it installs, or the one that is called as it is; None where that is not one."""
        if self.name in self.scripts:
            return self.name
        return self.scripts[0] if len(self.scripts) == 1 else None

    @property
    def lists(self) -> tuple[RequirementList, ...]:
        """What it requires: to run, in each extra, and in each group."""
        own = RequirementList(
            manifest=self.path / "pyproject.toml", key=("project", "dependencies"), requirements=self.requires
        )
        return (own, *self.optional)

    @property
    def published(self) -> tuple[RequirementList, ...]:
        """Those of its lists that are in its metadata, for everybody who installs it."""
        return tuple(one for one in self.lists if one.group is None)

    def required(self, extras: Collection[str]) -> Iterator[Requirement]:
        """What installing it with these extras brings."""
        wanted = {canonicalize_name(extra) for extra in extras}
        for one in self.published:
            if one.extra is None or canonicalize_name(one.extra) in wanted:
                yield from one.requirements

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
    sources: Mapping[NormalizedName, CodeSource] = field(default_factory=dict)
    """Where packages come from that do not come from the index."""
    repository: str | None = None
    """Where its images are pushed to: a name, or the whole address."""
    optional: tuple[RequirementList, ...] = ()
    """The extras and groups of its own manifest, which are not in the lock."""
    dockerfile: PurePosixPath | None = None
    """Its own Dockerfile; without one it gets Carrack's."""
    base: str | None = None
    """The image that its own is built on."""
    base_brings: tuple[NormalizedName, ...] = ()
    """Distributions that the base image has: the app's lock takes them as they are, and no image installs them."""
    sources_image: str | None = None
    """The image that git sources are fetched and built in; the base where it is not said."""
    job: JobSettings | None = None
    """How it runs on AWS Batch."""

    @property
    def lists(self) -> tuple[RequirementList, ...]:
        """Everything that it requires."""
        own = RequirementList(manifest=self.manifest, key=self.key, requirements=self.requirements)
        return (own, *self.optional)

    @property
    def base_image(self) -> str | None:
        """What it says, else Python's slim image; None where its own Dockerfile has to say it."""
        newest = max(self.pythons, key=lambda python: int(python.partition(".")[2]))
        return self.base or (None if self.dockerfile else f"python:{newest}-slim")


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
    """`[tool.carrack.ci]`: which index CI releases to, as which AWS roles, and how it sets up and tests."""

    index: str | None = None
    role: str = ""
    reader: str = ""
    token: str = ""
    branch: str = ""
    python: str = ""
    setup: tuple[str, ...] = ()
    test: str = ""


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
    ci: CISettings = field(default_factory=CISettings)
    package_globs: tuple[str, ...] = ("packages/*",)
    """Where packages are: patterns of folders, relative to the workspace."""
    private_names: tuple[NormalizedName, ...] | None = None
    """Names that are the team's though another workspace publishes them; None where the workspace does not say."""
    prices: Mapping[str, Prices] = field(default_factory=dict)
    """The workspace's own, by region."""
    lists: tuple[RequirementList, ...] = ()
    """What the workspace's own manifest requires, for whoever works in it."""

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
        """The workspace packages that `name` requires directly, always."""
        return self.internal_requirements(self.packages[name].requires)

    def needs(self, name: NormalizedName) -> tuple[NormalizedName, ...]:
        """The workspace packages that `name`'s metadata names: its extras count."""
        return self.internal_requirements(_requirements(self.packages[name].published))

    def works_with(self, name: NormalizedName) -> tuple[NormalizedName, ...]:
        """The workspace packages that are there where `name` is tested: with all its extras and groups."""
        return self.installed_by(_requirements(self.packages[name].lists))

    def closure(
        self,
        names: Iterable[NormalizedName],
        edges: Callable[[NormalizedName], Iterable[NormalizedName]] | None = None,
    ) -> tuple[NormalizedName, ...]:
        """`names` and every workspace package that they need, each once, in the order found.

        `edges` says what one of them needs: `needs`, if not said.
        """
        found: dict[NormalizedName, None] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found[name] = None
                waiting.extend((edges or self.needs)(name))
        return tuple(found)

    def installed_by(self, requirements: Iterable[Requirement]) -> tuple[NormalizedName, ...]:
        """The workspace packages that installing `requirements` brings, with the extras that are asked for."""
        found: dict[NormalizedName, set[str]] = {}
        waiting = list(requirements)
        while waiting:
            requirement = waiting.pop(0)
            name = canonicalize_name(requirement.name)
            if name in self.packages and (name not in found or not requirement.extras <= found[name]):
                extras = found.setdefault(name, set())
                extras |= requirement.extras
                waiting.extend(self.packages[name].required(extras))
        return tuple(found)

    def dependents(self, names: Iterable[NormalizedName]) -> frozenset[NormalizedName]:
        """`names` and every workspace package that works with one of them."""
        found = frozenset(names)
        return found | {name for name in self.packages if not found.isdisjoint(self.works_with(name))}

    def waves(
        self, among: Collection[NormalizedName] | None = None
    ) -> tuple[tuple[NormalizedName, ...], ...]:
        """Groups of packages, `among` these, such that what is needed lies in an earlier group.

        What only an extra or the build needs lies earlier too, unless that would close a circle.
        """
        edges = {name: self.dependencies(name) for name in self.packages}
        wishes = {
            name: (*self.needs(name), *self.internal_requirements(package.build_requires))
            for name, package in self.packages.items()
        }
        groups = (
            tuple(name for name in wave if among is None or name in among) for wave in waves(edges, wishes)
        )
        return tuple(group for group in groups if group)

    def requirement_lists(self) -> Iterator[tuple[NormalizedName | None, RequirementList]]:
        """Every list of requirements in the workspace, each once, with the package that it is of, if it is of one."""
        found: dict[tuple[PurePosixPath, tuple[str, ...]], tuple[NormalizedName | None, RequirementList]] = {}
        of_packages = ((package.name, one) for package in self.packages.values() for one in package.lists)
        of_apps = ((None, one) for app in self.apps.values() for one in app.lists)
        for owner, one in (*of_packages, *of_apps, *((None, one) for one in self.lists)):
            found.setdefault((one.manifest, one.key), (owner, one))
        yield from found.values()


def _requirements(lists: Iterable[RequirementList]) -> Iterator[Requirement]:
    return (requirement for one in lists for requirement in one.requirements)

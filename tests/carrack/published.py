"""A small workspace whose packages are on a static index, and the receipt that says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version
from tests.carrack.static_index import INDEX, StaticIndex
from tests.carrack.wheels import make_sdist, make_wheel, sha256

from carrack.adapters.environment import isolated
from carrack.adapters.resolver import UvResolver
from carrack.adapters.simple_index import SimpleIndex
from carrack.commands.lock import lock
from carrack.model.lock import Lock
from carrack.model.published import File
from carrack.model.receipt import Entry, Receipt
from carrack.model.workspace import App, Package, Workspace
from carrack.ports import Report


class Told(Report):
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str]] = []

    def step(self, verb: str, subject: str) -> None:
        """Keep it."""
        self.steps.append((verb, subject))


@dataclass
class Published:
    """`record-rules` needs `record-io`, which needs the third party's `thing`; the app `job` needs the first."""

    index: StaticIndex
    environ: Mapping[str, str]
    root: Path
    requirements: tuple[str, ...] = ("record-rules>=1",)
    pythons: tuple[str, ...] = ("3.11", "3.12")
    packages: dict[NormalizedName, Package] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    report: Told = field(default_factory=Told)

    def publish(self, name: str, version: str, requires: Iterable[str] = ()) -> None:
        """Put an sdist and a wheel of a package of ours on the index, and in the receipt."""
        self.write(name, version, requires)
        files = [
            make_wheel(self.index.folder, name, version, requires=requires),
            make_sdist(self.index.folder, name, version),
        ]
        self.entries = [entry for entry in self.entries if entry.name != name]
        for path in files:
            file = File(name=path.name, sha256=sha256(path), size=path.stat().st_size)
            self.entries.append(
                Entry(name=canonicalize_name(name), version=Version(version), file=file, commit=None)
            )

    def write(self, name: str, version: str, requires: Iterable[str] = ()) -> None:
        """Have a package in the tree."""
        package = Package(
            name=canonicalize_name(name),
            version=Version(version),
            path=PurePosixPath("packages", name),
            requires=tuple(map(Requirement, requires)),
        )
        self.packages[package.name] = package

    @property
    def app(self) -> App:
        """The app."""
        return App(
            name="job",
            path=PurePosixPath("job"),
            requirements=tuple(map(Requirement, self.requirements)),
            lock=PurePosixPath("job/requirements.lock"),
            pythons=self.pythons,
            manifest=PurePosixPath("job/pyproject.toml"),
        )

    @property
    def workspace(self) -> Workspace:
        """The workspace."""
        return Workspace(
            root=self.root,
            packages=self.packages,
            apps={"job": self.app},
            indexes={"private": INDEX},
            build_constraints=PurePosixPath("build-constraints.txt"),
        )

    @property
    def receipt(self) -> Receipt:
        """What the index holds of the workspace."""
        return Receipt(index=INDEX, entries=tuple(self.entries))

    def lock(self, existing: Lock | None = None) -> Lock:
        """`carrack lock`, for real but for where the receipt comes from."""
        self.report = Told()
        return lock(
            self.workspace,
            self.app,
            self.receipt,
            resolver=UvResolver(environ=isolated(self.environ, self.index.access)),
            listing=SimpleIndex(self.index.access),
            report=self.report,
            existing=existing,
        )


def pinned(made: Lock) -> list[str]:
    """What a lock pins, in words, sorted."""
    return sorted(str(pin.candidate) for pin in made.pins)


def on_another_index(receipt: Receipt) -> Receipt:
    """The same files, promoted."""
    return replace(receipt, index=replace(INDEX, name="staging", repository="staging"))

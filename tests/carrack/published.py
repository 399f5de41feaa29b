"""A small workspace whose packages are on a static index, and the receipt that says so."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version
from tests.carrack.repositories import GIT_ENVIRON
from tests.carrack.static_index import INDEX, StaticIndex, serve
from tests.carrack.wheels import make_sdist, make_wheel, sha256

from carrack.adapters.archives import BuiltArchives
from carrack.adapters.builder import IsolatedBuilder
from carrack.adapters.environment import isolated
from carrack.adapters.resolver import UvResolver
from carrack.adapters.simple_index import SimpleIndex
from carrack.adapters.source_trees import SourceRepositories
from carrack.adapters.wheel_store import FolderOfWheels
from carrack.commands.lock import NOTHING_BROUGHT, lock
from carrack.commands.source_wheels import SourceTools
from carrack.model.artifact import Source
from carrack.model.base_image import BaseContents
from carrack.model.code_sources import CodeSource
from carrack.model.lock import Lock
from carrack.model.published import File
from carrack.model.receipt import Entry, Receipt
from carrack.model.workspace import App, Package, Workspace
from carrack.ports import Report

HERE = "{}.{}".format(*sys.version_info)
TINY_BACKEND = Path(__file__).with_name("tiny_backend.py").read_text()


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
    base: BaseContents = NOTHING_BROUGHT
    sources: dict[NormalizedName, CodeSource] = field(default_factory=dict)
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
        write_distribution(self.root / "packages" / name, name, version, requires)
        package = Package(
            name=canonicalize_name(name),
            version=Version(version),
            path=PurePosixPath("packages", name),
            requires=tuple(map(Requirement, requires)),
        )
        self.packages[package.name] = package

    def pin_backend(self, code: str = TINY_BACKEND) -> Path:
        """Put a build backend on the index and in the build constraints; gives back its wheel."""
        backend = make_wheel(self.index.folder, "tiny-backend", "1.0", members={"tiny_backend.py": code})
        self.constraints.write_text(f"tiny-backend==1.0 --hash=sha256:{sha256(backend)}\n")
        return backend

    @property
    def constraints(self) -> Path:
        """The workspace's build constraints."""
        return self.root / "build-constraints.txt"

    @property
    def own(self) -> Source:
        """The app's own distribution."""
        return Source(
            name=canonicalize_name("job"),
            version=Version("0.1"),
            path=self.root / "job",
            epoch=315532800,
            build_requires=("tiny-backend>=1",),
        )

    @property
    def builder(self) -> IsolatedBuilder:
        """The builder, with build requirements from the index."""
        environ = isolated(self.environ, self.index.access)
        return IsolatedBuilder(
            constraints=self.constraints, environ=lambda: environ, seen=environ, report=self.report
        )

    @property
    def tools(self) -> SourceTools:
        """What makes wheels of commits."""
        return SourceTools(
            trees=SourceRepositories(root=self.root, environ=GIT_ENVIRON),
            builder=self.builder,
            archives=BuiltArchives(),
            store=FolderOfWheels(self.root / ".carrack" / "wheels"),
        )

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
            sources=self.sources,
            base="gpu:1" if self.base.brought else None,
            base_brings=tuple(one.candidate.name for one in self.base.brought),
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
            tools=self.tools,
            report=self.report,
            base=self.base,
            existing=existing,
        )


@contextmanager
def published_workspace(folder: Path) -> Iterator[Published]:
    """A workspace in `folder` whose two packages are on an index that is served until the block ends."""
    with serve(StaticIndex(folder=folder / "index")) as index:
        state = Published(index=index, environ=bare(folder), root=folder / "workspace")
        write_distribution(state.root / "job", "job", "0.1", state.requirements)
        state.pin_backend()
        make_wheel(index.folder, "thing", "1.0")
        state.publish("record-io", "1.4.0", ["thing>=1"])
        state.publish("record-rules", "1.1.0", ["record-io>=1.4,<2"])
        yield state


def bare(folder: Path) -> dict[str, str]:
    """The environment of a user without settings: an empty home, and caches of their own, in `folder`."""
    home = folder / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "UV_CACHE_DIR": str(folder / "uv-cache"),
        "PIP_CACHE_DIR": str(folder / "pip-cache"),
    }


def write_distribution(folder: Path, name: str, version: str, requires: Iterable[str] = ()) -> None:
    """Write the source of a distribution with one module, whose `VERSION` is `version`."""
    module = folder / "src" / name.replace("-", "_")
    module.mkdir(parents=True, exist_ok=True)
    (module / "__init__.py").write_text(f"VERSION = {version!r}\n")
    project = f"[project]\nname = {name!r}\nversion = {version!r}\ndependencies = {list(requires)!r}\n"
    system = '[build-system]\nrequires = ["tiny-backend>=1"]\nbuild-backend = "tiny_backend"\n'
    (folder / "pyproject.toml").write_text(project + system)


def pinned(made: Lock) -> list[str]:
    """What a lock pins, in words, sorted."""
    return sorted(str(pin.candidate) for pin in made.pins)


def on_another_index(receipt: Receipt) -> Receipt:
    """The same files, promoted."""
    return replace(receipt, index=replace(INDEX, name="staging", repository="staging"))

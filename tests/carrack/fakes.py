"""The ports in memory: a history, an index, a builder and a journal that behave, and can be told to misbehave."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from carrack.commands.knowledge import Knowledge, Sources, learn
from carrack.commands.publish import publish
from carrack.commands.tools import Tools
from carrack.errors import BuildError, CarrackError, PublishedDiffersError, WorkspaceError
from carrack.model.artifact import Artifact, Kinds, Source
from carrack.model.controls import Controls
from carrack.model.deployed import DISTRIBUTIONS
from carrack.model.history import Place, TreeState
from carrack.model.image import Image, Recipe
from carrack.model.index import Index
from carrack.model.listing import ListedFile
from carrack.model.plan import Step
from carrack.model.published import File, IndexState, PublishedPackage, PublishedVersion
from carrack.model.receipt import Entry
from carrack.model.registry import Login, Repository
from carrack.model.reproduction import Member
from carrack.model.workspace import Package, Workspace
from carrack.ports import Context, Report

INDEX = Index(name="test", domain="d", owner="1" * 12, region="eu-central-1", repository="prod")


class KilledError(BaseException):
    """The process ends here, as with SIGKILL: nothing of ours catches it."""


def name(text: str) -> NormalizedName:
    """A normalised name."""
    return canonicalize_name(text)


@dataclass(frozen=True)
class Commit:
    """A commit: its time, and the text of each package's one file."""

    id: str
    epoch: int
    texts: Mapping[PurePosixPath, str]


@dataclass
class MemoryHistory:
    """Implements `ports.History`; the last commit is HEAD."""

    commits: list[Commit] = field(default_factory=list)
    uncommitted: tuple[PurePosixPath, ...] = ()
    shallow: bool = False
    tagged: dict[str, str] = field(default_factory=dict)

    def commit(self, **texts: str) -> str:
        """Commit new texts of packages, a minute after the commit before; its id."""
        before = self.commits[-1].texts if self.commits else {}
        paths = {
            PurePosixPath("packages", package.replace("_", "-")): text for package, text in texts.items()
        }
        number = len(self.commits) + 1
        self.commits.append(Commit(f"{number:040x}", 1_700_000_000 + 60 * number, {**before, **paths}))
        return self.commits[-1].id

    def state(self, paths: Iterable[PurePosixPath]) -> TreeState:
        """See `ports.History`."""
        head = self.commits[-1].id
        trees = self.trees((head, path) for path in paths)
        return TreeState(
            commit=head,
            shallow=self.shallow,
            trees={path: tree for (_, path), tree in trees.items()},
            uncommitted=self.uncommitted,
        )

    def size(self, wanted: Iterable[Place]) -> int:
        """See `ports.History`."""
        texts = {commit.id: commit.texts for commit in self.commits}
        return sum(len(texts[commit][path]) for commit, path in wanted)

    def trees(self, wanted: Iterable[Place]) -> Mapping[Place, str]:
        """See `ports.History`."""
        texts = {one.id: one.texts for one in self.commits}
        return {
            (commit, path): f"tree of {texts[commit][path]}"
            for commit, path in wanted
            if path in texts.get(commit, {})
        }

    def checkouts(self, wanted: Iterable[Place]) -> Mapping[Place, str]:
        """See `ports.History`."""
        return self.trees(wanted)

    def text(self, commit: str, path: PurePosixPath) -> str | None:
        """See `ports.History`."""
        return next((one.texts.get(path) for one in self.commits if one.id == commit), None)

    def texts(self, wanted: Iterable[Place]) -> Mapping[Place, str]:
        """See `ports.History`."""
        found = {place: self.text(*place) for place in wanted}
        return {place: text for place, text in found.items() if text is not None}

    def tags(self) -> Mapping[str, str]:
        """See `ports.History`."""
        return dict(self.tagged)

    def tag(self, name: str, commit: str) -> None:
        """See `ports.History`."""
        if self.tagged.setdefault(name, commit) != commit:
            raise WorkspaceError("the tag cannot be made", address=f"tag {name}")

    def commits_at(self, wanted: Mapping[PurePosixPath, int]) -> Mapping[PurePosixPath, str]:
        """See `ports.History`."""
        return {
            path: one.id
            for path, epoch in wanted.items()
            for one in reversed(self._changes(path, self.commits[-1].id))
            if one.epoch == epoch
        }

    def last_changes(self, wanted: Iterable[Place]) -> Mapping[Place, int]:
        """See `ports.History`."""
        found: dict[Place, int] = {}
        for commit, path in wanted:
            changes = self._changes(path, commit)
            if not changes:
                raise WorkspaceError("no such folder", address=str(path))
            found[commit, path] = changes[0].epoch
        return found

    def export_all(self, wanted: Mapping[Path, Place], epochs: Mapping[Place, int]) -> None:
        """See `ports.History`."""
        for to, (commit, path) in wanted.items():
            assert self.export(commit, path, to) == epochs[commit, path]

    def export(self, commit: str, path: PurePosixPath, to: Path) -> int:
        """See `ports.History`."""
        changes = self._changes(path, commit)
        if not changes:
            raise WorkspaceError("no such folder", address=str(path))
        to.mkdir()
        (to / "module.py").write_text(changes[0].texts[path])
        return changes[0].epoch

    def _changes(self, path: PurePosixPath, commit: str) -> list[Commit]:
        """The commits up to `commit` that changed `path`, newest first."""
        reachable = self.commits[: [one.id for one in self.commits].index(commit) + 1]
        pairs = zip([None, *reachable], reachable, strict=False)
        return [new for old, new in pairs if new.texts.get(path) != (old.texts.get(path) if old else None)][
            ::-1
        ]


@dataclass
class MemoryBuilder:
    """Implements `ports.Builder`: files are JSON of their members, and follow from source, epoch and generator.

    A package has a wheel for each of its `tags`, one for all platforms where none are said.
    """

    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    generator: str = "backend 1.0"
    constraints: str | None = None
    built: list[str] = field(default_factory=list)
    fails: bool = False

    def build(self, sources: Sequence[Source], out: Path, kinds: Kinds = Kinds.BOTH) -> tuple[Artifact, ...]:
        """See `ports.Builder`."""
        if self.fails:
            raise BuildError("the build backend failed", address=str(sources[0].name), output="no compiler")
        self.built += [str(source.name) for source in sources]
        return tuple(artifact for source in sources for artifact in self._artifacts(source, out))

    def _artifacts(self, source: Source, out: Path) -> tuple[Artifact, ...]:
        code = {"module.py": (source.path / "module.py").read_text()}
        stem, info = f"{source.name.replace('-', '_')}-{source.version}", f"{source.name}.dist-info"
        wheel = {**code, f"{info}/WHEEL": f"Generator: {self.generator}\nTag: any\n"}
        return (
            self._artifact(source, out / f"{stem}.tar.gz", {**code, "epoch": str(source.epoch)}),
            *(
                self._artifact(source, out / f"{stem}-{tag}.whl", wheel)
                for tag in self.tags.get(source.name, ("py3-none-any",))
            ),
        )

    def _artifact(self, source: Source, path: Path, members: Mapping[str, str]) -> Artifact:
        assert source.version is not None
        path.write_text(json.dumps(members))
        return Artifact(
            name=source.name,
            version=source.version,
            path=path,
            file=described(path.read_bytes(), path),
            constraints=self.constraints,
        )


def described(content: bytes, path: Path) -> File:
    """Name, hash and size of a file with this content."""
    return File(name=path.name, sha256=hashlib.sha256(content).hexdigest(), size=len(content))


class MemoryArchives:
    """Implements `ports.Archives` for what `MemoryBuilder` makes."""

    def members(self, path: Path) -> Mapping[str, bytes]:
        """See `ports.Archives`; the epoch is the files' times, and no member."""
        try:
            members = json.loads(path.read_text())
        except ValueError:
            raise BuildError("is no archive that can be read", address=path.name) from None
        return {name: text.encode() for name, text in members.items() if name != "epoch"}

    def listing(self, path: Path) -> tuple[Member, ...]:
        """See `ports.Archives`."""
        return tuple(
            Member(name=name, time=0, mode=0o644, owner="", content=content)
            for name, content in self.members(path).items()
        )

    def epoch(self, sdist: Path) -> int | None:
        """See `ports.Archives`."""
        epoch = json.loads(sdist.read_text()).get("epoch")
        return int(epoch) if epoch else None


@dataclass
class MemoryIndex:
    """Implements `ports.IndexReader`, `ports.Uploader`, `ports.OriginControls` and `ports.Listing`.

    `upstream` are the files that other repositories have. `hidden` says how many looks a file stays invisible for;
    `swapped` files get other bytes than were sent; `failures` come instead of an upload, `kills` after one.
    """

    contents: dict[tuple[NormalizedName, Version], dict[str, bytes]] = field(default_factory=dict)
    statuses: dict[tuple[NormalizedName, Version], str] = field(default_factory=dict)
    hidden: dict[str, int] = field(default_factory=dict)
    swapped: set[str] = field(default_factory=set)
    failures: dict[str, CarrackError] = field(default_factory=dict)
    kills: set[str] = field(default_factory=set)
    bad: set[str] = field(default_factory=set)
    uploads: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    origins: dict[NormalizedName, Controls] = field(default_factory=dict)
    upstream: tuple[str, ...] = ()

    def controls(self, name: NormalizedName) -> Controls | None:
        """See `ports.OriginControls`."""
        return self.origins.get(name)

    def set_controls(self, name: NormalizedName, controls: Controls) -> None:
        """See `ports.OriginControls`."""
        self.origins[name] = controls

    def files(self, name: NormalizedName) -> tuple[ListedFile, ...]:
        """See `ports.Listing`."""
        names = [*self.held, *self.upstream]
        listed = [ListedFile(name=file, sha256=None) for file in names]
        return tuple(file for file in listed if canonicalize_name(file.name.split("-")[0]) == name)

    @property
    def held(self) -> dict[str, bytes]:
        """Every file by its name."""
        return {file: content for files in self.contents.values() for file, content in files.items()}

    def state(self, wanted: Mapping[NormalizedName, Version]) -> IndexState:
        """See `ports.IndexReader`."""
        return IndexState(
            packages={
                package: PublishedPackage(
                    versions=tuple(v for n, v in self.contents if n == package),
                    current=self.version(package, version),
                )
                for package, version in wanted.items()
            }
        )

    def version(self, name: NormalizedName, version: Version) -> PublishedVersion | None:
        """See `ports.IndexReader`."""
        if (name, version) not in self.contents:
            return None
        files = [
            described(content, Path(file))
            for file, content in self.contents[name, version].items()
            if not self._hides(file)
        ]
        status = self.statuses.get((name, version), "Published")
        return PublishedVersion(version=version, status=status, revision="1", files=tuple(files))

    def assets(self, name: NormalizedName, version: Version) -> tuple[File, ...]:
        """See `ports.IndexReader`."""
        self.looks.append(f"{name} {version}")
        current = self.version(name, version)
        return current.files if current else ()

    def _hides(self, file: str) -> bool:
        self.hidden[file] = self.hidden.get(file, 0) - 1
        return self.hidden[file] >= 0

    def fetch(self, name: NormalizedName, version: Version, file: File, to: Path) -> None:
        """See `ports.IndexReader`. Only what is published can be fetched, as on the service."""
        assert self.statuses.get((name, version), "Published") == "Published"
        self.fetched.append(file.name)
        to.write_bytes(self.contents[name, version][file.name])

    def check(self, artifact: Artifact) -> None:
        """See `ports.Uploader`."""
        if artifact.file.name in self.bad:
            raise BuildError("twine's strict check does not pass", address=artifact.file.name)

    def turn(self) -> AbstractContextManager[None]:
        """See `ports.Uploader`; there is room for all."""
        return nullcontext()

    def upload(self, artifact: Artifact) -> None:
        """See `ports.Uploader`."""
        file = artifact.file.name
        if file in self.failures:
            raise self.failures.pop(file)
        there = self.contents.setdefault((artifact.name, artifact.version), {})
        content = artifact.path.read_bytes()
        if there.get(file, content) != content:
            raise PublishedDiffersError("the index refused the upload", address=file)
        there[file] = b"swapped" if file in self.swapped else content
        self.uploads.append(file)
        if file in self.kills:
            self.kills.remove(file)
            raise KilledError


@dataclass
class MemoryJournal:
    """Implements `ports.Journal`."""

    entries: list[Entry] = field(default_factory=list)

    def read(self, index: Index) -> tuple[Entry, ...]:
        """See `ports.Journal`."""
        return tuple(self.entries)

    def append(self, index: Index, *entries: Entry) -> None:
        """See `ports.Journal`."""
        self.entries += entries


@dataclass
class Told(Report):
    """Keeps what it was told."""

    steps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def step(self, verb: str, subject: str) -> None:
        """Keep it."""
        self.steps.append(f"{verb} {subject}")

    def note(self, text: str) -> None:
        """Keep it."""
        self.notes.append(text)


def packages_of(*packages: tuple[str, str, tuple[str, ...]]) -> dict[NormalizedName, Package]:
    """Packages from name, version and requirements."""
    return {
        name(spelling): Package(
            name=name(spelling),
            version=Version(version),
            path=PurePosixPath("packages", spelling),
            requires=tuple(map(Requirement, requires)),
        )
        for spelling, version, requires in packages
    }


@dataclass
class World:
    """A workspace in which rules need io and tools need rules, its history, and an index."""

    packages: dict[NormalizedName, Package] = field(
        default_factory=lambda: packages_of(
            ("tools", "1.0", ("rules>=1",)), ("rules", "1.0", ("io>=1",)), ("io", "1.0", ())
        )
    )
    history: MemoryHistory = field(default_factory=MemoryHistory)
    index: MemoryIndex = field(default_factory=MemoryIndex)
    builder: MemoryBuilder = field(default_factory=MemoryBuilder)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    report: Told = field(default_factory=Told)
    naps: list[float] = field(default_factory=list)
    tags: bool = False
    close_names: bool = False

    @property
    def sources(self) -> Sources:
        """What the verbs learn from."""
        return Sources(
            workspace=Workspace(
                root=Path("/workspace"),
                packages=self.packages,
                apps={},
                indexes={"test": INDEX},
                build_constraints=PurePosixPath("build-constraints.txt"),
            ),
            index=replace(INDEX, tags=self.tags),
            history=self.history,
            reader=self.index,
            journal=self.journal,
            archives=MemoryArchives(),
        )

    def learn(self) -> Knowledge:
        """The plan as it is now."""
        return learn(self.sources)

    def publish(self, *names: str, meanwhile: Callable[[], object] = lambda: None) -> tuple[Step, ...]:
        """Learn, let something happen meanwhile, and publish."""
        knowledge = self.learn()
        meanwhile()
        tools = Tools(
            builder=self.builder,
            uploader=self.index,
            report=self.report,
            controls=self.index,
            listing=self.index,
            close_names=self.close_names,
            sleep=self.naps.append,
        )
        steps, _ = publish(self.sources, knowledge, tools, tuple(map(name, names)))
        return steps

    def raise_version(self, package: str, version: str) -> None:
        """Have another version in the tree."""
        old = self.packages[name(package)]
        self.packages |= packages_of((package, version, tuple(map(str, old.requires))))

    def states(self) -> dict[str, str]:
        """Each package's state, needed packages first."""
        return {str(step.package.name): step.state.value for step in self.learn().plan.steps}


@dataclass
class MemoryEngine:
    """Implements `ports.Engine`: builds give ids in their order, and keep recipe and context's files by id.

    A program of an image prints what it `says`.
    """

    images: dict[str, Image] = field(default_factory=dict)
    contexts: dict[str, dict[str, bytes]] = field(default_factory=dict)
    recipes: dict[str, Recipe] = field(default_factory=dict)
    pulls: list[tuple[str, str | None]] = field(default_factory=list)
    pulled: dict[str, Image] = field(default_factory=dict)
    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    says: dict[str, str] = field(default_factory=dict)
    ran: list[tuple[str, str]] = field(default_factory=list)
    kind: str = "docker"

    def __str__(self) -> str:
        return "docker 1.0"

    def build(self, recipe: Recipe, context: Context) -> str:
        """See `ports.Engine`."""
        stream = io.BytesIO()
        context(stream)
        stream.seek(0)
        with tarfile.open(fileobj=stream) as archive:
            bodies = {member.name: archive.extractfile(member) for member in archive}
            files = {file: body.read() for file, body in bodies.items() if body}
        built = f"sha256:{len(self.recipes) + 1:064x}"
        self.recipes[built], self.contexts[built] = recipe, files
        self.images[built] = image_of(built, platform=recipe.platform or "linux/amd64", labels=recipe.labels)
        return built

    @contextmanager
    def stage(self, recipe: Recipe, context: Context, target: str) -> Iterator[str]:
        """See `ports.Engine`."""
        yield f"stage {target}"

    def inspect(self, image: str) -> Image | None:
        """See `ports.Engine`."""
        return self.images.get(image)

    def ours(self) -> tuple[Image, ...]:
        """See `ports.Engine`."""
        return tuple(image for image in self.images.values() if DISTRIBUTIONS in image.labels)

    def pull(self, image: str, platform: str | None = None) -> None:
        """See `ports.Engine`."""
        self.pulls.append((image, platform))
        self.images[image] = self.pulled[image]

    def run(self, image: str, program: str, *arguments: str) -> str:
        """See `ports.Engine`."""
        self.ran.append((image, program))
        return self.says[image]

    def read(self, image: str, path: PurePosixPath) -> bytes | None:
        """See `ports.Engine`."""
        return self.files.get((image, str(path)))

    @contextmanager
    def saved(self, image: str) -> Iterator[IO[bytes]]:
        """See `ports.Engine`; its name is all that there is."""
        yield io.BytesIO(image.encode())

    @contextmanager
    def exported(self, image: str) -> Iterator[IO[bytes]]:
        """See `ports.Engine`; its name is all that there is."""
        yield io.BytesIO(image.encode())

    def tag(self, image: str, name: str) -> None:
        """See `ports.Engine`."""
        self.images[name] = self.images[image]

    def untag(self, name: str) -> None:
        """See `ports.Engine`."""
        del self.images[name]

    def push(self, repository: Repository, tag: str, login: Login) -> None:
        """See `ports.Engine`."""
        raise AssertionError(f"{repository} is not to be pushed to")


def image_of(
    identity: str, *, platform: str = "linux/amd64", labels: Mapping[str, str] | None = None
) -> Image:
    """An image as an engine tells of it."""
    return Image(id=identity, names=(), digests=(), platform=platform, size=1, layers=(), labels=labels or {})

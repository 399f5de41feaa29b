"""What the verbs need from the world, in the model's words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # the whole model, of which a verb needs a part, and `--help` nothing
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from carrack.model.access import Access
    from carrack.model.adoption import Source as FormerSource
    from carrack.model.adoption_landing import Ground, Merged
    from carrack.model.adoption_proof import Side
    from carrack.model.artifact import Artifact, Kinds, Source
    from carrack.model.base_image import Brought
    from carrack.model.bumping import Edit
    from carrack.model.changes import Change
    from carrack.model.code_sources import CommittedSource, LockedSource
    from carrack.model.commits import Commit
    from carrack.model.controls import Controls
    from carrack.model.conversion.attempt import Attempt
    from carrack.model.conversion.folder import Changes, Folder
    from carrack.model.conversion.setuptools import SetupFacts
    from carrack.model.deployed import JobDefinition
    from carrack.model.diagnosis import Answered, Delivery, Identity
    from carrack.model.domain import DomainState
    from carrack.model.history import Place, TreeState
    from carrack.model.image import Image, Recipe
    from carrack.model.index import Index
    from carrack.model.jobs.job import JSON, LogPage
    from carrack.model.jobs.ladder import Stored
    from carrack.model.jobs.submission import Submission
    from carrack.model.listing import ListedFile
    from carrack.model.lock import Candidate
    from carrack.model.published import File, IndexState, PublishedVersion
    from carrack.model.receipt import Entry
    from carrack.model.registry import Login, Manifest, Pushed, Repository
    from carrack.model.reproduction import Member
    from carrack.model.retraction import Status
    from carrack.model.source_address import SourceAddress
    from carrack.model.surroundings import DockerFacts, GitFacts
    from carrack.model.target import Interpreter
    from carrack.model.workspace import Package


class History(Protocol):
    """The workspace's git repository."""

    def state(self, paths: Iterable[PurePosixPath]) -> TreeState:
        """HEAD as a whole, the trees of the folders among `paths`, and what under `paths` is not committed."""

    def trees(self, wanted: Iterable[Place]) -> Mapping[Place, str]:
        """The git tree id of each folder in its commit, all in one question; those that are not there are missing."""

    def checkouts(self, wanted: Iterable[Place]) -> Mapping[Place, str]:
        """As `trees`, of all in the commit that says how a folder is laid out.

        That is its tree, and each `.gitattributes` above it (gitattributes).
        """

    def text(self, commit: str, path: PurePosixPath) -> str | None:
        """A file as it was committed; None where it was not."""

    def texts(self, wanted: Iterable[Place]) -> Mapping[Place, str]:
        """As `text`, many at a time; those that were not committed are missing."""

    def tags(self) -> Mapping[str, str]:
        """The commit of every tag."""

    def tag(self, name: str, commit: str) -> None:
        """Make a tag; it is there when this returns. One that is on that commit already is left."""

    def commits_at(self, wanted: Mapping[PurePosixPath, int]) -> Mapping[PurePosixPath, str]:
        """For each path the newest commit reachable from HEAD that touches it and was made at the epoch beside it.

        Paths without one are missing.
        """

    def size(self, wanted: Iterable[Place]) -> int:
        """The bytes of all files in the folders, as they are in git."""

    def last_changes(self, wanted: Iterable[Place]) -> Mapping[Place, int]:
        """When the last commit was made that touches a folder, as seen from its commit; all in one walk.

        In seconds since 1970.
        """

    def export_all(self, wanted: Mapping[Path, Place], epochs: Mapping[Place, int]) -> None:
        """As `export`, for many at a time, each with the times that are said of it."""

    def export(self, commit: str, path: PurePosixPath, to: Path) -> int:
        """Lay out folder `path` as `commit` has it in `to`, with modes and times that depend on the commit alone.

        Returns the epoch of the last commit that touches `path` as seen from `commit`.
        """


class Log(Protocol):
    """The repository's commits, and the next one."""

    def place(self) -> PurePosixPath | None:
        """The workspace's folder in its repository, `.` where it is the top; None where there is no repository."""

    def merge_base(self, ref: str) -> str:
        """The commit where HEAD's line left `ref`, which is a branch, a tag or a commit."""

    def log(self, since: str, path: PurePosixPath) -> tuple[Commit, ...]:
        """The commits after `since` up to HEAD that touch `path`, the oldest first, without merges."""

    def make_commit(self, paths: Iterable[PurePosixPath], message: str) -> str:
        """Commit `paths` as they are now, and nothing else that is staged; the new commit's id."""

    def push_commit(self, branch: str, paths: Iterable[PurePosixPath], message: str) -> bool:
        """Have `branch` of the remote be HEAD and one commit of `paths` as they are now; whether that was news.

        The branch is ours: what it had before goes, unless somebody else committed to it.
        """

    def commit_count(self) -> int:
        """How many commits lead to HEAD."""


class FormerRepository(Protocol):
    """Another repository's HEAD and tags, in a repository of our own."""

    @property
    def address(self) -> SourceAddress:
        """Where it is, without credentials."""

    def look(self, subdir: PurePosixPath, report: Report) -> FormerSource:
        """Everything that a plan says of it, as far as `subdir` is concerned."""

    def tips(self, commits: Iterable[str]) -> frozenset[str]:
        """Those of `commits` to which no other of them leads."""

    def drop_tags(self, names: Iterable[str]) -> None:
        """Forget tags that do not come."""

    def side(self, folder: PurePosixPath) -> Side:
        """Its history as it is now, rewritten or not, seen through `folder`."""

    def tree(self, commit: str, folder: PurePosixPath) -> str | None:
        """The tree of a folder in a commit; None where it has no such folder."""

    def same_files(self, pairs: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Those pairs of trees that have the same files, though git wrote them down otherwise."""


class Rewriter(Protocol):
    """Rewrites that repository: other paths, other names of tags, and nothing else."""

    @property
    def tool(self) -> str:
        """Name and version of what does it; another one may make other commits."""

    def rewrite(
        self, subdir: PurePosixPath, into: PurePosixPath, tags: Mapping[str, str]
    ) -> Mapping[str, str | None]:
        """Move `subdir` to `into` in every commit; the new id of each, None where it had nothing of `subdir`."""


class HistoryLanding(Protocol):
    """The workspace's branch, to which a rewritten history comes; paths of files are the repository's."""

    @property
    def prefix(self) -> PurePosixPath:
        """The workspace's folder in its repository."""

    def ground(self, path: PurePosixPath) -> Ground:
        """How things stand before the folder `path` of the workspace comes."""

    def record(self, trailer: str) -> str | None:
        """The message of the newest commit of HEAD's history that has this line."""

    def leads_to(self, ancestor: str, commit: str = "HEAD") -> bool:
        """Whether `commit` has `ancestor` in its history."""

    def tree(self, commit: str, path: PurePosixPath) -> str | None:
        """The tree of a folder of the workspace in a commit; None where it has no such folder."""

    def text(self, commit: str, path: PurePosixPath) -> str | None:
        """A file's text in a commit; None where it has none."""

    def changes(self, old: str, new: str) -> tuple[PurePosixPath, ...]:
        """The paths that differ between two commits."""

    def tags_apart(self) -> Mapping[str, str]:
        """The object of every tag that comes."""

    def add(self, history: str, path: PurePosixPath, files: Mapping[PurePosixPath, str], message: str) -> str:
        """Make, apart, a merge of HEAD and `history` that has `path` as `history` has it, and `files`; its id."""

    def merge(self, history: str, files: Mapping[PurePosixPath, str], message: str) -> Merged:
        """Make, apart, an ordinary merge of HEAD and `history`, with `files`."""

    def follow(
        self, commit: str, files: Mapping[PurePosixPath, str], removed: PurePosixPath | None, message: str
    ) -> str:
        """Make, apart, one more commit on `commit`, with `files` and without `removed`; its id."""

    def land(
        self, ground: Ground, tip: str, tags: Mapping[str, str], why: str, new: PurePosixPath | None
    ) -> None:
        """Move branch, files and tags of the workspace, all or none; `new` is a folder that was not there."""

    def keep(self, tip: str, ref: str) -> None:
        """Have `ref` on a commit that was made apart."""

    def changed_under(self, path: PurePosixPath) -> tuple[str, ...]:
        """What git calls changed below a folder of the workspace."""


class IndexReader(Protocol):
    """Reading one index through CodeArtifact's API."""

    def state(self, wanted: Mapping[NormalizedName, Version]) -> IndexState:
        """For each package: all version numbers, and the wanted version with its files."""

    def version(self, name: NormalizedName, version: Version) -> PublishedVersion | None:
        """One version with its files, or None where the index itself does not hold it."""

    def assets(self, name: NormalizedName, version: Version) -> tuple[File, ...]:
        """The files of one version, whatever its status; none where the index itself does not hold it."""

    def fetch(self, name: NormalizedName, version: Version, file: File, to: Path) -> None:
        """Write one asset's bytes to `to`, and check them against `file.sha256`."""


class OriginControls(Protocol):
    """From where the versions of an index's packages may come."""

    def controls(self, name: NormalizedName) -> Controls | None:
        """The origin controls of a package; None where the index does not know it."""

    def set_controls(self, name: NormalizedName, controls: Controls) -> None:
        """Set them; the package need not be there yet."""


class Promoter(OriginControls, Protocol):
    """Changes in one index that are not uploads."""

    def copy(self, source: Index, name: NormalizedName, version: Version, revision: str) -> None:
        """Copy a version, in this very revision, from `source`, which is in the same domain."""


class Withdrawer(Protocol):
    """Takes versions back, and brings them back."""

    def set_status(
        self, name: NormalizedName, version: Version, revision: str, before: str, after: Status
    ) -> None:
        """Set a version's status, if it still has this revision and the status `before`."""


class CommittedTexts(Protocol):
    """Files as they were committed."""

    def text(self, revision: str, path: PurePosixPath) -> str | None:
        """The text of a file in a commit; None where it has no such file, or there is no such commit."""

    def version(self, revision: str, manifest: PurePosixPath) -> Version | None:
        """The static version that a manifest said in a commit; None where there was none."""

    def at_refs(self, path: PurePosixPath) -> Mapping[str, str]:
        """The text of a file at every branch and tag, by the ref's short name; without those that lack it."""

    def changes(self, path: PurePosixPath) -> Iterator[tuple[str, str]]:
        """The commits up to HEAD that changed a file, the newest first, and its text then; asked for one by one."""


class PullRequests(Protocol):
    """The pull requests of the repository that the workspace is in."""

    def open_or_update(self, branch: str, base: str, title: str, body: str) -> str:
        """Have one open pull request from `branch` into `base`, with these words; its address."""

    def comment(self, number: int, marker: str, body: str) -> str:
        """Have one comment with this marker on a pull request, with these words; its address."""


class DomainAdmin(Protocol):
    """The domain of an index, for the first set-up."""

    def state(
        self,
        repositories: Iterable[str],
        names: Collection[NormalizedName] = (),
        policies: Collection[str | None] = (),
    ) -> DomainState:
        """Whether the domain is there, those of `repositories` that it has, and what they know of `names`.

        And the permissions policies of `policies`: repositories, or None for the domain itself.
        """

    def make(self, change: Change) -> None:
        """Make one change; it is permanent when this returns."""


class DomainSize(Protocol):
    """The domain of an index, for what it holds."""

    def size(self) -> int:
        """The bytes of all its files, each once, in however many repositories it is."""


class Machine(Protocol):
    """The machine that we are on, for a user with one environment."""

    def python(self) -> str:
        """Its version."""

    def git(self) -> GitFacts:
        """What is there of git and of the workspace's repository."""

    def docker(self) -> DockerFacts:
        """What is there of Docker; asking can take seconds."""

    def pip_settings(self) -> tuple[tuple[str, str], ...] | None:
        """The settings that pip has, as `section.name` and value; None where pip cannot read its configuration."""


class ServiceProbe(Protocol):
    """Small questions to one index's service; none changes anything, each raises IndexAccessError for no answer."""

    def regions(self) -> frozenset[str]:
        """The regions that are known to have the service; nobody is asked."""

    def reach(self) -> Answered:
        """What the control plane says to somebody without credentials."""

    def identity(self) -> Identity:
        """Whose credentials ours are."""

    def attempt(self, action: str, name: NormalizedName) -> None:
        """Return if `action` is not denied, whatever else the answer is. Raises DeniedError where it is."""

    def page(self, access: Access, name: NormalizedName) -> None:
        """Return if the repositories' endpoint takes the token and answers for `name`."""

    def deliver(self, access: Access, name: NormalizedName) -> Delivery | None:
        """Begin to download a file of `name`; None where it has none."""


Room = Callable[[int], AbstractContextManager[str | Path] | None]
"""Gives a folder for packages of so many bytes altogether, for as long as its block lasts; None for the usual one."""


class Builder(Protocol):
    """Makes distributions from sources."""

    def build(self, sources: Sequence[Source], out: Path, kinds: Kinds) -> tuple[Artifact, ...]:
        """What `kinds` says of each source, under `out`, in this order: an sdist, and a wheel."""


class Kept(Protocol):
    """Built files of before; a cache."""

    def find(
        self, sources: Sequence[Source], out: Path, kinds: Kinds
    ) -> Mapping[NormalizedName, tuple[Artifact, ...]]:
        """What is kept of these sources, which need not be laid out, copied to `out`: the bytes a build would make."""

    def keep(self, sources: Sequence[Source], artifacts: Sequence[Artifact], kinds: Kinds) -> None:
        """Keep what was built of these sources, where everything that makes its bytes is known."""


class SourceTrees(Protocol):
    """Commits of other repositories."""

    def commit(self, name: NormalizedName, source: CommittedSource) -> str:
        """The commit that a source is at now. `name` is its package, for messages."""

    def export(self, name: NormalizedName, source: CommittedSource, to: Path) -> tuple[Source, LockedSource]:
        """Lay out the source's folder in `to`, as a commit has it, ready to build; and what that commit is."""


class WheelStore(Protocol):
    """Wheels by their sha256; a cache."""

    def keep(self, wheel: Path, sha256: str) -> None:
        """Keep a copy of a wheel."""

    def find(self, sha256: str) -> Path | None:
        """The wheel with this sha256, read again to be sure; None where there is none."""


class RuntimeStore(Protocol):
    """Where jobs fetch wheels from when they start. An address ends in a wheel's sha256 and its name."""

    def has(self, address: str) -> bool:
        """Whether there is a file at `address`."""

    def put(self, wheel: Path, address: str) -> None:
        """Have the wheel's bytes at `address`, whole."""


class FormerBuilder(Protocol):
    """Builds a folder in whatever form it has, to be looked at and never published."""

    def build(
        self, folder: Path, attempt: Attempt, out: Path, epoch: int, *, facts: bool
    ) -> tuple[Path, SetupFacts | None]:
        """Its wheel, built as `attempt` says, and with `facts` what setuptools makes of its setup.py and setup.cfg.

        Raises BuildError with the backend's output where it does not build.
        """


class Folders(Protocol):
    """Packages' folders that are laid out on disk."""

    def read(self, path: Path) -> Folder:
        """Every file's name, and the text of those that are text."""

    def change(self, path: Path, changes: Changes) -> None:
        """Write and remove files."""

    def package(self, root: Path, path: PurePosixPath) -> Package:
        """The package in the folder `path` below `root`; WorkspaceError where its manifest has faults."""


class BuildPins(Protocol):
    """The build requirements' file of hashes."""

    def missing(self, requires: Sequence[str], constraints: str) -> str:
        """The lines that `constraints` lacks, so that `requires` and what they require are in it by hash."""


class NewFolder(Protocol):
    """Where a new workspace comes to be."""

    @property
    def path(self) -> Path:
        """The folder, which need not be there."""

    def contents(self) -> tuple[str, ...]:
        """What is in it, sorted; git's own and folders without files do not count, nor what a killed run left."""

    def write(self, texts: Mapping[PurePosixPath, str]) -> None:
        """Write these files: all, or none, and no folder either, where one cannot be."""


class Toolkit(Protocol):
    """Carrack and its siblings, as one index has them."""

    @property
    def place(self) -> str:
        """Which index that is, without credentials."""

    @property
    def versions(self) -> Mapping[NormalizedName, str]:
        """What of the toolkit is installed here; `carrack` is."""

    def pinned(self, requires: Sequence[str], constraints: str) -> str:
        """A requirements file of `requires` and what they require, each by hash; `constraints` is another one."""

    def differing(self, pins: str) -> tuple[str, ...]:
        """A line for each file of the toolkit that is not there as it is here, in the versions that `pins` names."""


class ReachedTags(Protocol):
    """Tags of what HEAD stands on."""

    def reached_tags(self, prefix: str) -> tuple[str, ...]:
        """The tags that begin with `prefix` on commits that lead to HEAD."""


class Uploader(Protocol):
    """Puts files on the index's PyPI endpoint; from several threads at once."""

    def check(self, artifact: Artifact) -> None:
        """Refuse, with BuildError, a file that twine's strict check or its own metadata speaks against."""

    def turn(self) -> AbstractContextManager[None]:
        """Waits until one more upload may be on its way, as the index takes them; it is, until the block ends."""

    def upload(self, artifact: Artifact) -> None:
        """Put one file on the index; passing faults are tried again."""


class Archives(Protocol):
    """Looks into built files. Raises BuildError for one that cannot be read to its end."""

    def members(self, path: Path) -> Mapping[str, bytes]:
        """Each member's name and content; of an sdist without its top folder."""

    def listing(self, path: Path) -> tuple[Member, ...]:
        """Each member as it is packed, in its order."""

    def epoch(self, sdist: Path) -> int | None:
        """The SOURCE_DATE_EPOCH that an sdist of ours was built with; None where it does not tell, or is unreadable."""


class Journal(Protocol):
    """The receipt on disk: appended line by line, so that a crash keeps what was done; from several threads at once."""

    def read(self, index: Index) -> tuple[Entry, ...]:
        """Every entry written for `index` so far; a torn last line is left out."""

    def append(self, index: Index, *entries: Entry) -> None:
        """Add entries; they are on disk when this returns, if that disk can be written: it is only a cache."""


class Manifests(Protocol):
    """The workspace's manifests, changelogs and change files, for writing. Paths are relative to the workspace."""

    def files(self, folder: PurePosixPath, glob: str) -> tuple[PurePosixPath, ...]:
        """The files of a folder that match, by name; none where there is no such folder."""

    def read(self, file: PurePosixPath) -> str | None:
        """A file's text; None where there is no such file."""

    def write(self, texts: Mapping[PurePosixPath, str | None]) -> None:
        """Write these files, and remove those whose text is None: all, or none where one cannot be."""

    def put_back(self) -> tuple[PurePosixPath, ...]:
        """Undo what a run left half written that was killed amid it; the files that are as they were again."""

    def literals(self, package: PurePosixPath, version: str) -> tuple[PurePosixPath, ...]:
        """The modules of the package in this folder that say `__version__ = "VERSION"`."""

    def edited(self, text: str, edit: Edit) -> str:
        """The text of the edit's file after it: of one value, one requirement of a list, or a `__version__`."""


class Listing(Protocol):
    """The simple pages of one index's PyPI endpoint; from several threads at once."""

    def files(self, name: NormalizedName) -> tuple[ListedFile, ...]:
        """Every file on the project's page; none where the index has no such project."""


class Resolver(Protocol):
    """Chooses versions from one index."""

    def resolve(
        self,
        requirements: Sequence[str],
        *,
        python: str,
        exact: Mapping[NormalizedName, Version],
        preferred: Iterable[Candidate],
        wheels: Path | None = None,
        brought: Sequence[Brought] = (),
    ) -> tuple[Candidate, ...]:
        """Versions that together meet `requirements` on `python` (a minor version) and every later one.

        A distribution named in `exact` has that version. `preferred` versions are kept where they still fit. `wheels`
        is a folder of files that count as the index's. What is `brought` has the version that it has, and is left out.
        """


class Environments(Protocol):
    """Virtual environments, filled from one index."""

    def interpreter(self, command: str) -> Interpreter:
        """What `command`, a path, a name on PATH or a minor version, runs."""

    def create(self, interpreter: Interpreter, into: Path) -> None:
        """Make an empty virtual environment, without pip. One that is already there goes; any other folder stays."""

    def remove(self, into: Path) -> None:
        """Remove the virtual environment in `into`, if there is one."""

    def install_locked(self, into: Path, lock: str, wheels: Path | None = None) -> None:
        """Install what a lock's text names, from the index and the folder `wheels` alone, every file by its hash."""

    def install_file(self, into: Path, wheel: Path) -> None:
        """Install one wheel from disk, without its requirements."""

    def install_editable(self, into: Path, folders: Sequence[Path]) -> None:
        """Make the distributions in `folders` importable from where they are, without their requirements."""

    def complaints(self, into: Path) -> tuple[str, ...]:
        """What installed distributions require and do not find, one sentence each."""


class DockerfileReader(Protocol):
    """Dockerfiles, and what they are built from."""

    def text(self, dockerfile: Path) -> str:
        """The text of a Dockerfile."""

    def files(self, dockerfile: Path) -> Callable[[str], str | None]:
        """Gives the text of a file that a build of `dockerfile` gets; None where it gets none of that name."""


Context = Callable[[IO[bytes]], None]
"""Writes a build context, a tar archive, to a stream; the same bytes each time that it is asked."""


class Contexts(Protocol):
    """Build contexts out of the workspace."""

    def of(
        self, paths: Iterable[PurePosixPath], added: Mapping[PurePosixPath, bytes], dockerignore: str = ""
    ) -> Context:
        """The files under `paths` as they are now, without those that git or `dockerignore` ignores; and `added` ones.

        An added file goes first, and is never ignored.
        """


class Engine(Protocol):
    """A container engine. An image is named by its id, a tag or a digest; what fails is a BuildError."""

    @property
    def kind(self) -> str:
        """`docker` or `podman`."""

    def build(self, recipe: Recipe, context: Context) -> str:
        """Build an image, which then has no name; its id."""

    def stage(self, recipe: Recipe, context: Context, target: str) -> AbstractContextManager[str]:
        """The image of one stage of `recipe`, out of the cache; it is removed afterwards."""

    def inspect(self, image: str) -> Image | None:
        """What the engine has under this name; None where it has nothing. Nobody else is asked."""

    def ours(self) -> tuple[Image, ...]:
        """The images that say with Carrack's label what is in them."""

    def pull(self, image: str, platform: str | None = None) -> None:
        """Have the engine get an image from its registry."""

    def run(self, image: str, program: str, *arguments: str) -> str:
        """Run a program of an image, without network, in a container that is removed; what it wrote to stdout."""

    def read(self, image: str, path: PurePosixPath) -> bytes | None:
        """A file of an image, without running anything of it; None where it has no such plain file."""

    def saved(self, image: str) -> AbstractContextManager[IO[bytes]]:
        """The archive of an image with its layers, as `docker save` writes it, to be read once."""

    def exported(self, image: str) -> AbstractContextManager[IO[bytes]]:
        """The archive of the files that a container of the image would see, to be read once."""

    def tag(self, image: str, name: str) -> None:
        """Give an image a name."""

    def untag(self, name: str) -> None:
        """Take a name away, and the image with its last one."""

    def push(self, repository: Repository, tag: str, login: Login) -> None:
        """Push the image that is called so here, with this login and none of the user's."""


class JobDefinitions(Protocol):
    """The job definitions of AWS Batch, in one account and region."""

    def revisions(self, *, inactive: bool = False) -> Iterator[JobDefinition]:
        """Every active revision, once for each image that it runs; with those not active any more, if asked."""


class Batch(Protocol):
    """AWS Batch, or what stands for it on this machine: both take its requests and give its answers, in its own shapes.

    All raise JobError, or IndexAccessError where credentials or network keep us out.
    """

    @property
    def place(self) -> str:
        """What it is called in messages, and no other of this workspace: `AWS Batch, region eu-west-1, index prod`."""

    @property
    def not_emulated(self) -> tuple[str, ...]:
        """What is different here from AWS Batch; nothing on AWS Batch itself."""

    def definitions(self, name: str) -> Sequence[JSON]:
        """The active revisions of a job definition (DescribeJobDefinitions' shape), newest first."""

    def register(self, definition: JSON) -> str:
        """Carry out RegisterJobDefinition; gives `name:revision`."""

    def submit(self, request: JSON) -> str:
        """Carry out SubmitJob; gives the job's id."""

    def describe(self, ids: Sequence[str]) -> Mapping[str, JSON]:
        """DescribeJobs' `jobs`, by id, however many. One that is not known (yet) is missing."""

    def children(self, array: str, status: str) -> Sequence[str]:
        """The ids of an array's children that are in a state, by index."""

    def recent(self, queue: str) -> Iterable[JSON]:
        """The jobs of a queue that the service still lists, newest first, without an array's children.

        They come page by page as they are asked for, with no more than ListJobs tells of each: `describe` has tags,
        attempts and reasons.
        """

    def terminate(self, job: str, reason: str) -> None:
        """End a job in whatever state it is: TerminateJob, since CancelJob leaves a running one alone."""

    def log(self, stream: str, token: str | None = None) -> LogPage:
        """Some lines of a log stream from `token` on; the same token again, and no lines, where no more are there."""


class Registry(Protocol):
    """One repository of a registry, asked directly."""

    def manifest(self, reference: str) -> Manifest | None:
        """What is there under a tag or a digest; None where nothing is."""

    def images(self, manifest: Manifest) -> Mapping[str, Manifest]:
        """The images of a list, by platform; an image is the only one of its own."""

    def labels(self, manifest: Manifest) -> Mapping[str, str]:
        """The labels of an image there; none of a list."""

    def read(self, manifest: Manifest, path: PurePosixPath) -> bytes | None:
        """A small file of an image there, without its other layers; None where it has none of that name."""

    def put_list(self, tag: str, images: Sequence[tuple[str, Manifest]]) -> Manifest:
        """Make a list of images there, each with its platform (`linux/arm64`), and call it `tag`; read back."""


class PushRecords(Protocol):
    """What was pushed from this workspace."""

    def append(self, pushed: Pushed) -> None:
        """Keep it as the app's last; once, where it is that already."""

    def last(self, app: str) -> Pushed | None:
        """The app's image that was pushed last; None where none is known here."""


class JobRecords(Protocol):
    """The requests for jobs that were made from this workspace; each is on disk when a call returns."""

    def begin(self, made: Submission, *, instead_of: Submission | None = None) -> Submission | None:
        """Record a request that is about to be sent, if what is known of its id is `instead_of`: nothing, if not said.

        Else give what is known, and record nothing. Of two processes that begin the same request, one is given the
        other's.
        """

    def note(self, made: Submission) -> None:
        """Record what became of it: its job, or that it was refused."""

    def newest(self) -> Sequence[Submission]:
        """What is known of each request, the newest first."""


class ParameterStore(Protocol):
    """Where parameters are that are too long for a request."""

    def put(self, stored: Stored) -> None:
        """Have the bytes there; the address has their sha256, so that what is there already is the same."""


class BuiltImages(Protocol):
    """What one build left in the engine: its image, and the stages that it was made of."""

    def stage(self, target: str) -> AbstractContextManager[str]:
        """The image of one stage, built as the whole was, out of the cache; it is removed afterwards."""

    def saved(self, image: str) -> AbstractContextManager[IO[bytes]]:
        """The archive of an image, as `docker save` writes it, to be read once."""


class Report:
    """Is told what happens; this one keeps silent."""

    def step(self, verb: str, subject: str) -> None:
        """Something is being done now: `Uploading`, `record_io-1.4.0-py3-none-any.whl`."""

    def note(self, text: str) -> None:
        """Something that the reader should know, and that stops nothing."""

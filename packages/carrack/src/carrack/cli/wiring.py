"""Joins verbs to adapters: the one place that knows both."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from carrack.cli.output import TerminalReport

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from carrack.adapters.aws import Connection
    from carrack.adapters.aws_batch import AwsBatch
    from carrack.adapters.builder import IsolatedBuilder
    from carrack.adapters.gate import CodeArtifactGate
    from carrack.adapters.git import Git
    from carrack.adapters.known_versions import KnownVersions
    from carrack.adapters.pip_settings import PipSettings
    from carrack.adapters.promoter import CodeArtifactPromoter
    from carrack.commands.check_builds import Twice
    from carrack.commands.convert import Workshop
    from carrack.commands.doctor import Patient
    from carrack.commands.image_build import ImageTools
    from carrack.commands.inquiry import Inquiry
    from carrack.commands.knowledge import Sources
    from carrack.commands.rewriting import Tools as AdoptionTools
    from carrack.commands.source_wheels import SourceTools
    from carrack.commands.submitting import Desk
    from carrack.model.access import Access
    from carrack.model.deployed import Deployed
    from carrack.model.index import Index
    from carrack.model.jobs.secrets import Secrecy
    from carrack.model.jobs.settings import JobSettings
    from carrack.model.lock import Lock
    from carrack.model.published import IndexState
    from carrack.model.receipt import Receipt
    from carrack.model.registry import Login, Repository
    from carrack.model.trail import Contents
    from carrack.model.workspace import App, Package, Workspace
    from carrack.ports import (
        Batch,
        Builder,
        CommittedTexts,
        DomainAdmin,
        DomainSize,
        Engine,
        Environments,
        History,
        HistoryLanding,
        IndexReader,
        JobRecords,
        Journal,
        Kept,
        Listing,
        Log,
        Manifests,
        NewFolder,
        ParameterStore,
        PullRequests,
        PushRecords,
        Registry,
        Report,
        Resolver,
        Room,
        RuntimeStore,
        Toolkit,
        Uploader,
    )


@dataclass
class Wiring:
    """What a verb gets: where it was started, the environment, and adapters made when they are asked for."""

    start: Path
    environ: Mapping[str, str]
    report: Report = field(default_factory=TerminalReport)
    _connections: dict[Index, Connection] = field(default_factory=dict, repr=False)
    _gates: dict[Index, CodeArtifactGate] = field(default_factory=dict, repr=False)
    _registries: dict[Repository, Registry] = field(default_factory=dict, repr=False)

    @cached_property
    def root(self) -> Path:
        """The folder of the workspace around `start`, which need not be readable."""
        from carrack.adapters.manifests import find_root

        return find_root(self.start)

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace around `start`."""
        return self._read_workspace()

    @property
    def workspace_to_fill(self) -> Workspace:
        """The same, which may have no package yet."""
        return self._read_workspace(may_be_empty=True)

    def _read_workspace(self, *, may_be_empty: bool = False) -> Workspace:
        from carrack.adapters.all_or_none import LOG
        from carrack.adapters.manifests import read_workspace

        if (self.root / LOG).exists():
            self.report.note(
                f"{LOG}: a run is writing here, or was killed amid it; carrack bump puts all back first"
            )
        return read_workspace(self.root, self.environ, may_be_empty=may_be_empty)

    def package_folder(self, name: str) -> PurePosixPath:
        """The folder that is called `name` where packages are, whatever is in it. Raises UsageError where none is."""
        from carrack.adapters.manifests import read_folders
        from carrack.cli.selection import select_folder

        return select_folder(read_folders(self.root)[0], name)

    @property
    def workshop(self) -> Workshop:
        """What a conversion works with; the other packages' manifests are not read."""
        from carrack.adapters.archives import BuiltArchives
        from carrack.adapters.build_pins import UvBuildPins
        from carrack.adapters.builder import IsolatedBuilder
        from carrack.adapters.folders import DiskFolders
        from carrack.adapters.former import FormerBuilder
        from carrack.adapters.git import Git
        from carrack.adapters.manifests import read_folders
        from carrack.commands.convert import Workshop
        from carrack.commands.former import Past

        environ, git = self.isolated(None), Git(self.root, self.environ)
        return Workshop(
            history=git,
            log=git,
            manifests=self.manifests,
            folders=DiskFolders(),
            past=Past(
                builder=FormerBuilder(environ=environ),
                tags=git,
                log=git,
                archives=BuiltArchives(),
                report=self.report,
            ),
            builder=lambda constraints: IsolatedBuilder(
                constraints=constraints,
                environ=lambda: environ,
                seen=self.environ,
                report=self.report,
                environments=self.cache / "environments" if self.cache else None,
            ),
            pins=UvBuildPins(environ=environ),
            constraints=read_folders(self.root)[1],
        )

    def require_git(self) -> None:
        """Return if there is git on this machine. Raises WorkspaceError where there is none."""
        from carrack.adapters.git_command import GitCommand

        GitCommand(self.start, self.environ).run("--version")

    def new_folder(self, path: Path) -> NewFolder:
        """The folder of a new workspace."""
        from carrack.adapters.new_folder import NewFolder

        return NewFolder(path)

    def new_workspace(self) -> dict[str, str]:
        """The templates of a new workspace's files, by their paths."""
        from carrack.adapters.workspace_templates import read_templates

        return read_templates()

    def toolkit(self, name: str | None) -> tuple[Toolkit, Index | None]:
        """The toolkit on the index called `name`, else on pip's own; and that index, where a workspace can name it.

        The index is named on stderr before anything else.
        """
        from carrack.adapters.toolkit import IndexedToolkit
        from carrack.model.access import without_credentials
        from carrack.model.new_workspace import index_at

        if name is not None:
            index = self.index(name)
            place, environ = f"index {index.name}", self.isolated(self.open(index))
            return IndexedToolkit(environ=environ, place=place), None if index.endpoint else index
        url = self.pip_settings.index_url
        place = without_credentials(url) if url else "the index that is built into pip"
        click.echo(f"pip's index: {place}", err=True)
        return IndexedToolkit(environ=self.isolated(None), place=place), index_at(url or "")

    def index(self, name: str | None) -> Index:
        """The index called `name`, else the workspace's default; it is named on stderr before anything else.

        Raises UsageError where there is none.
        """
        from carrack.cli.selection import select_index

        index = select_index(self.workspace, name)
        click.echo(str(index), err=True)
        return index

    def index_at(self, place: str) -> str:
        """The name of the index at `place`. Raises PlanError where the workspace has none there."""
        from carrack.cli.selection import index_at

        return index_at(self.workspace, place)

    def chosen_packages(self, names: Iterable[str]) -> tuple[NormalizedName, ...]:
        """The packages that `names` mean, in any spelling. Raises UsageError for one that is not there."""
        from carrack.cli.selection import select_packages

        return select_packages(self.workspace, names)

    @property
    def history(self) -> History:
        """The workspace's git repository."""
        return self._git

    @property
    def log(self) -> Log:
        """Its commits."""
        return self._git

    @property
    def committed_texts(self) -> CommittedTexts:
        """Its files as they were committed."""
        return self._git

    @property
    def pull_requests(self) -> PullRequests:
        """The pull requests of the repository that this job of GitHub Actions is about."""
        from carrack.adapters.github import github

        return github(self.environ)

    @cached_property
    def _git(self) -> Git:
        from carrack.adapters.git import Git

        return Git(self.root, self.environ, self.workspace.apart)

    @cached_property
    def journal(self) -> Journal:
        """The receipts kept in the workspace."""
        from carrack.adapters.journal import ReceiptJournal

        return ReceiptJournal(self.workspace.root / ".carrack" / "receipts", self.report)

    def sources(self, index: Index) -> Sources:
        """Everything that a verb learns from, about `index`."""
        from carrack.adapters.archives import BuiltArchives
        from carrack.adapters.known_versions import KnownVersions
        from carrack.commands.knowledge import Sources

        return Sources(
            workspace=self.workspace,
            index=index,
            history=self.history,
            reader=self.reader(index, KnownVersions(self.workspace.root / ".carrack" / "versions")),
            journal=self.journal,
            archives=BuiltArchives(),
        )

    @property
    def may_prompt(self) -> bool:
        """Whether a person is here to answer."""
        return sys.stdin.isatty() and sys.stderr.isatty() and not self.environ.get("CI")

    @property
    def is_live(self) -> bool:
        """Whether what is on stderr can be drawn over."""
        return sys.stderr.isatty() and not self.environ.get("CI")

    def inquiry(self, on: str | None, to: str | None, *jobs: str) -> Inquiry:
        """Where jobs are, to be asked patiently: if not said, on this machine if submitted here, else on AWS.

        Raises UsageError for what is no job's id, and where some are here and others are not.
        """
        from carrack.commands.inquiry import Inquiry
        from carrack.errors import UsageError
        from carrack.model.command_line import CommandLine
        from carrack.model.jobs.job import is_id

        line = CommandLine(to)
        for job in jobs:
            if not is_id(job):
                hint = f"{line('job list')} has those of the last jobs"
                raise UsageError("is not a job's id", address=job, hint=hint)
        return Inquiry(batch=self.batch(on or self._place_of(jobs), to), command=line)

    def _place_of(self, jobs: Sequence[str]) -> str:
        """Batch of this machine knows all of its jobs, those of either kind."""
        from carrack.adapters.local_batch.job_folder import JobFolder
        from carrack.errors import UsageError

        folders = {job: JobFolder(self.root / ".carrack" / "jobs" / job.partition(":")[0]) for job in jobs}
        here = [job for job in jobs if (folders[job].path / "job.json").is_file()]
        there = [job for job in jobs if job not in here]
        if here and there:
            raise UsageError(
                f"{here[0]} was submitted on this machine, and {there[0]} was not",
                hint=f"name in one command {' '.join(here)}, and in another {' '.join(there)}",
            )
        return folders[here[0]].kind if here else "aws"

    def queue(self, name: str | None) -> str:
        """The queue called `name`, else the only app's. Raises UsageError where there is none."""
        from carrack.errors import UsageError

        if name is not None:
            return name
        queues = {app.job.queue for app in self.workspace.apps.values() if app.job and app.job.queue}
        if len(queues) != 1:
            raise UsageError("no queue was said, and the apps have none, or several", hint="say --queue NAME")
        return queues.pop()

    def connection(self, index: Index) -> Connection:
        """The index's control plane; one for each index, so that credentials are looked up once."""
        from carrack.adapters.aws import Connection

        return self._connections.setdefault(index, Connection(index, may_prompt=self.may_prompt))

    def reader(self, index: Index, versions: KnownVersions | None = None) -> IndexReader:
        """The index through CodeArtifact's API; what a revision of `versions` has is not asked again."""
        from carrack.adapters.codeartifact import CodeArtifactReader

        return CodeArtifactReader(self.connection(index), versions)

    def promoter(self, index: Index) -> CodeArtifactPromoter:
        """Changes in the index that are not uploads."""
        from carrack.adapters.promoter import CodeArtifactPromoter

        return CodeArtifactPromoter(self.connection(index))

    def domain(self, index: Index) -> DomainAdmin:
        """The index's domain, to be looked at and set up."""
        from carrack.adapters.domain import CodeArtifactDomain

        return CodeArtifactDomain(self.connection(index))

    def domain_size(self, index: Index) -> DomainSize:
        """The index's domain, to be measured."""
        from carrack.adapters.domain import CodeArtifactDomain

        return CodeArtifactDomain(self.connection(index))

    def patient(self, index: Index) -> Patient:
        """Everything that `doctor` looks at."""
        from datetime import UTC, datetime

        from carrack.adapters.gate import TOKEN_VARIABLE, CodeArtifactGate
        from carrack.adapters.machine import ThisMachine
        from carrack.adapters.service_probe import CodeArtifactProbe
        from carrack.commands.doctor import Patient

        connection = self.connection(index)
        return Patient(
            workspace=self.workspace,
            index=index,
            environ=self.environ,
            machine=ThisMachine(self.workspace.root, self.environ),
            service=CodeArtifactProbe(connection, self.pip_settings),
            domain=self.domain(index),
            open=lambda: CodeArtifactGate(connection, token=self.environ.get(TOKEN_VARIABLE)).open(),
            now=lambda: datetime.now(UTC),
        )

    def open(self, index: Index) -> Access:
        """The way into the index's PyPI endpoint, with the token that the user made already where there is one.

        Raises IndexAccessError where the index does not take the token, and says whether it expired.
        """
        from carrack.adapters.gate import TOKEN_VARIABLE
        from carrack.adapters.probe import probe

        if self.environ.get(TOKEN_VARIABLE):
            self.report.note(f"the token is the one in {TOKEN_VARIABLE}; none is asked for")
        access = self._gate(index).open()
        probe(access, min(self.workspace.packages), self.pip_settings)
        return access

    def _gate(self, index: Index) -> CodeArtifactGate:
        from carrack.adapters.gate import TOKEN_VARIABLE, CodeArtifactGate

        token = self.environ.get(TOKEN_VARIABLE)
        return self._gates.setdefault(index, CodeArtifactGate(self.connection(index), token=token))

    def new_gate(self, index: Index, *, seconds: int) -> CodeArtifactGate:
        """The way to the index's PyPI endpoint, with a new token that is good for `seconds`."""
        from carrack.adapters.gate import CodeArtifactGate

        return CodeArtifactGate(self.connection(index), duration=seconds)

    @cached_property
    def manifests(self) -> Manifests:
        """The packages' pyproject.toml files."""
        from carrack.adapters.manifest_edits import ManifestEdits

        return ManifestEdits(self.root)

    def builder(self, access: Access | None) -> IsolatedBuilder:
        """Builds with requirements from `access`'s index, or from pip's own where none is chosen."""
        from carrack.adapters.builder import IsolatedBuilder

        return IsolatedBuilder(
            constraints=self.workspace.root / self.workspace.build_constraints,
            environ=lambda: self.isolated(self._gate(access.index).open() if access else None),
            seen=self.environ,
            report=self.report,
            environments=self.cache / "environments" if self.cache else None,
        )

    @cached_property
    def cache(self) -> Path | None:
        """This user's cache, where builds keep what they need again; None, and said, where it cannot be used."""
        from carrack.adapters.cache import cache_folder, open_cache

        folder = cache_folder(self.environ)
        trouble = open_cache(folder) if folder else "there is no home folder"
        if trouble:
            self.report.note(f"nothing of this build is kept for the next: {trouble}")
            return None
        return folder

    @property
    def kept(self) -> Kept | None:
        """What was built before."""
        from carrack.adapters.cache.artifacts import KeptArtifacts

        return KeptArtifacts(self.cache / "artifacts") if self.cache else None

    @property
    def room(self) -> Room:
        """Where packages are laid out to be built: where TMPDIR says, if it is set."""
        from carrack.adapters.rooms import room
        from carrack.commands.build import no_room

        return no_room if self.environ.get("TMPDIR") else room

    def prebuilt(self, folder: Path) -> Builder:
        """Gives files that were built elsewhere."""
        from carrack.adapters.archives import BuiltArchives
        from carrack.adapters.prebuilt import PrebuiltArtifacts

        return PrebuiltArtifacts(folder=folder, archives=BuiltArchives())

    def twice(self) -> Twice:
        """The builder, and one that sees another home, language, time zone and order of files."""
        from carrack.adapters.archives import BuiltArchives
        from carrack.adapters.builder.elsewhere import Elsewhere
        from carrack.commands.check_builds import Twice

        once = self.builder(None)
        return Twice(once=once, again=Elsewhere(once), archives=BuiltArchives())

    def runtime_store(self, index: Index) -> RuntimeStore:
        """Where jobs fetch wheels from, with the credentials of `index`'s profile."""
        from carrack.adapters.runtime_store import WritableStore

        return WritableStore(profile=index.profile, region=index.region)

    def source_tools(self, builder: Builder) -> SourceTools:
        """What makes wheels of the commits that an app's sources name."""
        from carrack.adapters.archives import BuiltArchives
        from carrack.adapters.source_trees import SourceRepositories
        from carrack.adapters.wheel_store import FolderOfWheels
        from carrack.commands.source_wheels import SourceTools

        root = self.workspace.root
        return SourceTools(
            trees=SourceRepositories(root=root, environ=self.environ),
            builder=builder,
            archives=BuiltArchives(),
            store=FolderOfWheels(root / ".carrack" / "wheels"),
        )

    @cached_property
    def pip_settings(self) -> PipSettings:
        """What is kept of the user's pip configuration: certificates, proxy, the public index's address."""
        from carrack.adapters.pip_settings import read_pip_settings

        return read_pip_settings(self.environ)

    def isolated(self, access: Access | None) -> dict[str, str]:
        """The environment of a pip or uv that sees `access`'s index alone, or the user's own where none is chosen."""
        from carrack.adapters.environment import isolated

        return isolated(self.environ, access, self.pip_settings)

    def app(self, name: str | None) -> App:
        """The app called `name`, else the only one. Raises UsageError where that is not one app."""
        from carrack.cli.selection import select_app

        return select_app(self.workspace, name)

    def receipt(self, index: Index, lock: Lock | None = None, known: IndexState | None = None) -> Receipt:
        """What `index` holds of this workspace now, beside what is `known` of it.

        What `lock` pins stands in for versions that were taken back.
        """
        from carrack.commands.receipt import remake_receipt

        return remake_receipt(self.workspace, index, self.reader(index), self.journal, lock, known)

    def lock(self, app: App) -> Lock | None:
        """The app's lock; None where it has none yet."""
        from carrack.adapters.lockfile import read_lock

        return read_lock(self.workspace.root, app.lock)

    def present_lock(self, app: App, index: Index) -> Lock:
        """The app's lock. Raises LockError where it has none yet, with the command that makes it from `index`."""
        from carrack.errors import LockError

        lock = self.lock(app)
        if lock is None:
            raise LockError(
                "there is no such file yet",
                address=str(app.lock),
                hint=f"carrack lock --to {index.name} --app {app.name}",
            )
        return lock

    def adoption_tools(self, text: str, apart: Path) -> AdoptionTools:
        """A former repository at the address `text`, fetched into `apart`, and the workspace's branch.

        Raises WorkspaceError where it cannot be fetched whole.
        """
        from carrack.adapters.filter_repo import FilterRepo
        from carrack.adapters.landing import Landing
        from carrack.adapters.source_fetching import fetch_source
        from carrack.commands.rewriting import Tools
        from carrack.model.source_address import parse_address

        address = parse_address(text)
        if address.had_secret:
            self.report.note(
                "credentials in an address stand in the command line, where others can read them"
            )
        environ = dict(self.environ) if self.may_prompt else {**self.environ, "GIT_TERMINAL_PROMPT": "0"}
        self.report.step("Fetching", address.url)
        source = fetch_source(address, apart, environ, self.start)
        return Tools(
            source=source,
            rewriter=FilterRepo(folder=apart, environ=self.environ),
            landing=Landing(root=self.root, apart=apart, environ=self.environ),
            report=self.report,
        )

    def landing(self, apart: Path) -> HistoryLanding:
        """The workspace's branch, to which a history of another repository comes."""
        from carrack.adapters.landing import Landing

        return Landing(root=self.root, apart=apart, environ=self.environ)

    def resolver(self, access: Access) -> Resolver:
        """Resolves against `access`'s index through uv."""
        from carrack.adapters.resolver import UvResolver

        return UvResolver(environ=self.isolated(access))

    def listing(self, access: Access) -> Listing:
        """The simple pages of `access`'s index."""
        from carrack.adapters.simple_index import SimpleIndex

        return SimpleIndex(access, self.pip_settings)

    def environments(self, access: Access) -> Environments:
        """Virtual environments that are filled from `access`'s index."""
        from carrack.adapters.installer import PipEnvironments

        return PipEnvironments(
            environ=self.isolated(access),
            constraints=self.workspace.root / self.workspace.build_constraints,
        )

    @cached_property
    def engine(self) -> Engine:
        """The container engine of this machine. Raises NotReadyError where none answers."""
        from carrack.adapters.engines import find_engine

        engine = find_engine(self.environ, self.report)
        self.report.step("Engine", f"{engine}, {engine.program}")
        return engine

    def deployed(self, index: Index) -> tuple[Deployed, ...]:
        """What the engine of this machine has, where there is one, and what Batch's job definitions run."""
        from carrack.commands.deployed import deployed
        from carrack.errors import NotReadyError

        try:
            engine = self.engine
        except NotReadyError as error:
            self.report.note(f"no image of this machine is looked at: {error.message}")
            engine = None
        labels = partial(self._labels, index)
        return tuple(deployed(engine, self.aws_batch(index), labels, self.report))

    def aws_batch(self, index: Index) -> AwsBatch:
        """AWS Batch in the account and region of the index's credentials."""
        from carrack.adapters.aws_batch import ENDPOINT_VARIABLE, LOGS_ENDPOINT_VARIABLE, AwsBatch

        return AwsBatch(
            index,
            endpoint=self.environ.get(ENDPOINT_VARIABLE) or None,
            logs_endpoint=self.environ.get(LOGS_ENDPOINT_VARIABLE) or None,
            may_prompt=self.may_prompt,
        )

    def batch(self, on: str, to: str | None, *, with_credentials: bool = False) -> Batch:
        """Where jobs run: `aws`, with the credentials of the index called `to`, or else this machine.

        New jobs of this machine have no AWS credentials, or `with_credentials` those of the index.
        Raises UsageError for credentials to jobs on AWS, which have a role of their own.
        """
        from carrack.adapters.engines import find_engine
        from carrack.adapters.job_credentials import credentials
        from carrack.adapters.local_batch.batch import local_batch
        from carrack.errors import UsageError

        if on == "aws" and with_credentials:
            raise UsageError(
                "a job on AWS has the role that its definition names", address="--with-credentials"
            )
        if on == "aws":
            return self.aws_batch(self.index(to))
        passed = credentials(self.index(to), self.environ, self.may_prompt) if with_credentials else {}
        return local_batch(
            self.root / ".carrack" / "jobs",
            "process" if on == "process" else "container",
            lambda: find_engine(self.environ, self.report),
            passed=passed,
        )

    def parameter_store(self, to: str | None) -> ParameterStore:
        """Where parameters go that are too long for a request."""
        from carrack.adapters.parameter_store import ENDPOINT_VARIABLE, S3ParameterStore
        from carrack.cli.selection import select_index

        endpoint = self.environ.get(ENDPOINT_VARIABLE) or None
        index = select_index(self.workspace, to)
        return S3ParameterStore(index, endpoint=endpoint, may_prompt=self.may_prompt)

    def desk(self, batch: Batch, to: str | None) -> Desk:
        """Where requests to `batch` are handed in."""
        import time

        from carrack.commands.submitting import Desk

        return Desk(
            batch=batch,
            records=self.job_records,
            store=lambda: self.parameter_store(to),
            now=time.time,
            report=self.report,
        )

    @property
    def job_records(self) -> JobRecords:
        """The record of submitted jobs that is kept in the workspace."""
        from carrack.adapters.job_records import JobRecords

        return JobRecords(file=self.root / ".carrack" / "jobs" / "submitted.jsonl")

    def package_of(self, app: App) -> Package:
        """The app's own distribution."""
        from carrack.adapters.projects import read_package

        return read_package(self.workspace.root, app.path)

    def job_settings(self, app: App) -> JobSettings:
        """How an app runs on AWS Batch: what its table says, or else the defaults."""
        from carrack.model.jobs.settings import JobSettings

        return app.job or JobSettings(definition=app.name)

    def secrecy(self, app: App, settings: JobSettings) -> Secrecy:
        """What of a job is secret: by the app's own schema where its environment is here, else by names."""
        from carrack.adapters.app_schema import read_schema
        from carrack.model.jobs.secrets import Secrecy, secret_keys

        root = self.workspace.root
        folder, manifest = root / ".carrack" / "envs" / app.name, root / app.path / "pyproject.toml"
        is_here = folder.is_dir() and manifest.is_file()
        schema = read_schema(folder, self.package_of(app).command) if is_here else None
        return Secrecy(known=secret_keys(schema), never=settings.not_secret)

    def is_in_registry(self, index: Index, image: str) -> bool | None:
        """Whether the registry of `image` has it; None for a registry that is none of ECR's."""
        found = self._in_registry(index, image)
        return found[0].manifest(found[1]) is not None if found else None

    def _labels(self, index: Index, image: str) -> Mapping[str, str] | None:
        """The labels of an image in its registry; None where that has no such image, or is none of ECR's.

        Of a list of images they are the first's, with what any of them has in it.
        """
        from carrack.model.deployed import DISTRIBUTIONS, all_words

        found = self._in_registry(index, image)
        manifest = found[0].manifest(found[1]) if found else None
        if found is None or manifest is None:
            return None
        labels = [found[0].labels(one) for one in found[0].images(manifest).values()]
        return {**labels[0], DISTRIBUTIONS: all_words(labels)} if labels else None

    def contents(self, to: str | None, image: str) -> tuple[Contents, ...]:
        """What an image says of itself, in its registry, or else where the engine of this machine has it.

        Registries are asked with the credentials of the index called `to`.
        """
        from carrack.adapters.manifest_file import parse_manifest
        from carrack.cli.selection import select_index
        from carrack.commands.image_inspect import read_manifest
        from carrack.commands.trace import read_pushed
        from carrack.errors import CarrackError
        from carrack.model.registry import parse_image
        from carrack.model.trail import Contents

        is_pushed = parse_image(image, region="") is not None
        found = self._in_registry(select_index(self.workspace, to), image) if is_pushed else None
        if found:
            return read_pushed(found[1], found[0], parse_manifest)
        try:
            here, manifest = read_manifest(image, self.engine, parse_manifest)
        except CarrackError as error:
            self.report.note(f"{image}: no registry of ECR's, and {error.message}")
            return ()
        return (Contents(platform=manifest.platform, labels=here.labels, manifest=manifest),)

    def _in_registry(self, index: Index, image: str) -> tuple[Registry, str] | None:
        """The registry of an image, and what it is called there; None for an image of elsewhere."""
        from carrack.model.registry import parse_image

        found = parse_image(image, region=index.region)
        if found is None:
            return None
        repository, reference = found
        if repository not in self._registries:
            self._registries[repository] = self.registry(repository, self.registry_login(index, repository))
        return self._registries[repository], reference

    def registry_login(self, index: Index, repository: Repository) -> Login:
        """The way into the repository's registry, with the index's credentials."""
        from carrack.adapters.ecr import ENDPOINT_VARIABLE, log_in

        endpoint = self.environ.get(ENDPOINT_VARIABLE) or None
        return log_in(index, repository, endpoint=endpoint, may_prompt=self.may_prompt)

    def registry(self, repository: Repository, login: Login) -> Registry:
        """The repository, asked directly."""
        from carrack.adapters.registry import HttpRegistry

        return HttpRegistry(repository, login, self.pip_settings)

    @property
    def push_records(self) -> PushRecords:
        """The record of pushed images that is kept in the workspace."""
        from carrack.adapters.pushed_images import PushedImages

        return PushedImages(file=self.workspace.root / ".carrack" / "images.jsonl", report=self.report)

    def image_tools(self, access: Access, secrets: Sequence[str] = ()) -> ImageTools:
        """What images are built with; `access`'s token is what they are searched for, and the user's own secrets."""
        from carrack.adapters.build_context import WorkspaceContexts
        from carrack.adapters.build_secret_texts import texts
        from carrack.adapters.image_contents import installed
        from carrack.adapters.manifest_file import format_manifest
        from carrack.adapters.token_scan import TokenScan
        from carrack.commands.image_build import ImageTools

        return ImageTools(
            engine=self.engine,
            contexts=WorkspaceContexts(git=self._git),
            installed=installed,
            scan=TokenScan([access.token.value, *texts(secrets, self.environ)]),
            format=format_manifest,
            report=self.report,
        )

    def uploader(self, access: Access) -> Uploader:
        """Uploads through twine."""
        from carrack.adapters.uploader import TwineUploader

        return TwineUploader(access=access, gate=self._gate(access.index), settings=self.pip_settings)

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
    from carrack.adapters.builder import IsolatedBuilder
    from carrack.adapters.gate import CodeArtifactGate
    from carrack.adapters.git import Git
    from carrack.adapters.pip_settings import PipSettings
    from carrack.adapters.promoter import CodeArtifactPromoter
    from carrack.commands.check_builds import Twice
    from carrack.commands.convert import Workshop
    from carrack.commands.doctor import Patient
    from carrack.commands.image_build import ImageTools
    from carrack.commands.knowledge import Sources
    from carrack.commands.rewriting import Tools as AdoptionTools
    from carrack.commands.source_wheels import SourceTools
    from carrack.model.access import Access
    from carrack.model.deployed import Deployed
    from carrack.model.index import Index
    from carrack.model.lock import Lock
    from carrack.model.receipt import Receipt
    from carrack.model.registry import Login, Repository
    from carrack.model.workspace import App, Workspace
    from carrack.ports import (
        Builder,
        CommittedTexts,
        DomainAdmin,
        DomainSize,
        Engine,
        Environments,
        History,
        HistoryLanding,
        IndexReader,
        Journal,
        Listing,
        Log,
        Manifests,
        PullRequests,
        PushRecords,
        Registry,
        Report,
        Resolver,
        RuntimeStore,
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
                constraints=constraints, environ=lambda: environ, report=self.report
            ),
            pins=UvBuildPins(environ=environ),
            constraints=read_folders(self.root)[1],
        )

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
        from carrack.commands.knowledge import Sources

        return Sources(
            workspace=self.workspace,
            index=index,
            history=self.history,
            reader=self.reader(index),
            journal=self.journal,
            archives=BuiltArchives(),
        )

    @property
    def may_prompt(self) -> bool:
        """Whether a person is here to answer."""
        return sys.stdin.isatty() and sys.stderr.isatty() and not self.environ.get("CI")

    def connection(self, index: Index) -> Connection:
        """The index's control plane; one for each index, so that credentials are looked up once."""
        from carrack.adapters.aws import Connection

        return self._connections.setdefault(index, Connection(index, may_prompt=self.may_prompt))

    def reader(self, index: Index) -> IndexReader:
        """The index through CodeArtifact's API."""
        from carrack.adapters.codeartifact import CodeArtifactReader

        return CodeArtifactReader(self.connection(index))

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
            report=self.report,
        )

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

    def receipt(self, index: Index, lock: Lock | None = None) -> Receipt:
        """What `index` holds of this workspace now; what `lock` pins stands in for versions that were taken back."""
        from carrack.commands.receipt import remake_receipt

        return remake_receipt(self.workspace, index, self.reader(index), self.journal, lock)

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
        from carrack.adapters.batch import ENDPOINT_VARIABLE, BatchJobDefinitions
        from carrack.commands.deployed import deployed
        from carrack.errors import NotReadyError

        try:
            engine = self.engine
        except NotReadyError as error:
            self.report.note(f"no image of this machine is looked at: {error.message}")
            engine = None
        endpoint = self.environ.get(ENDPOINT_VARIABLE) or None
        definitions = BatchJobDefinitions(index, endpoint=endpoint, may_prompt=self.may_prompt)
        return tuple(deployed(engine, definitions, partial(self._labels, index), self.report))

    def _labels(self, index: Index, image: str) -> Mapping[str, str] | None:
        """The labels of an image in its registry; None where that has no such image, or is none of ECR's."""
        from carrack.model.registry import parse_image

        found = parse_image(image, region=index.region)
        if found is None:
            return None
        repository, reference = found
        registry = self.registry(repository, self.registry_login(index, repository))
        manifest = registry.manifest(reference)
        return registry.labels(manifest) if manifest else None

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

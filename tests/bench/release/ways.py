"""The ways to build and to publish that are measured beside each other."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from tests.bench.ran import FailedError, Ran, ran
from tests.bench.release.index import Bench
from tests.bench.release.workspace import (
    DOMAIN,
    FLIT,
    HATCHLING,
    INDEX,
    MIXED,
    QUOTA_INDEX,
    REPOSITORY,
    SETUPTOOLS,
    STORE,
    UV_BUILD,
    Shape,
    Workspace,
    generate,
)
from tests.carrack.local import BIN
from tests.clients.environments import scripts_of

PINS = Path(__file__).parents[1] / "requirements"
PIP, PIP_UV, UV = "`python -m build`", "`python -m build --installer uv`", "`uv build`"
COLD, WARM, SAME = "carrack, cold", "**carrack**", "carrack, nothing changed"
FLOOR = "hooks in one process"
TWINE_EACH, TWINE, UV_PUBLISH = "`twine upload` each", "`twine upload`", "`uv publish`"
WHEELS, BOTH = "wheels", "sdists and wheels"
BUILDS, UPLOADS = (PIP, PIP_UV, UV, COLD, WARM, SAME, FLOOR), (TWINE_EACH, TWINE, UV_PUBLISH)
_MODULES = {
    HATCHLING: "hatchling.build",
    SETUPTOOLS: "setuptools.build_meta",
    FLIT: "flit_core.buildapi",
    UV_BUILD: "uv_build",
}


@dataclass(frozen=True, kw_only=True)
class Took:
    """What was measured for some of the packages, and is reckoned for all; or why it did not end."""

    ran: Ran | None
    share: float = 1.0
    """How many times as much all of them are."""
    failed: str = ""

    @property
    def seconds(self) -> float:
        """For all packages."""
        return self.ran.seconds * self.share if self.ran else float("nan")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many packages slow ways are run for; beyond, their figures are reckoned, since each package is by itself."""

    loops: int = 5
    uv: int = 100
    uv_with_others: int = 20
    """Of backends that start slowly."""


@dataclass(frozen=True, kw_only=True)
class Shop:
    """Where the ways are run: an index, a folder, and environments with the tools."""

    bench: Bench
    scratch: Path
    limits: Limits
    _made: dict[Shape, Workspace] = field(default_factory=dict)
    _kept: set[tuple[Shape, str]] = field(default_factory=set)
    """Which builds are in Carrack's cache."""

    @cached_property
    def peers(self) -> Path:
        """The commands of build, twine and uv."""
        return scripts_of("release", PINS)

    def workspace(self, shape: Shape) -> Workspace:
        """The workspace of this shape, generated once."""
        if shape not in self._made:
            name = f"{shape.packages}-{shape.backend}-{shape.graph.replace(' ', '-')}"
            pins = (PINS / "release.txt").read_text(encoding="utf-8")
            self._made[shape] = generate(self.scratch / "workspaces" / name, shape, pins)
        return self._made[shape]

    @property
    def environ(self) -> Mapping[str, str]:
        """For every tool: the same index, and caches of its own that are warm after the first run."""
        local, home = self.bench.local, self.scratch / "home"
        home.mkdir(exist_ok=True)
        backends = local.index_url(DOMAIN, STORE)
        return {
            **local.environ(),
            "PATH": f"{self.peers}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "PYTHONDONTWRITEBYTECODE": "",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": backends,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_CACHE_DIR": str(home / "pip"),
            "UV_NO_CONFIG": "1",
            "UV_DEFAULT_INDEX": backends,
            "UV_CACHE_DIR": str(home / "uv"),
            "UV_PYTHON_DOWNLOADS": "never",
        }

    def build(self, way: str, shape: Shape, kinds: str) -> Took:
        """Build a workspace's packages in one of the ways."""
        workspace, out = self.workspace(shape), self.scratch / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        wheels = ["--wheel"] if kinds == WHEELS else []
        if way in (PIP, PIP_UV):
            return self._one_by_one(way, workspace, out, wheels)
        if way == UV:
            return self._uv_build(shape, out, wheels)
        if way == FLOOR:
            return self._floor(workspace, out, kinds)
        command = ["build", "--out", out, *wheels]
        if way == SAME and (shape, kinds) not in self._kept:
            self._carrack(workspace, *command)
        if way == COLD:
            self._forget()
        if way != WARM:
            self._kept.add((shape, kinds))
        return Took(ran=self._carrack(workspace, *command, *(["--no-cache"] if way == WARM else [])))

    def _forget(self) -> None:
        shutil.rmtree(self.scratch / "cache", ignore_errors=True)
        self._kept.clear()

    def _one_by_one(self, way: str, workspace: Workspace, out: Path, options: Sequence[str]) -> Took:
        folders = workspace.folders
        few = folders[: self.limits.loops]
        command = [self.peers / "python", "-m", "build", *options, "--outdir", out]
        if way == PIP_UV:
            command += ["--installer", "uv"]
        return Took(
            ran=_together(ran([*command, folder], self.environ) for folder in few),
            share=len(folders) / len(few),
        )

    def _uv_build(self, shape: Shape, out: Path, options: Sequence[str]) -> Took:
        quick = shape.backend in (HATCHLING, UV_BUILD)
        most = min(shape.packages, self.limits.uv if quick else self.limits.uv_with_others)
        few = self.workspace(replace(shape, packages=most))
        command = [self.peers / "uv", "build", "--quiet", "--all-packages", *options, "--out-dir", out]
        python = ["--python", sys.executable]
        return Took(ran=ran([*command, *python], self.environ, few.root), share=shape.packages / most)

    def _floor(self, workspace: Workspace, out: Path, kinds: str) -> Took:
        assert workspace.shape.backend != MIXED
        module = _MODULES[workspace.shape.backend]
        command = [self.peers / "python", Path(__file__).with_name("floor.py"), module]
        many = "both" if kinds == BOTH else "wheel"
        return Took(ran=ran([*command, many, out, *workspace.folders], self.environ))

    def _carrack(self, workspace: Workspace, *arguments: object) -> Ran:
        environ = {**self.environ, "CARRACK_CACHE": str(self.scratch / "cache")}
        (self.scratch / "cache").mkdir(mode=0o700, exist_ok=True)
        return ran([BIN / "carrack", *arguments], environ, workspace.root)

    def dist(self, shape: Shape) -> Sequence[Path]:
        """The files of a workspace, built once, by package."""
        workspace = self.workspace(shape)
        if not (workspace.root / "dist").is_dir():
            self._carrack(workspace, "build")
        return sorted((workspace.root / "dist").iterdir())

    def ready(self, shape: Shape) -> None:
        """Have the repository as it is before a first release: empty, with the packages' names closed to upstream."""
        seconds, self.bench.way.seconds = self.bench.way.seconds, 0.0
        quota, self.bench.way.per_second = self.bench.way.per_second, None
        self.bench.empty()
        workspace = self.workspace(shape)
        shutil.rmtree(workspace.root / ".carrack", ignore_errors=True)
        self._carrack(workspace, "index", "create", "--yes")
        self.bench.way.seconds, self.bench.way.per_second = seconds, quota

    def upload(self, way: str, shape: Shape) -> Took:
        """Upload a workspace's files, which were built before, in one of the ways."""
        self.ready(shape)
        files = self.dist(shape)
        few = files[: 2 * self.limits.loops] if way == TWINE_EACH else files[: 2 * self.limits.uv]
        local = self.bench.local
        url, token = local.upload_url(DOMAIN, REPOSITORY), local.token(DOMAIN)
        environ = {
            **self.environ,
            **{"TWINE_REPOSITORY_URL": url, "TWINE_USERNAME": "aws", "TWINE_PASSWORD": token},
            **{"UV_PUBLISH_URL": url, "UV_PUBLISH_USERNAME": "aws", "UV_PUBLISH_PASSWORD": token},
        }
        twine = [self.peers / "twine", "upload", "--non-interactive", "--disable-progress-bar"]
        commands: list[list[object]] = [[*twine, *few]]
        if way == TWINE_EACH:
            commands = [[*twine, *few[at : at + 2]] for at in range(0, len(few), 2)]
        elif way == UV_PUBLISH:
            commands = [[self.peers / "uv", "publish", "--quiet", "--no-progress", *few]]
        self.bench.way.uploads = 0
        try:
            took = _together(ran(command, environ) for command in commands)
        except FailedError as error:
            why = "429, too many requests" if "Too Many Requests" in str(error) else _last(error)
            return Took(ran=None, failed=f"stops after {self.bench.way.uploads} files: {why}")
        self._check(few[-1].name)
        return Took(ran=took, share=len(files) / len(few))

    def publish(self, way: str, shape: Shape, *, quota: bool = False) -> Took:
        """Have Carrack build and publish a workspace; where nothing changed, after the release before this."""
        workspace = self.workspace(shape)
        if way == SAME:
            self._carrack(workspace, "status")  # as somebody looked before
        else:
            self.ready(shape)
        if way == COLD:
            self._forget()
        fresh = ["--no-cache"] if way == WARM else []
        took = self._carrack(workspace, "publish", "--to", QUOTA_INDEX if quota else INDEX, *fresh)
        self._check(workspace.folders[-1].name)
        return Took(ran=took)

    def _check(self, last: str) -> None:
        """See that it is there: a package by its name, or by a file's."""
        seconds, self.bench.way.seconds = self.bench.way.seconds, 0.0
        assert self.bench.has(last.split("-1.0.0")[0].replace("_", "-")), f"{last} is not on the index"
        self.bench.way.seconds = seconds


def _together(several: Iterable[Ran]) -> Ran:
    """One after the other."""
    all_ = list(several)
    return Ran(
        seconds=sum(one.seconds for one in all_),
        cpu=sum(one.cpu for one in all_),
        megabytes=max(one.megabytes for one in all_),
    )


def _last(error: FailedError) -> str:
    return str(error).strip().splitlines()[-1]

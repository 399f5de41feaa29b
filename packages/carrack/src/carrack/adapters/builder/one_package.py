"""One package's build, hook by hook, as `python -m build` does it: an sdist, and the wheel made from that sdist."""

from __future__ import annotations

import errno
import json
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from build import BuildBackendException, BuildException, ProjectBuilder

from carrack.adapters.builder.answering import FailedError
from carrack.adapters.builder.direct import build_directly
from carrack.adapters.builder.hooks import BACKEND, BACKEND_PATH, Turns
from carrack.adapters.builder.settled import settle
from carrack.adapters.builder.workshop import Workshop
from carrack.adapters.cache.environments import BuildEnvironment
from carrack.model.artifact import Kinds

Kind = Literal["sdist", "wheel"]


class SpoiltError(Exception):
    """While the package was built, somebody changed the environment: what was built may have seen it, or done it."""


@dataclass(frozen=True, kw_only=True)
class Build:
    """One package of a job."""

    name: str
    source: str
    epoch: int
    requires: frozenset[str]
    constraints: str
    environments: str
    is_careful: bool
    kinds: Kinds
    out: Path
    scratch: Path
    backwards: bool

    @classmethod
    def of(cls, job: Mapping[str, Any], one: Mapping[str, Any]) -> Build:
        """A package as the job has it."""
        return cls(
            name=one["name"],
            source=one["source"],
            epoch=one["epoch"],
            requires=frozenset(one["requires"]),
            constraints=job["constraints"][one["constraints"]],
            environments=one["environments"],
            is_careful=one["is_careful"],
            kinds=Kinds(job["kinds"]),
            out=Path(job["out"]),
            scratch=Path(job["scratch"]),
            backwards=job["backwards"],
        )


def build_package(workshop: Workshop, build: Build) -> Mapping[str, Any]:
    """The files of a package, and the names of what was installed for them.

    Where the job is careful, it is known afterwards whether the environment is as it was.

    Raises LacksError, SpoiltError, and FailedError with what its backend printed.
    """
    making_in = tempfile.TemporaryDirectory(prefix=f"{build.name}-", dir=build.scratch)
    with making_in as scratch, ExitStack() as stack:
        making = _Making(workshop=workshop, build=build, scratch=Path(scratch), turns=Turns(stack))
        try:
            files = making.files()
        finally:
            if build.is_careful:
                making.refuse_spoilt()
        return {"files": files, "installed": sorted(making.installed)}


@dataclass(kw_only=True)
class _Making:
    workshop: Workshop
    build: Build
    scratch: Path
    turns: Turns
    used: dict[Path, BuildEnvironment] = field(default_factory=dict)

    @property
    def installed(self) -> set[str]:
        return {name for environment in self.used.values() for name in environment.installed}

    def refuse_spoilt(self) -> None:
        if not all(one.is_untouched for one in self.used.values()):
            raise SpoiltError from None

    def files(self) -> list[str]:
        build = self.build
        if build.kinds is Kinds.WHEEL:
            return [self._distribution(build.source, "wheel")]
        sdist = self._distribution(build.source, "sdist")
        settle_sdist(build, sdist)
        if build.kinds is Kinds.SDIST:
            return [sdist]
        return [sdist, self._distribution(_unpack(build, sdist, self.scratch / "sdist"), "wheel")]

    def _distribution(self, source: str, kind: Kind) -> str:
        """Build one file, with the package's requirements and what the backend adds to them."""
        try:
            if made := self._directly(source, kind):
                return made
            first = self._builder(source, self.build.requires)
            extra = first.get_requires_for_build(kind)
            builder = self._builder(source, self.build.requires | extra) if extra else first
            return Path(builder.build(kind, self.build.out)).name
        except BuildException as error:
            raise FailedError(self.build.name, f"{kind}: {error}") from None
        except BuildBackendException as error:
            if isinstance(error.exception, OSError) and error.exception.errno != errno.ENOENT:
                raise error.exception from None  # of this machine; a missing answer is the backend's own fault
            printed = getattr(error.exception, "stdout", "")
            raise FailedError(self.build.name, f"{kind}: {error}", printed) from None

    def _directly(self, source: str, kind: Kind) -> str | None:
        environment = self._environment(self.build.requires)
        environ = self._environ(self.workshop.environ_of(environment))
        return build_directly(environment, source, kind, self.build.out, environ)

    def _environment(self, requires: frozenset[str]) -> BuildEnvironment:
        build = self.build
        environment = self.workshop.environment(build.environments, requires, build.constraints)
        self.used[environment.folder] = environment
        return environment

    def _environ(self, environ: Mapping[str, str]) -> Mapping[str, str]:
        """With what is this package's own."""
        own = self.scratch / "tmp"
        own.mkdir(exist_ok=True)
        return {**environ, "SOURCE_DATE_EPOCH": str(self.build.epoch), "TMPDIR": str(own)}

    def _builder(self, source: str, requires: frozenset[str]) -> ProjectBuilder:
        environment = self._environment(requires)

        def run(
            cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None
        ) -> None:
            self._hook(environment, cmd, cwd or source, extra_environ or {})

        return ProjectBuilder(source, python_executable=environment.python, runner=run)

    def _hook(
        self, environment: BuildEnvironment, command: Sequence[str], folder: str, said: Mapping[str, str]
    ) -> None:
        backend = f"{said[BACKEND]} ({self.build.kinds.value})"
        hooks = self.turns.at(self.workshop.hooks(environment, backend))
        paths: list[str] = json.loads(said.get(BACKEND_PATH, "[]"))
        shadows = (Path(folder), Path(folder, "src"), *map(Path, paths))
        hooks.run(
            command,
            folder,
            self._environ({**hooks.environ, **said}),
            output=self.scratch / "output.txt",
            shadows=shadows,
        )


def settle_sdist(build: Build, sdist: str) -> None:
    """Have the sdist depend on its files alone. Raises FailedError where it is no archive."""
    try:
        settle(build.out / sdist, build.epoch)
    except (tarfile.TarError, FileNotFoundError) as error:
        raise FailedError(build.name, f"{sdist} cannot be unpacked: {error}") from None


def _unpack(build: Build, sdist: str, to: Path) -> str:
    try:
        with tarfile.open(build.out / sdist) as archive:
            members = archive.getmembers()
            archive.extractall(to, members[::-1] if build.backwards else members, filter="data")
    except (tarfile.TarError, FileNotFoundError) as error:
        # A link that leads out of it, for example, which pip would refuse too.
        raise FailedError(build.name, f"{sdist} cannot be unpacked: {error}") from None
    return str(to / sdist.removesuffix(".tar.gz"))

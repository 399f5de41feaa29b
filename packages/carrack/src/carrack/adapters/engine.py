"""A container engine, Docker or podman, spoken to through its own command line."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO

from carrack.adapters.engine_build import arguments, client_variables, fed
from carrack.adapters.engine_files import only_member
from carrack.adapters.engine_push import docker_login, podman_login, pushed
from carrack.errors import BuildError, NotReadyError
from carrack.model.image import Image, Recipe
from carrack.model.registry import Login, Repository
from carrack.ports import Context, Report

_NO_SUCH_IMAGE = re.compile(r"no such image|image not known", re.IGNORECASE)
_NO_SUCH_FILE = re.compile(r"could not find the file|no such container:path|no such file", re.IGNORECASE)
_NOTHING = "/none"
"""A container that is never started still wants a command, where its image has none."""


@dataclass(frozen=True, kw_only=True)
class ContainerEngine:
    """Implements `ports.Engine` through the client `program`, which `find_engine` asked what it is.

    `environ` is the user's, so that DOCKER_HOST and contexts count. BuildKit is asked for; the attestations that it
    would add are not, because they make an index of a single image.
    """

    program: str
    kind: str
    version: str
    environ: Mapping[str, str] = field(repr=False)
    report: Report = field(default_factory=Report, repr=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"

    def build(self, recipe: Recipe, context: Context) -> str:
        """See `ports.Engine`. Raises BuildError with the end of what the engine said."""
        with tempfile.TemporaryDirectory(prefix="carrack-image-") as scratch:
            said = Path(scratch) / "id"
            command = [self.program, "build", *arguments(recipe), "--iidfile", str(said), "-"]
            environ = {**self._environ, **client_variables(recipe)}
            code, output = fed(
                command, environ, context, self.report, hidden=recipe.secrets.values(), folder=scratch
            )
            built = said.read_text().strip() if said.exists() else ""
        if code or not built:
            raise BuildError(
                "the image did not build",
                address=str(recipe.dockerfile),
                output=output,
                untouched="every image that has a name",
            )
        if self.inspect(built) is None:
            raise BuildError(
                f"{self} built the image, and does not have it: its builder keeps images to itself",
                hint="unset BUILDX_BUILDER, or docker buildx use default",
            )
        return built

    @contextmanager
    def stage(self, recipe: Recipe, context: Context, target: str) -> Iterator[str]:
        """See `ports.Engine`."""
        name = f"carrack-stage-{uuid.uuid4().hex}:latest"  # by its id, one of the user's might go
        silent = replace(self, report=Report())
        self.tag(silent.build(replace(recipe, target=target), context), name)
        try:
            yield name
        finally:
            self.untag(name)

    def inspect(self, image: str) -> Image | None:
        """See `ports.Engine`."""
        answer = self._run("image", "inspect", image)
        if answer.returncode and _NO_SUCH_IMAGE.search(answer.stderr):
            return None
        (told,) = json.loads(self._checked(answer, f"inspecting {image}"))
        return Image(
            id=f"sha256:{told['Id'].removeprefix('sha256:')}",
            names=tuple(told["RepoTags"] or ()),
            digests=tuple(told["RepoDigests"] or ()),
            platform=f"{told['Os']}/{told['Architecture']}",
            size=told["Size"],
            layers=tuple(told["RootFS"]["Layers"] or ()),
            labels=(told["Config"] or {}).get("Labels") or {},
        )

    def pull(self, image: str, platform: str | None = None) -> None:
        """See `ports.Engine`. Raises NotReadyError where no registry gives it."""
        of = ["--platform", platform] if platform else []
        self.report.step("Pulling", image)
        answer = self._run("pull", "--quiet", *of, image)
        if answer.returncode:
            raise NotReadyError(
                f"{self} does not have this image and cannot pull it: {_reason(answer.stderr)}",
                address=image,
                hint=f"{self.kind} pull {image}",
            )

    def run(self, image: str, program: str, *arguments: str) -> str:
        """See `ports.Engine`. Raises BuildError where it fails."""
        alone = ("--rm", "--network=none", f"--entrypoint={program}")
        answer = self._run("run", *alone, image, *arguments)
        return self._checked(answer, f"running {program} in {image}")

    def read(self, image: str, path: PurePosixPath) -> bytes | None:
        """See `ports.Engine`."""
        with self._container(image) as container:
            answer = subprocess.run(
                [self.program, "cp", f"{container}:{path}", "-"],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        said = answer.stderr.decode(errors="replace")
        if answer.returncode and _NO_SUCH_FILE.search(said):
            return None
        if answer.returncode:
            raise BuildError(f"{self} failed at reading {path} in {image}", output=said)
        return only_member(answer.stdout)

    @contextmanager
    def saved(self, image: str) -> Iterator[IO[bytes]]:
        """See `ports.Engine`."""
        with self._streamed("save", image) as stream:
            yield stream

    @contextmanager
    def exported(self, image: str) -> Iterator[IO[bytes]]:
        """See `ports.Engine`."""
        with self._container(image) as container, self._streamed("export", container) as stream:
            yield stream

    def tag(self, image: str, name: str) -> None:
        """See `ports.Engine`."""
        self._ask("tag", image, name, doing=f"calling {image} {name}")

    def untag(self, name: str) -> None:
        """See `ports.Engine`."""
        self._ask("image", "rm", name, doing=f"removing {name}")

    def push(self, repository: Repository, tag: str, login: Login) -> None:
        """See `ports.Engine`. The password is in a file that only this user can read, until the push ends."""
        name = f"{repository}:{tag}"
        self.report.step("Pushing", name)
        if self.kind == "docker":
            with docker_login(login, self._environ) as environ:
                pushed([self.program, "push", name], environ, repository, tag)
        else:
            with podman_login(login) as options:
                pushed([self.program, "push", *options, name], self._environ, repository, tag)

    @contextmanager
    def _container(self, image: str) -> Iterator[str]:
        """A container of `image` that is never started."""
        container = self._ask("create", "--network=none", image, _NOTHING, doing=f"opening {image}").strip()
        try:
            yield container
        finally:
            self._ask("rm", "--force", "--volumes", container, doing="cleaning up")

    @contextmanager
    def _streamed(self, *arguments: str) -> Iterator[IO[bytes]]:
        """What the engine writes; whoever does not read it to its end gets no error, nor does the engine go on."""
        with (
            tempfile.TemporaryFile() as errors,
            subprocess.Popen(
                [self.program, *arguments],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            ) as process,
        ):
            assert process.stdout is not None  # noqa: S101 - a PIPE was asked for
            try:
                yield process.stdout
                whole = not process.stdout.read(1)
            except BaseException:
                process.kill()
                raise
            if not whole:
                process.kill()
            elif process.wait():
                errors.seek(0)
                said = errors.read().decode(errors="replace")
                raise BuildError(f"{self} failed at {' '.join(arguments)}", output=said)

    @property
    def _environ(self) -> dict[str, str]:
        ours = {"DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
        return {**self.environ, **ours}

    def _ask(self, *arguments: str, doing: str) -> str:
        return self._checked(self._run(*arguments), doing)

    def _checked(self, answer: subprocess.CompletedProcess[str], doing: str) -> str:
        if answer.returncode:
            raise BuildError(f"{self} failed at {doing}", output=answer.stderr.strip())
        return answer.stdout

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *arguments],
            env=self._environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )


def _reason(said: str) -> str:
    """The last sentence of what the engine said."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return (
        lines[-1].removeprefix("Error response from daemon: ").removeprefix("Error: ")
        if lines
        else "no reason"
    )

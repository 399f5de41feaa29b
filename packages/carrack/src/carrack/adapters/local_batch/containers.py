"""Attempts as containers of Docker or podman."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from carrack.adapters.local_batch.processes import end_processes
from carrack.adapters.local_batch.runs import CannotStartError, Launch, Run
from carrack.model.jobs.ending import NOT_STARTED, OUT_OF_MEMORY, Ending
from carrack.model.jobs.local_job import requirements

_PATIENCE_SECONDS = 120
_NEVER = "0001-"
"""How the time begins at which a container was started that was not."""
_KILLED = 137
_LABEL = "io.carrack.job"
_PIPE_BYTES = 60_000
"""A pipe takes 64 KiB before somebody reads."""


@dataclass(frozen=True, kw_only=True)
class Containers:
    """Implements `Executor` by the engine's client `program`; `environ` is what the client itself needs of ours.

    A container gets nothing of this machine's environment, and its own variables through the client's, never as
    arguments, which every user of the machine could read. The engine is not asked to pull.
    """

    program: str
    environ: Mapping[str, str] = field(repr=False)

    def start(self, launch: Launch) -> Run:
        """See `Executor`."""
        name = container_name(launch.job, launch.attempt)
        if self.ask("image", "inspect", launch.container["image"]).returncode:
            raise CannotStartError(
                f"CannotPullContainerError: {launch.container['image']} is not on this machine"
            )
        self._create(name, launch)
        with launch.log.open("wb") as log:
            client = subprocess.Popen(
                [self.program, "start", "--attach", name],
                env={**self.environ, "AWS_BATCH_JOB_ID": launch.job},  # by which `end_processes` finds it
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return _Container(self, name, client, launch.log)

    def _create(self, name: str, launch: Launch) -> None:
        """Make the container; what the engine has to say about it is no part of the job's log."""
        passed = {name: text for name, text in launch.variables.items() if name not in self.environ}
        clashing = {name: text for name, text in launch.variables.items() if name in self.environ}
        names = [word for variable in passed for word in ("--env", variable)]
        label = f"--label={_LABEL}={launch.job.partition(':')[0]}"
        with _piped(clashing) as piped:
            files = [f"--env-file=/dev/fd/{fd}" for fd in piped]
            command = [self.program, "create", "--pull=never", f"--name={name}", label, *files, *names]
            command += [*_limits(launch), launch.container["image"], *launch.command]
            try:
                made = self._run(command, environ={**passed, **self.environ}, files=piped)
            except (OSError, ValueError) as error:  # too long, a NUL in it
                raise CannotStartError(f"CannotStartContainerError: {error}") from error
        if made.returncode:
            raise CannotStartError(f"CannotStartContainerError: {_last_line(made.stderr)}")

    def end_left(self, job: str) -> None:
        """See `Executor`. The clients go first, so that none begins another container."""
        end_processes(job)
        for container in self.ask("ps", "--all", "--quiet", f"--filter=label={_LABEL}={job}").stdout.split():
            self.remove(container)

    def remove(self, container: str) -> None:
        """End a container, and have the engine forget it."""
        self.ask("rm", "--force", "--volumes", container)

    def state(self, name: str) -> dict[str, Any] | None:
        """What the engine says of a container; None where it has none of this name."""
        answer = self.ask("container", "inspect", "--format", "{{json .State}}", name)
        if answer.returncode:
            return None
        told: dict[str, Any] = json.loads(answer.stdout)
        return told

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the client."""
        return self._run([self.program, *arguments], environ=self.environ)

    def _run(
        self, command: Sequence[str], environ: Mapping[str, str], files: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                command,
                env=dict(environ),
                pass_fds=files,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=_PATIENCE_SECONDS,
            )
        except subprocess.TimeoutExpired:
            silence = f"the engine gives no answer within {_PATIENCE_SECONDS} s"
            return subprocess.CompletedProcess(command, 1, stdout="", stderr=silence)


@dataclass(frozen=True)
class _Container:
    """Implements `Run`: a container, and the client that waits for it and writes its log."""

    engine: Containers
    name: str
    client: subprocess.Popen[bytes]
    log: Path

    def ended(self) -> Ending | None:
        if self.client.poll() is None:
            return None
        state = self.engine.state(self.name)
        self.engine.remove(self.name)
        if state is None or state["StartedAt"].startswith(_NEVER):
            said = (state or {}).get("Error") or _last_line(self.log.read_text("utf-8", errors="replace"))
            return Ending(reason=f"CannotStartContainerError: {said}"[:255], status_reason=NOT_STARTED)
        return Ending(
            exit_code=_KILLED if state["Running"] else state["ExitCode"],  # where the client alone has gone
            reason=OUT_OF_MEMORY if state.get("OOMKilled") else None,
        )

    def terminate(self) -> bool:
        return self.engine.ask("kill", "--signal=TERM", self.name).returncode == 0

    def kill(self) -> None:
        heard = self.engine.ask("kill", self.name).returncode == 0
        if not heard:  # it does not run, or the engine does not answer
            self.client.kill()


def container_name(job: str, attempt: int) -> str:
    """What the container of an attempt is called."""
    return f"carrack-{job.replace(':', '-')}-{attempt}"


@contextmanager
def _piped(variables: Mapping[str, str]) -> Iterator[list[int]]:
    """A pipe that has these variables as lines, for those that the client has one of its own of: HOME, PATH."""
    lines = "".join(f"{name}={text}\n" for name, text in variables.items()).encode()
    if not lines:
        yield []
        return
    if len(lines) > _PIPE_BYTES or any("\n" in text for text in variables.values()):
        names = ", ".join(variables)
        raise CannotStartError(f"CannotStartContainerError: too long, or more than a line each: {names}")
    reader, writer = os.pipe()
    os.write(writer, lines)
    os.close(writer)
    try:
        yield [reader]
    finally:
        os.close(reader)


def _limits(launch: Launch) -> Iterator[str]:
    """What the definition asks for, where an engine of this machine can give it.

    vCPUs are a share on EC2 and a limit on Fargate; memory is a limit on both, and swap is none of it.
    """
    wanted = requirements(launch.container)
    if memory := wanted.get("MEMORY"):
        yield from (f"--memory={memory}m", f"--memory-swap={memory}m")
    if cpus := wanted.get("VCPU"):
        yield f"--cpus={cpus}" if launch.hard_cpu_limit else f"--cpu-shares={round(float(cpus) * 1024)}"
    if launch.container.get("readonlyRootFilesystem"):
        yield "--read-only"
    if user := launch.container.get("user"):
        yield f"--user={user}"
    linux = launch.container.get("linuxParameters", {})
    if linux.get("initProcessEnabled"):
        yield "--init"
    if size := linux.get("sharedMemorySize"):
        yield f"--shm-size={size}m"
    for mount in linux.get("tmpfs", ()):
        options = ",".join((f"size={mount['size']}m", *mount.get("mountOptions", ())))
        yield f"--tmpfs={mount['containerPath']}:{options}"


def _last_line(said: str) -> str:
    """What an engine's client said last."""
    lines = [line.strip() for line in said.split("\n") if line.strip()]
    return lines[-1].removeprefix("Error response from daemon: ") if lines else "no reason"

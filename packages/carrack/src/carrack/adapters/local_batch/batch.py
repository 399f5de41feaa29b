"""AWS Batch on this machine: its requests and answers, carried out by a supervisor process for each job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from carrack.adapters.engine import ContainerEngine
from carrack.adapters.local_batch import logs
from carrack.adapters.local_batch.containers import Containers
from carrack.adapters.local_batch.definitions import Definitions
from carrack.adapters.local_batch.job_folder import JOB, JobFolder
from carrack.adapters.local_batch.jobs import Jobs
from carrack.adapters.local_batch.processes import Processes
from carrack.adapters.local_batch.progress import milliseconds
from carrack.adapters.local_batch.runs import Executor
from carrack.adapters.local_batch.settings import Handed, Settings
from carrack.errors import JobError
from carrack.model.jobs.ending import OVERRIDES_TOO_LONG
from carrack.model.jobs.job import ENDED, JSON, LogPage
from carrack.model.jobs.limits import OVERRIDE_CHARACTERS, override_length
from carrack.model.jobs.local_job import child_of, faults, new_job

Kind = Literal["process", "container"]
_CLIENT_NEEDS = (
    *(
        "PATH",
        "HOME",
        "TMPDIR",
        "USER",
        "SSH_AUTH_SOCK",
        "XDG_",
        "DOCKER_",
        "CONTAINER",
        "REGISTRY_AUTH_FILE",
    ),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
"""The beginnings of the variables that an engine's client goes by."""
_NEITHER = (
    "IAM roles: a job has no credentials, but what it is given",
    "secrets of the definition: their variables are not set",
    "spot, priorities, fair share, placement, several nodes",
    "the queue: a job begins when it may, beside all others",
)
NOT_EMULATED: Mapping[Kind, tuple[str, ...]] = {
    "process": (
        *("the image: programs and files are this machine's", "limits of vCPUs, memory and GPUs"),
        *("a read-only root, the user, linuxParameters, volumes", *_NEITHER),
    ),
    "container": ("GPUs, privileges, devices, volumes, log drivers, Fargate's network", *_NEITHER),
}


def local_batch(
    folder: Path,
    kind: Kind,
    engine: Callable[[], ContainerEngine],
    *,
    passed: Mapping[str, str] | None = None,
    settings: Settings | None = None,
) -> LocalBatch:
    """Jobs of this machine under `folder`, new ones run by `kind`; those that are there may be of either.

    `engine` is asked for when a container is to be run, or one is left over. `passed` are variables that every new job
    gets beside its own, such as AWS credentials; they are on no disk and in no argument.
    """
    settings = settings or Settings(parallel=os.cpu_count() or 1)
    return LocalBatch(folder=folder, kind=kind, engine=engine, passed=passed or {}, settings=settings)


@dataclass(frozen=True, kw_only=True)
class LocalBatch:
    """Implements `ports.Batch`; `local_batch` makes one."""

    folder: Path
    kind: Kind
    engine: Callable[[], ContainerEngine] = field(repr=False)
    passed: Mapping[str, str] = field(repr=False)
    settings: Settings

    @property
    def place(self) -> str:
        """See `ports.Batch`."""
        return {"process": "processes", "container": "containers"}[self.kind] + " on this machine"

    @property
    def not_emulated(self) -> tuple[str, ...]:
        """See `ports.Batch`."""
        return NOT_EMULATED[self.kind]

    def definitions(self, name: str) -> Sequence[JSON]:
        """See `ports.Batch`. Those for processes and those for containers are apart: their images are."""
        return list(self._definitions.active(name))

    def register(self, definition: JSON) -> str:
        """See `ports.Batch`. Raises JobError for what is not one container."""
        if "containerProperties" not in definition:
            raise JobError("has no containerProperties, and nothing else runs here", address=self.place)
        self._open()
        told = self._definitions.register(definition)
        return f"{told['jobDefinitionName']}:{told['revision']}"

    def submit(self, request: JSON) -> str:
        """See `ports.Batch`. Raises JobError, with everything that keeps the job from running; then nothing was."""
        definition = self._definitions.find(request["jobDefinition"])
        told = new_job(definition, request, str(uuid.uuid4()), milliseconds())
        needed = {one["jobId"] for one in told["dependsOn"] if "jobId" in one}
        known = {job: its for job in needed if (its := self._jobs.told(job))}
        if found := [*faults(told, known), *self._commandless(told)]:
            raise JobError(
                "the job cannot run here", faults=tuple(found), address=self.place, untouched="everything"
            )
        client = self._client() if self.kind == "container" else None
        folder = JobFolder(self.folder / told["jobId"])
        self._open()
        lock = folder.make(self.kind)
        try:
            if override_length(request, definition) > OVERRIDE_CHARACTERS:
                folder.save({**told, "status": "FAILED", "statusReason": OVERRIDES_TOO_LONG})
            else:
                folder.save(told)
                handed = Handed(settings=self.settings, lock=lock, passed=self.passed, client=client)
                self._start(folder, handed)
        finally:
            os.close(lock)
        return folder.path.name

    def describe(self, ids: Sequence[str]) -> Mapping[str, JSON]:
        """See `ports.Batch`. A job whose supervisor was killed is told as failed, with the reason."""
        return {job: told for job in ids if (told := self._jobs.told(job))}

    def children(self, array: str, status: str) -> Sequence[str]:
        """See `ports.Batch`. Raises JobError where there is no such array."""
        parent = self._jobs.told(array) or {}
        size = parent.get("arrayProperties", {}).get("size")
        if not size:
            raise JobError("is no array of jobs on this machine", address=array)
        started = dict(JobFolder(self.folder / array).started())
        states = (child_of(parent, index, started.get(index))["status"] for index in range(size))
        return [f"{array}:{index}" for index, state in enumerate(states) if state == status]

    def recent(self, queue: str) -> Sequence[JSON]:
        """See `ports.Batch`. There is no queue here; the name is what a job was submitted with."""
        wanted = queue.rpartition("/")[2]
        mine = (told for told in self._jobs.all() if told["jobQueue"].rpartition("/")[2] == wanted)
        return sorted(mine, key=lambda told: int(told["createdAt"]), reverse=True)

    def terminate(self, job: str, reason: str) -> None:
        """See `ports.Batch`. A job that has ended stays as it is. Raises JobError where there is none."""
        found, told = self._jobs.folder(job), self._jobs.told(job)
        if not found or not told:
            raise JobError("there is no such job on this machine", address=job)
        folder, index = found
        if told["status"] not in ENDED:
            folder.ask_to_end(JOB if index is None else str(index), reason)

    def log(self, stream: str, token: str | None = None) -> LogPage:
        """See `ports.Batch`. Raises JobError where no job has such a log."""
        parts = logs.stream_parts(stream)
        found = self._jobs.folder(parts[0]) if parts else None
        if not parts or not found:
            raise JobError("no job on this machine has this log", address=stream)
        job, run, attempt = parts
        file = found[0].log(run, attempt)
        told = self._jobs.told(job if run == JOB else f"{job}:{run}")
        if not told or not file.exists():
            return LogPage(lines=(), token=token or "0")
        ended = told["status"] in ENDED or len(told["attempts"]) >= attempt
        return logs.page(file, token, ended=ended)

    def _open(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def _definitions(self) -> Definitions:
        return Definitions(self.folder / "definitions" / self.kind)

    @property
    def _jobs(self) -> Jobs:
        return Jobs(self.folder, self._executor)

    def _executor(self, kind: str) -> Executor:
        return Processes() if kind == "process" else self._client()

    def _client(self) -> Containers:
        engine = self.engine()
        kept = {k: v for k, v in engine.environ.items() if k.startswith(_CLIENT_NEEDS)}
        return Containers(program=engine.program, environ=kept)

    def _commandless(self, told: JSON) -> Sequence[str]:
        if self.kind == "process" and not told["container"]["command"]:
            return ("command: is missing; an image may have one of its own, an environment has none",)
        return ()

    def _start(self, folder: JobFolder, handed: Handed) -> None:
        """Start the supervisor; when this returns it goes its own way, and the job is its."""
        with (folder.path / "supervisor.log").open("ab") as said:
            command = [sys.executable, "-P", "-m", "carrack.adapters.local_batch.supervisor"]
            started = subprocess.run(
                [*command, str(self.folder.resolve()), folder.path.name],
                env={"LANG": "C.UTF-8"},
                input=json.dumps(handed.to_json()).encode(),
                stdout=said,
                stderr=said,
                cwd="/",
                pass_fds=[handed.lock],
                start_new_session=True,
                check=False,
            )
        if started.returncode:
            raise JobError(
                "no process could be started to look after the job",
                address=str(folder.path / "supervisor.log"),
                done=f"the job {folder.path.name} is known, and has failed",
            )

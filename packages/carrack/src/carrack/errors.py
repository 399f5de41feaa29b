"""Every error that a user can meet: one root, and one exit code for each who can act on it."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says to the shell; the numbers are sysexits.h's where it has the meaning."""

    DONE = 0
    USAGE = 64
    WORKSPACE = 65
    BUILD = 66
    INDEX = 69
    BUG = 70
    DIFFERS = 73
    JOB = 74
    RESUMABLE = 75
    LOCK = 76
    PLAN = 77
    NOT_READY = 78

    @property
    def meaning(self) -> str:
        """One line for the table in the README."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.DONE: "done, or nothing was to do",
    ExitCode.USAGE: "the command line is wrong, or no index was chosen",
    ExitCode.WORKSPACE: "the workspace needs a change first: a manifest, a version, a Dockerfile, or its git state",
    ExitCode.BUILD: "a package or an image did not build, or what was built is not what was planned",
    ExitCode.INDEX: "the index, its credentials or its token did not let us in",
    ExitCode.BUG: "a bug in Carrack; the traceback is for its issue tracker",
    ExitCode.DIFFERS: "the index holds other bytes than this commit builds, and keeps them",
    ExitCode.JOB: "a job cannot be defined, submitted or asked about so, or it failed without an exit code of its own",
    ExitCode.RESUMABLE: "stopped part way; what is done stays done, and the same command goes on",
    ExitCode.LOCK: "the lock cannot be made, or does not fit this index, workspace or Python",
    ExitCode.PLAN: "the plan does not hold any more: the commit, or what the index has, is another",
    ExitCode.NOT_READY: "not ready: something has to be set up first, and what is printed says what and by whom",
}


class CarrackError(Exception):
    """An error that a user can act on.

    `message` is one sentence; `address` is where it happened (a file with the key in it, an index, a command);
    `done` says what is finished and permanent, `untouched` what is as it was; `hint` is the next command to type.
    """

    exit_code = ExitCode.BUG

    def __init__(
        self, message: str, *, address: str = "", done: str = "", untouched: str = "", hint: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.address = address
        self.done = done
        self.untouched = untouched
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.address}: {self.message}" if self.address else self.message


class UsageError(CarrackError):
    """The command line does not say what is needed."""

    exit_code = ExitCode.USAGE


class WorkspaceError(CarrackError):
    """The workspace's files or git state must change first. `faults` are shown together."""

    exit_code = ExitCode.WORKSPACE

    def __init__(self, message: str, *, faults: tuple[str, ...] = (), **where: str) -> None:
        super().__init__(message, **where)
        self.faults = faults


class BuildError(CarrackError):
    """A package or image did not build, or is not what was planned. `output` is the backend's or engine's own."""

    exit_code = ExitCode.BUILD

    def __init__(self, message: str, *, output: str = "", **where: str) -> None:
        super().__init__(message, **where)
        self.output = output


class IndexAccessError(CarrackError):
    """Credentials, token, permission or network keep us from the index."""

    exit_code = ExitCode.INDEX


class DeniedError(IndexAccessError):
    """The service knows the credentials, and does not let them do that."""


class NotReadyError(CarrackError):
    """Something has to be set up first. `request` is for somebody who may, where these credentials may not."""

    exit_code = ExitCode.NOT_READY

    def __init__(self, message: str, *, request: str = "", **where: str) -> None:
        super().__init__(message, **where)
        self.request = request


class NoEngineError(NotReadyError):
    """No container engine answers. `faults` say of each program that was asked what it lacks."""

    def __init__(self, message: str, *, faults: tuple[str, ...], **where: str) -> None:
        super().__init__(message, **where)
        self.faults = faults


class PublishedDiffersError(CarrackError):
    """The index holds other bytes under a name that this commit builds too. `differences` name the members."""

    exit_code = ExitCode.DIFFERS

    def __init__(self, message: str, *, differences: tuple[str, ...] = (), **where: str) -> None:
        super().__init__(message, **where)
        self.differences = differences


class StoppedError(CarrackError):
    """Writes have begun and could not all be finished; running the same command again goes on."""

    exit_code = ExitCode.RESUMABLE


class LockError(CarrackError):
    """A lock cannot be made, is stale, or was not made for this Python. `faults` are shown together."""

    exit_code = ExitCode.LOCK

    def __init__(self, message: str, *, faults: tuple[str, ...] = (), **where: str) -> None:
        super().__init__(message, **where)
        self.faults = faults


class PlanError(CarrackError):
    """A plan that was kept is not one, or the world is not as it was then. `faults` say what moved."""

    exit_code = ExitCode.PLAN

    def __init__(self, message: str, *, faults: tuple[str, ...] = (), **where: str) -> None:
        super().__init__(message, **where)
        self.faults = faults


class JobError(CarrackError):
    """AWS Batch would refuse the job, or does; or it is not one that can be asked this. `faults` are shown together."""

    exit_code = ExitCode.JOB

    def __init__(self, message: str, *, faults: tuple[str, ...] = (), **where: str) -> None:
        super().__init__(message, **where)
        self.faults = faults

"""What a job waits for: other jobs, their children, or its own children before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from carrack.model.jobs.job import JSON

Told = Callable[[str], dict[str, Any] | None]
"""What is told of a job."""
_MEANS = {"SUCCEEDED": True, "FAILED": False}


class Dependencies:
    """The `dependsOn` of a job. A dependency that is not there any more counts as one that failed."""

    def __init__(self, told: JSON, jobs: Told) -> None:
        kinds = {kind: [one for one in told["dependsOn"] if one.get("type") == kind] for kind in _KINDS}
        self._whole = [one["jobId"] for one in told["dependsOn"] if one.get("type") not in _KINDS]
        self._each = [one["jobId"] for one in kinds["N_TO_N"]]
        self._jobs = jobs
        self.any = bool(told["dependsOn"])
        self.in_order = bool(kinds["SEQUENTIAL"])

    @property
    def one_by_one(self) -> bool:
        """Whether children wait for something of their own."""
        return self.in_order or bool(self._each)

    def met(self) -> bool | None:
        """Whether the jobs that must be whole are; None while they are not. A job that succeeded stays so."""
        states = {job: self._state(job) for job in self._whole}
        if False in states.values():
            return False
        self._whole = [job for job, state in states.items() if state is None]
        return None if self._whole else True

    def may_begin(self, run: str, ended: Mapping[str, str]) -> bool | None:
        """Whether a run may begin, after those children that have `ended`; None while that is open."""
        states = [self._state(f"{job}:{run}") for job in self._each]
        if self.in_order and int(run):
            states.append(_MEANS.get(ended.get(str(int(run) - 1), "")))
        if False in states:
            return False
        return None if None in states else True

    def _state(self, job: str) -> bool | None:
        told = self._jobs(job)
        return _MEANS.get(told["status"]) if told else False


_KINDS = ("SEQUENTIAL", "N_TO_N")

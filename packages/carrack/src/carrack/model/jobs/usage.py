"""What jobs used: vCPU-hours and GB-hours, estimated from their attempts.

AWS Batch itself costs nothing, and there is no bill by job; what is billed is the instances or Fargate tasks below.
This counts the time of every attempt, retried ones too, times what the job asked for: an instance's idle rest, its
start and the pull of its image are not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from carrack.model.jobs.job import Job

_HOUR = 3_600_000
_MEBIBYTES = 1024


@dataclass(frozen=True, kw_only=True)
class Usage:
    """An estimate, from `looked_at` of `jobs` jobs (an array's children each count as one)."""

    vcpu_hours: float
    gb_hours: float
    attempts: int
    looked_at: int
    jobs: int

    def __str__(self) -> str:
        told = f"about {self.vcpu_hours:.3g} vCPU-hours and {self.gb_hours:.3g} GB-hours"
        sample = f", from {self.looked_at} of {self.jobs} jobs" if self.looked_at < self.jobs else ""
        plural = "" if self.attempts == 1 else "s"
        return f"{told} in {self.attempts} attempt{plural} (an estimate{sample})"

    def scaled(self, jobs: int) -> Usage:
        """The same for `jobs` jobs like these."""
        if not self.looked_at or jobs == self.looked_at:
            return replace(self, jobs=jobs)
        factor = jobs / self.looked_at
        return replace(
            self,
            vcpu_hours=self.vcpu_hours * factor,
            gb_hours=self.gb_hours * factor,
            attempts=round(self.attempts * factor),
            jobs=jobs,
        )

    def cost(self, *, vcpu_hour: float, gb_hour: float) -> float:
        """What it costs at these prices."""
        return self.vcpu_hours * vcpu_hour + self.gb_hours * gb_hour


def usage(jobs: Iterable[Job], now: int) -> Usage:
    """What `jobs` used up to `now` (milliseconds since 1970); a job that tells no resources used nothing."""
    vcpu = memory = 0.0
    attempts = count = 0
    for job in jobs:
        spans, asked = _spans(job, now), _asked(job.told.get("container", {}))
        hours = sum(spans) / _HOUR
        vcpu, memory = vcpu + hours * asked["VCPU"], memory + hours * asked["MEMORY"] / _MEBIBYTES
        attempts, count = attempts + len(spans), count + 1
    return Usage(vcpu_hours=vcpu, gb_hours=memory, attempts=attempts, looked_at=count, jobs=count)


def _spans(job: Job, now: int) -> list[int]:
    """How long each attempt took; the one that runs is in no list of attempts yet."""
    ended = {
        one.started: one.stopped - one.started
        for one in job.attempts
        if one.started is not None and one.stopped is not None
    }
    if job.status == "RUNNING" and job.started is not None and job.started not in ended:
        ended[job.started] = now - job.started
    return [max(0, span) for span in ended.values()]


def _asked(container: Mapping[str, Any]) -> dict[str, float]:
    """What a container asked for; `vcpus` and `memory` are the older spelling of the same."""
    asked = {"VCPU": float(container.get("vcpus") or 0), "MEMORY": float(container.get("memory") or 0)}
    for one in container.get("resourceRequirements", ()):
        asked[one["type"]] = float(one["value"])
    return asked

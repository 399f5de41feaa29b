"""All jobs of this machine's folder, as they are told; one that nobody looks after any more is told as that."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carrack.adapters.local_batch.job_folder import JobFolder
from carrack.adapters.local_batch.settings import Executors
from carrack.errors import CarrackError
from carrack.model.jobs.job import ENDED, JSON
from carrack.model.jobs.local_job import summary

LOST = "The process that looked after this job was killed, or the machine restarted; what it left running was ended"
_LEFT = "The process that looked after this job was killed, or the machine restarted; its containers may still run: "
_ID = re.compile(r"(?P<job>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?::(?P<index>0|[1-9]\d{0,3}))?")


@dataclass(frozen=True)
class Jobs:
    """The jobs in a folder."""

    path: Path
    executors: Executors

    def folder(self, job: str) -> tuple[JobFolder, int | None] | None:
        """The folder of a job, and the index where the id is a child's; None where there is no such job."""
        found = _ID.fullmatch(job)
        if not found or not (self.path / found["job"] / "job.json").is_file():
            return None
        return JobFolder(self.path / found["job"]), int(found["index"]) if found["index"] else None

    def told(self, job: str) -> dict[str, Any] | None:
        """What is told of a job or a child; None where there is none."""
        if (found := self.folder(job)) is None:
            return None
        folder, index = found
        told = self._looked_after(folder)
        return told if index is None else folder.child(index)

    def all(self) -> Iterator[dict[str, Any]]:
        """Every job, without children."""
        for path in self.path.glob("*-*/job.json"):
            if told := self._looked_after(JobFolder(path.parent)):
                yield told

    def settle(self, folder: JobFolder) -> None:
        """Tell the end of a job that nobody looks after, after ending what is left of it."""
        with folder.settling():
            told = folder.job()
            if told is None or told["status"] in ENDED:
                return
            now = time.time_ns() // 1_000_000
            left = {index: own for index, own in folder.started() if own["status"] not in ENDED}
            reason = self._end_left(folder, told["jobId"])
            for index, own in left.items():
                folder.save_own(index, _lost(own, reason, now))
            folder.save({**_lost(told, reason, now), **_counted(folder, told)})

    def _looked_after(self, folder: JobFolder) -> dict[str, Any] | None:
        told = folder.job()
        if told is None or told["status"] in ENDED or folder.is_looked_after:
            return told
        with suppress(OSError):  # a full disk; it is told, and not kept
            self.settle(folder)
        told = folder.job()
        if told and told["status"] not in ENDED:
            told |= {"status": "FAILED", "statusReason": LOST}
        return told

    def _end_left(self, folder: JobFolder, job: str) -> str:
        try:
            self.executors(folder.kind).end_left(job)
        except (CarrackError, OSError) as error:
            return f"{_LEFT}{error}"
        return LOST


def _lost(told: JSON, reason: str, now: int) -> dict[str, Any]:
    """The same job or child, ended at `now`; an attempt that was running has no exit code."""
    ended = {**told, "status": "FAILED", "statusReason": reason, "stoppedAt": now}
    if told["status"] == "RUNNING" and "arrayProperties" not in told:
        stream = told.get("container", {}).get("logStreamName")
        attempt = {"startedAt": told["startedAt"], "stoppedAt": now, "statusReason": reason}
        ended["attempts"] = [*told["attempts"], {**attempt, "container": {"logStreamName": stream}}]
    return ended


def _counted(folder: JobFolder, told: JSON) -> dict[str, Any]:
    """An array's counts after its last child ended; a child without a file never began, and never will."""
    if "arrayProperties" not in told:
        return {}
    size = told["arrayProperties"]["size"]
    good = sum(own["status"] == "SUCCEEDED" for _, own in folder.started())
    counts = summary({"SUCCEEDED": good, "FAILED": size - good})
    return {"arrayProperties": {**told["arrayProperties"], "statusSummary": counts}}

"""The process that looks after one job: `python -m carrack.adapters.local_batch.supervisor FOLDER JOB`.

It reads what it is handed as JSON from standard input. A process of its own, so that a job goes on when whoever
submitted it has gone; with another one behind it, that ends the job's processes in the moment this one is killed.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from carrack.adapters.local_batch.dependencies import Dependencies
from carrack.adapters.local_batch.job_folder import JobFolder
from carrack.adapters.local_batch.jobs import Jobs
from carrack.adapters.local_batch.runs import Executor
from carrack.adapters.local_batch.settings import Handed
from carrack.adapters.local_batch.supervision import Supervision


def main() -> None:
    """Look after the job; whoever started this waits only until it has begun."""
    handed = Handed.from_json(json.load(sys.stdin))
    os.set_inheritable(handed.lock, False)
    jobs, folder = Jobs(Path(sys.argv[1]), handed.executor), JobFolder(Path(sys.argv[1]) / sys.argv[2])
    if os.fork():
        os._exit(0)
    os.setsid()
    executor = handed.executor(folder.kind)
    alive = _guarded(jobs, folder, handed.lock, executor)
    told = folder.job()
    assert told is not None  # noqa: S101 - it was written before we were started
    dependencies = Dependencies(told, jobs.told)
    Supervision(folder, executor, dependencies, handed.settings, handed.passed).run()
    os.close(alive)


def _guarded(jobs: Jobs, folder: JobFolder, lock: int, executor: Executor) -> int:
    """Have a process that ends the job when we are gone and did not; gives the pipe that keeps it waiting.

    Where the folder is gone too, it ends the job's processes nevertheless.
    """
    reader, writer = os.pipe()
    if os.fork():
        os.close(reader)
        return writer
    os.setsid()
    os.close(writer)
    os.close(lock)
    os.read(reader, 1)
    try:
        jobs.settle(folder)
    except OSError:
        executor.end_left(folder.path.name)
    os._exit(0)


if __name__ == "__main__":
    main()

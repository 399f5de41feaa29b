"""The worker process: builds packages, as many at a time as there are cores, in environments that are there.

Reads a job as JSON from stdin and writes one line of JSON to stdout: what it made, which environments it lacks, and
what failed. It has no token, and no environment variable but those that the backends may see.

Whether builds left their environments as they were is looked at once, at the end; where they did not, all is doubtful.
In a careful job it is looked at after each package, so that it is known whose build may have seen a change.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from carrack.adapters.builder.answering import FailedError, answer, failed
from carrack.adapters.builder.one_package import Build, SpoiltError, build_package
from carrack.adapters.builder.workshop import LacksError, Workshop


def main() -> None:
    """Do the job on stdin."""
    answer(_do)


def _do(job: Mapping[str, Any]) -> Mapping[str, Any]:
    tempfile.tempdir = job["scratch"]  # of this process alone: through it hooks are told what to do
    builds = [Build.of(job, one) for one in job["builds"]]
    with ExitStack() as stack, ThreadPoolExecutor(_cores()) as pool:
        workshop = Workshop(environ=job["environ"], stack=stack)
        told = Told()
        list(pool.map(lambda build: _one(workshop, build, told), builds))
        if not (job["careful"] or workshop.is_untouched):
            return {"made": {}, "lacks": [], "spoilt": [], "doubtful": True}
    failures = [told.failures[build.name] for build in builds if build.name in told.failures]
    return {
        "made": told.made,
        "lacks": told.lacks,
        "spoilt": told.spoilt,
        "doubtful": False,
        **failed(failures),
    }


def _cores() -> int:
    with_affinity = getattr(os, "sched_getaffinity", None)
    return len(with_affinity(0)) if with_affinity else os.cpu_count() or 1


@dataclass
class Told:
    """What became of the packages."""

    made: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    lacks: list[list[Any]] = field(default_factory=list)
    spoilt: list[str] = field(default_factory=list)
    failures: dict[str, FailedError] = field(default_factory=dict)


def _one(workshop: Workshop, build: Build, told: Told) -> None:
    """Build a package, unless another failed already."""
    if told.failures:
        return
    try:
        told.made[build.name] = build_package(workshop, build)
    except LacksError as lacking:
        told.lacks.append([build.name, list(lacking.requires)])
    except SpoiltError:
        told.spoilt.append(build.name)
    except FailedError as failure:
        told.failures[build.name] = failure


if __name__ == "__main__":
    main()

"""The record of a request: what makes sure that nothing is submitted twice."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from carrack.model.jobs.job import JSON
from carrack.model.jobs.request import REQUEST

REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
SETTLING = 60.0
"""In seconds: so long after a request a service may not list its job yet."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A request to a place at a time (seconds since 1970): its job, where that is known; or that it was refused.

    `digest` is of what was asked for, whatever revision of the definition was the newest then.
    """

    request_id: str
    place: str
    queue: str
    name: str
    digest: str
    at: float
    job: str | None = None
    refused: bool = False

    def binds(self, made: Submission) -> bool:
        """Whether the id of `made` is taken by this one, which asked for something else, or asked it elsewhere.

        What was refused made no job, so its id is free.
        """
        return not self.refused and (self.place, self.digest) != (made.place, made.digest)


def submission(request: JSON, place: str, at: float) -> Submission:
    """The record of a request that is about to be sent."""
    asked = {**request, "jobDefinition": request["jobDefinition"].partition(":")[0]}
    return Submission(
        request_id=request["tags"][REQUEST],
        place=place,
        queue=request["jobQueue"],
        name=request["jobName"],
        digest=hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest(),
        at=at,
    )

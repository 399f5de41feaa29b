"""The shape of `[tool.carrack.apps.NAME.job]`. What AWS Batch makes of the values is said when a job is defined."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from carrack.adapters.table import Table

if TYPE_CHECKING:
    from carrack.model.jobs.settings import JobSettings

Arn = Annotated[str, StringConstraints(pattern=r"^arn:[\w-]+:[\w-]+:\S+$")]
Count = Annotated[int, Field(strict=True, ge=0)]

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def _overflow(prefix: str) -> str:
    place = urlsplit(prefix)
    if place.scheme != "s3" or not _BUCKET.fullmatch(place.netloc) or place.query or place.fragment:
        raise ValueError("say where parameters go that are too long for a request: s3://BUCKET/PREFIX/")
    return prefix if prefix.endswith("/") else f"{prefix}/"


class JobTable(Table):
    """`[tool.carrack.apps.NAME.job]`."""

    definition: str | None = None
    queue: str | None = None
    vcpus: Annotated[int | float, Field(gt=0)] = 1
    memory: Count = 2048
    gpus: Count = 0
    timeout: Count | None = None
    attempts: Count = 3
    retry: tuple[Literal["spot", "pull", "transient", "terminated"], ...] = ("pull", "transient")
    platform: Literal["ec2", "fargate"] = "ec2"
    job_role: Arn | None = None
    execution_role: Arn | None = None
    command: tuple[str, ...] = ()
    parameters: Mapping[str, str] = {}
    environment: Mapping[str, str] = {}
    secrets: Mapping[str, Arn] = {}
    not_secret: tuple[str, ...] = ()
    overflow: Annotated[str, AfterValidator(_overflow)] | None = None
    log_group: str | None = None
    read_only_root: bool = False
    public_ip: bool = False
    tags: Mapping[str, str] = {}

    def settings(self, app: str) -> JobSettings:
        """The settings of the app that is called so, after which its definition is named if it is not said."""
        from carrack.model.jobs.settings import JobSettings  # here, because few apps have a job

        said = {name: value for name, value in self if name not in ("definition", "vcpus")}
        return JobSettings(definition=self.definition or app, vcpus=f"{self.vcpus:g}", **said)

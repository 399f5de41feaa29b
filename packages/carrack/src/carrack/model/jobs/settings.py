"""How an app runs on AWS Batch, as the workspace says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

RETRIES = ("spot", "pull", "transient", "terminated")
"""What may be tried again; `retry_rules` says what each means."""


@dataclass(frozen=True, kw_only=True)
class JobSettings:
    """`[tool.carrack.apps.NAME.job]`.

    `command` is what comes after the image's ENTRYPOINT, and `parameters` are the defaults of its `Ref::` names.
    `secrets` are variables with the ARN of what each is filled with; `not_secret` are keys that only look as if they
    held a secret. `overflow` is an `s3://` prefix for parameters that are too long for a request.
    """

    definition: str
    queue: str | None = None
    vcpus: str = "1"
    memory: int = 2048
    gpus: int = 0
    timeout: int | None = None
    attempts: int = 3
    retry: tuple[str, ...] = ("pull", "transient")
    platform: str = "ec2"
    job_role: str | None = None
    execution_role: str | None = None
    command: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    not_secret: tuple[str, ...] = ()
    overflow: str | None = None
    log_group: str | None = None
    read_only_root: bool = False
    public_ip: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)

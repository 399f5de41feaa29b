"""AWS Batch's job definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from carrack.adapters.aws_errors import access_error
from carrack.adapters.aws_session import make_client, open_session, sign_in_command
from carrack.errors import IndexAccessError
from carrack.model.deployed import JobDefinition
from carrack.model.index import Index

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_BATCH"


class BatchJobDefinitions:
    """Implements `ports.JobDefinitions` for the account and region of `index`'s credentials.

    `endpoint` is an address other than AWS's own, one for trying.
    """

    def __init__(self, index: Index, *, endpoint: str | None = None, may_prompt: bool = False) -> None:
        self._index = replace(index, endpoint=endpoint)
        self._may_prompt = may_prompt

    def active(self) -> Iterator[JobDefinition]:
        """See `ports.JobDefinitions`. Raises IndexAccessError where Batch does not let us in."""
        session: Any = None
        try:
            session = open_session(self._index, may_prompt=self._may_prompt)
            client = make_client(session, "batch", self._index.endpoint)
            pages = client.get_paginator("describe_job_definitions").paginate(status="ACTIVE")
            for definition in (one for page in pages for one in page["jobDefinitions"]):
                name = f"{definition['jobDefinitionName']}:{definition['revision']}"
                for image in dict.fromkeys(_images(definition)):
                    yield JobDefinition(name=name, image=image)
        except (BotoCoreError, ClientError) as error:
            raise self._refusal(error, session) from error

    def _refusal(self, error: Exception, session: Any) -> IndexAccessError:
        told = access_error(self._index, error, lambda verb: sign_in_command(session, verb))
        told.address = f"AWS Batch, region {self._index.region}"
        told.hint = told.hint or "the credentials need batch:DescribeJobDefinitions"
        return told


def _images(told: Any) -> Iterator[str]:
    """Every image in a definition, in whichever of its forms: container, ECS tasks, EKS pods, nodes."""
    if isinstance(told, Mapping):
        for key, value in told.items():
            if key == "image" and isinstance(value, str):
                yield value
            else:
                yield from _images(value)
    elif isinstance(told, list):
        for value in told:
            yield from _images(value)

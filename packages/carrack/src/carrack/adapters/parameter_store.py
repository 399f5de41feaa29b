"""S3, where parameters are put that are too long for a request."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from carrack.adapters.aws_errors import access_error
from carrack.adapters.aws_session import make_client, open_session, sign_in_command
from carrack.errors import IndexAccessError
from carrack.model.index import Index
from carrack.model.jobs.ladder import Stored

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_S3"


class S3ParameterStore:
    """Implements `ports.ParameterStore` with `index`'s credentials."""

    def __init__(self, index: Index, *, endpoint: str | None = None, may_prompt: bool = False) -> None:
        self._index = replace(index, endpoint=endpoint)
        self._may_prompt = may_prompt

    def put(self, stored: Stored) -> None:
        """See `ports.ParameterStore`. S3 checks what arrives. Raises IndexAccessError where it refuses."""
        session: Any = None
        checksum = base64.b64encode(hashlib.sha256(stored.data).digest()).decode()
        try:
            session = open_session(self._index, may_prompt=self._may_prompt)
            s3 = make_client(session, "s3", self._index.endpoint)
            s3.put_object(Bucket=stored.bucket, Key=stored.key, Body=stored.data, ChecksumSHA256=checksum)
        except (BotoCoreError, ClientError) as error:
            raise self._refusal(stored, error, session) from error

    def _refusal(self, stored: Stored, error: Exception, session: Any) -> IndexAccessError:
        told = access_error(self._index, error, lambda verb: sign_in_command(session, verb))
        told.address, told.untouched = str(stored), "AWS Batch; no job was submitted"
        if isinstance(error, ClientError):
            told.hint = "the credentials need s3:PutObject there"
        return told

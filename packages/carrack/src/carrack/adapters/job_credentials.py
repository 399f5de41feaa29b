"""AWS credentials for a job of this machine, in place of the role that it would have on AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from carrack.adapters.aws_errors import access_error
from carrack.adapters.aws_session import open_session, sign_in_command
from carrack.errors import IndexAccessError
from carrack.model.index import Index

_ALSO = ("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE")
"""The beginnings of variables that say how AWS is reached from here."""


def credentials(index: Index, environ: Mapping[str, str], may_prompt: bool) -> dict[str, str]:
    """The variables with which boto3 acts as the index's profile does: short-lived where that assumes a role.

    Raises IndexAccessError where there are none.
    """
    session: Any = None
    try:
        session = open_session(index, may_prompt=may_prompt)
        found = session.get_credentials()
        frozen = found.get_frozen_credentials() if found else None
    except (BotoCoreError, ClientError) as error:
        raise access_error(index, error, lambda verb: sign_in_command(session, verb)) from error
    if frozen is None:
        raise IndexAccessError("there are no AWS credentials here to give to the job", address=index.name)
    told = {
        "AWS_ACCESS_KEY_ID": frozen.access_key,
        "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
        "AWS_SESSION_TOKEN": frozen.token,
        "AWS_REGION": index.region,
        "AWS_DEFAULT_REGION": index.region,
    }
    also = {name: value for name, value in environ.items() if name.startswith(_ALSO)}
    return {**also, **{name: value for name, value in told.items() if value}}

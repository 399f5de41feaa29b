"""What AWS Batch and CloudWatch Logs refuse, in one sentence each."""

from __future__ import annotations

from typing import Any

from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from carrack.adapters.aws_errors import THROTTLED, access_error
from carrack.adapters.aws_session import sign_in_command
from carrack.errors import CarrackError, DeniedError, JobError, StoppedError
from carrack.model.index import Index

_AMBIGUOUS = (
    aws.ReadTimeoutError,
    aws.ConnectionClosedError,
    aws.ResponseStreamingError,
    aws.IncompleteReadError,
    ResponseParserError,
)
"""What can be met after a request has arrived."""


def is_throttled(error: Exception) -> bool:
    """Whether the service did nothing, because it is asked too often."""
    if not isinstance(error, aws.ClientError):
        return False
    return _code(error).removesuffix("Exception") in THROTTLED or _status(error) == 429


def is_missing(error: Exception) -> bool:
    """Whether there is no such log."""
    return isinstance(error, aws.ClientError) and _code(error) == "ResourceNotFoundException"


def refusal(
    index: Index, place: str, error: Exception, session: Any, *, writing: bool = False
) -> CarrackError:
    """`error` as JobError where the request is refused, else as IndexAccessError; `session` is None before it is open.

    After a request that writes something it is StoppedError where that may have been carried out.
    """
    if writing and _may_have_arrived(error):
        return unknown(place, str(error).splitlines()[0])
    if isinstance(error, aws.ClientError) and _code(error) == "ClientException":
        return JobError(f"{error.operation_name} was refused: {_message(error)}", address=place)
    told = access_error(index, error, lambda verb: sign_in_command(session, verb))
    told.address = place
    if isinstance(told, DeniedError) and isinstance(error, aws.ClientError):
        service = "logs" if error.operation_name == "GetLogEvents" else "batch"
        told.hint = f"the credentials need {service}:{error.operation_name}"
    return told


def unknown(place: str, why: str) -> StoppedError:
    """The error of a request of which nobody knows whether it was carried out."""
    return StoppedError(
        f"nobody knows whether the request was carried out: {why}",
        address=place,
        untouched="it is not sent a second time",
        hint="run the same command again; it looks first",
    )


def _may_have_arrived(error: Exception) -> bool:
    if isinstance(error, aws.ClientError):
        return _status(error) >= 500 and not is_throttled(error)
    return isinstance(error, _AMBIGUOUS) or type(error) is aws.HTTPClientError


def _code(error: aws.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _status(error: aws.ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _message(error: aws.ClientError) -> str:
    said = str(error.response.get("Error", {}).get("Message") or "no reason was given")
    return said.splitlines()[0].rstrip(".")

"""What AWS refuses, in one sentence each: the only place that reads boto3's errors."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from carrack.adapters.trust import is_untrusted
from carrack.errors import DeniedError, IndexAccessError, UnavailableError
from carrack.model.index import Index

SignIn = Callable[[str], str]
"""Gives the command that signs in: `sign_in("sso login")` is `aws sso login --profile NAME`."""


class MissingError(IndexAccessError):
    """The service does not hold it. `kind` is the API's resourceType: `domain`, `repository`, `package`."""

    def __init__(self, message: str, *, kind: str, **where: str) -> None:
        super().__init__(message, **where)
        self.kind = kind


def access_error(index: Index, error: Exception, sign_in: SignIn) -> IndexAccessError:
    """`error`, one of botocore's, as a sentence about `index` with the next command."""
    if isinstance(error, aws.ClientError):
        return _refusal(index, error)
    if explain := _explanation(error):
        message, hint = explain(index, error, sign_in)
        passes = explain is _unreachable or isinstance(error, _GARBLED)
        return _error(index, message, hint, passes=passes)
    return _error(index, f"the AWS client failed: {_first_line(error)}", "")


def _error(index: Index, message: str, hint: str, *, passes: bool = False) -> IndexAccessError:
    kind = UnavailableError if passes else IndexAccessError
    return kind(message, address=f"index {index.name}", hint=hint)


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


# --- the client's own errors: nothing, or nothing useful, came back from the service ---

_GARBLED = (aws.IncompleteReadError, ResponseParserError)
"""Half an answer, or a page of something between us and the service."""

_Explain = Callable[[Index, Exception, SignIn], tuple[str, str]]


def _no_profile(index: Index, error: Exception, sign_in: SignIn) -> tuple[str, str]:
    said_in = f"pyproject.toml ([tool.carrack.indexes.{index.name}])" if index.profile else "AWS_PROFILE"
    name = index.profile or error.kwargs.get("profile", "?")  # type: ignore[attr-defined]
    return (
        f"there is no AWS profile {name!r} on this machine, and {said_in} names it",
        f"aws configure sso --profile {name}, or name one of: aws configure list-profiles",
    )


def _unreachable(index: Index, error: Exception, sign_in: SignIn) -> tuple[str, str]:
    if index.endpoint:
        return f"nothing answers at {index.endpoint}", "start that index, or correct its address"
    asked = urlsplit(error.kwargs.get("endpoint_url", ""))  # type: ignore[attr-defined]
    return (
        f"{asked.hostname or 'AWS'} cannot be reached ({type(error).__name__})",
        "check the region in pyproject.toml, the network, and HTTPS_PROXY / NO_PROXY",
    )


_NO_CREDENTIALS = (
    "no AWS credentials were found",
    "aws configure sso, then set AWS_PROFILE or the index's profile in pyproject.toml",
)
_SSO = "the AWS SSO login is missing or has expired"
_LOGIN = "the AWS login is missing or has expired"
_PROXY = ("the proxy cannot be reached", "check HTTPS_PROXY and NO_PROXY")
_AGAIN = "run the same command again"
_CA_HINT = "name your organisation's certificates in AWS_CA_BUNDLE"


def _explanation(error: Exception) -> _Explain | None:
    if isinstance(error, aws.SSLError) and not is_untrusted(error):
        return _unreachable
    return next((explain for kinds, explain in _CLIENT_SIDE if isinstance(error, kinds)), None)


_CLIENT_SIDE: tuple[tuple[type[Exception] | tuple[type[Exception], ...], _Explain], ...] = (
    (aws.ProfileNotFound, _no_profile),
    (aws.NoCredentialsError, lambda i, e, s: _NO_CREDENTIALS),
    (
        aws.PartialCredentialsError,
        lambda i, e, s: (
            f"the AWS credentials are incomplete: {_first_line(e)}",
            "complete them, or unset them",
        ),
    ),
    ((aws.SSOError, aws.TokenRetrievalError), lambda i, e, s: (_SSO, s("sso login"))),
    (aws.LoginError, lambda i, e, s: (_LOGIN, s("login"))),
    (
        aws.RefreshWithMFAUnsupportedError,
        lambda i, e, s: (
            "the role's session ended, and a new one needs an MFA code",
            "run the same command again",
        ),
    ),
    (
        (aws.CredentialRetrievalError, aws.MetadataRetrievalError, aws.InvalidConfigError),
        lambda i, e, s: (
            f"AWS credentials cannot be had: {_first_line(e)}",
            "check the profile in ~/.aws/config",
        ),
    ),
    (
        (aws.ConfigParseError, aws.ConfigNotFound),
        lambda i, e, s: (f"the AWS configuration cannot be read: {_first_line(e)}", "correct that file"),
    ),
    (
        (aws.InvalidRegionError, aws.BaseEndpointResolverError, aws.EndpointProviderError),
        lambda i, e, s: (f"{i.region!r} is not an AWS region", "correct region in pyproject.toml"),
    ),
    (aws.ProxyConnectionError, lambda i, e, s: _PROXY),
    (aws.SSLError, lambda i, e, s: (f"the server's certificate is not trusted: {_first_line(e)}", _CA_HINT)),
    ((aws.ConnectionError, aws.HTTPClientError), _unreachable),
    (aws.IncompleteReadError, lambda i, e, s: ("the service's answer broke off in its middle", _AGAIN)),
    (ResponseParserError, lambda i, e, s: ("the service's answer cannot be read", _AGAIN)),
)


# --- the service's refusals ---

_ASK_FOR = "ask the domain's administrators for that permission"
_SIGN_IN_AGAIN = "sign in to AWS again, or correct AWS_PROFILE or the index's profile"
_CLOCK = "set this machine's clock"
_LATER = "run the same command again in a minute"

THROTTLED = frozenset(
    {"Throttling", "Throttled", "RequestThrottled", "RequestLimitExceeded", "TooManyRequests"}
)
"""The codes of a service that did nothing, because it is asked too often; without `Exception` at their end."""

_REFUSALS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(THROTTLED, ("the service is asked too often: {message}", _LATER)),
    "ExpiredToken": ("the AWS credentials have expired", _SIGN_IN_AGAIN),
    "UnrecognizedClient": ("AWS does not know these credentials", _SIGN_IN_AGAIN),
    "InvalidClientTokenId": ("AWS does not know these credentials", _SIGN_IN_AGAIN),
    "InvalidSignature": ("AWS refuses these credentials: {message}", _SIGN_IN_AGAIN),
    "SignatureDoesNotMatch": ("AWS refuses these credentials: {message}", _SIGN_IN_AGAIN),
    "RequestTimeTooSkewed": ("this machine's clock is wrong: {message}", _CLOCK),
    "RequestExpired": ("this machine's clock is wrong: {message}", _CLOCK),
    "OptInRequired": (
        "the account has not enabled region {region}",
        "enable it, or correct region in pyproject.toml",
    ),
    "InternalServer": ("the service failed: {message}", _LATER),
    "Server": ("the service failed: {message}", _LATER),
    "ServiceUnavailable": ("the service failed: {message}", _LATER),
    "ServiceQuotaExceeded": ("a quota of the account is used up: {message}", "raise it in Service Quotas"),
}


def _refusal(index: Index, error: aws.ClientError) -> IndexAccessError:
    detail = error.response.get("Error", {})
    code, message = str(detail.get("Code", "")), _first_line(detail.get("Message") or "no reason was given")
    short = code.removesuffix("Exception")
    if short == "ResourceNotFound":
        return _missing(index, str(error.response.get("resourceType", "")), message)
    if short == "AccessDenied":
        return DeniedError(
            f"these credentials may not do that: {message}", address=f"index {index.name}", hint=_ASK_FOR
        )
    if "signature" in short.lower() and ("expired" in message or "not yet current" in message):
        short = "RequestTimeTooSkewed"
    sentence, hint = _REFUSALS.get(short) or _by_status(error)
    values = {"message": message, "code": code, "operation": error.operation_name, "region": index.region}
    return _error(index, sentence.format_map(values), hint, passes=hint == _LATER)


def _by_status(error: aws.ClientError) -> tuple[str, str]:
    """What a code that is not known means: a load balancer between has codes of its own, or none."""
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if status == 429:
        return _REFUSALS["TooManyRequests"]
    if status >= 500:
        return _REFUSALS["InternalServer"]
    return "{operation} was refused with {code}: {message}", ""


def _missing(index: Index, kind: str, message: str) -> MissingError:
    # The API names the kind in `resourceType`; where it is left out, the message's first word tells.
    kind = kind or message.partition(" ")[0].lower()
    if kind == "domain":
        message = f"there is no domain {index.domain} in account {index.owner}, region {index.region}"
    hint = f"carrack index create --to {index.name}" if kind in ("domain", "repository") else ""
    return MissingError(message, kind=kind, address=f"index {index.name}", hint=hint)

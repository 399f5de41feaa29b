"""AWS Signature Version 4, as the server sees it (AWS IAM User Guide, "Create a signed AWS API request")."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote

from codeartifact_local.protocol.errors import (
    IncompleteSignatureError,
    InvalidSignatureError,
    UnrecognizedClientError,
)

_ALGORITHM = "AWS4-HMAC-SHA256"
_SERVICE = "codeartifact"
_UNSIGNED = "UNSIGNED-PAYLOAD"
_SKEW = timedelta(minutes=5)
_PARAMETER = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")


@dataclass(frozen=True, kw_only=True)
class Key:
    """The one access key that may sign requests."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A request as it came: path and query still encoded, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes | None
    """None where the body streams in later; then the hash that the header claims is the operation's to check."""


@dataclass(frozen=True, kw_only=True)
class _Claim:
    credential: str
    signed_headers: str
    signature: str
    time: str
    lifetime: timedelta


def check_signature(request: Signed, key: Key, *, region: str, now: datetime) -> None:
    """Return when `request` is signed with `key`, in its header or, presigned, in its query.

    Raises:
        IncompleteSignatureError: parts of a signature are missing or malformed.
        UnrecognizedClientError: another access key signed it.
        InvalidSignatureError: the secret, the scope, the time or the request itself is another one.
    """
    claim = _claim(request)
    access_key_id, _, scope = claim.credential.partition("/")
    if not hmac.compare_digest(access_key_id.encode(), key.access_key_id.encode()):
        raise UnrecognizedClientError("The access key of this request's signature is not known here.")
    expected_scope = f"{claim.time[:8]}/{region}/{_SERVICE}/aws4_request"
    if scope != expected_scope:
        raise InvalidSignatureError(f"The credential must be scoped to {expected_scope}, not to {scope}.")
    _check_time(claim, now)
    text = f"{_ALGORITHM}\n{claim.time}\n{scope}\n{_sha256(_canonical(request, claim.signed_headers))}"
    if not hmac.compare_digest(_signature(key, scope, text).encode(), claim.signature.encode()):
        raise InvalidSignatureError(
            "The request signature that was calculated does not match the one that was sent;"
            " check the secret access key and the signing method."
        )


def _claim(request: Signed) -> _Claim:
    query = dict(parse_qsl(request.query))
    if "X-Amz-Algorithm" in query:
        found = {
            name: query.get(f"X-Amz-{name}", "") for name in ("Credential", "SignedHeaders", "Signature")
        }
        time, lifetime = query.get("X-Amz-Date", ""), query.get("X-Amz-Expires", "")
    else:
        found = dict(_PARAMETER.findall(request.headers.get("authorization", "")))
        time, lifetime = request.headers.get("x-amz-date", ""), "0"
    is_complete = len(found) == 3 and all(found.values()) and lifetime.isascii() and lifetime.isdigit()
    if not is_complete or not re.fullmatch(r"\d{8}T\d{6}Z", time, re.ASCII):
        raise IncompleteSignatureError(
            "A signature has Credential, SignedHeaders and Signature, and a time such as 20260102T030405Z in"
            " X-Amz-Date; a presigned one also X-Amz-Expires."
        )
    return _Claim(
        credential=found["Credential"],
        signed_headers=found["SignedHeaders"],
        signature=found["Signature"],
        time=time,
        lifetime=timedelta(seconds=min(int(lifetime), 604800)),
    )


def _check_time(claim: _Claim, now: datetime) -> None:
    try:
        signed = datetime.strptime(claim.time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise IncompleteSignatureError(f"{claim.time} is not a time.") from error
    if not signed - _SKEW <= now <= signed + claim.lifetime + _SKEW:
        raise InvalidSignatureError(
            f"Signature expired or not yet current: it is of {claim.time}, and now is {now:%Y%m%dT%H%M%SZ}."
        )


def _canonical(request: Signed, signed_headers: str) -> str:
    pairs = (pair.partition("=") for pair in request.query.split("&") if pair)
    kept = sorted((name, value) for name, _, value in pairs if name != "X-Amz-Signature")
    names = signed_headers.split(";")
    headers = [f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names]
    return "\n".join(
        (
            request.method,
            quote(request.path, safe="/~%"),
            "&".join(f"{name}={value}" for name, value in kept),
            "".join(headers),
            signed_headers,
            _payload_hash(request),
        )
    )


def _payload_hash(request: Signed) -> str:
    claimed = request.headers.get("x-amz-content-sha256")
    if request.body is None or claimed == _UNSIGNED:
        return claimed or _UNSIGNED
    return hashlib.sha256(request.body).hexdigest()


def _signature(key: Key, scope: str, text: str) -> str:
    signing = f"AWS4{key.secret_access_key}".encode()
    for part in scope.split("/"):
        signing = hmac.digest(signing, part.encode(), hashlib.sha256)
    return hmac.new(signing, text.encode(), hashlib.sha256).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

"""How a configuration travels in environment variables: as JSON, as gzip, or as an address in S3.

The side that submits a job and the job itself use this one module, so both mean the same by it. AWS Batch counts
8,192 characters of overrides, all variables together: JSON is written compactly, `CONFIG_JSON_GZ` is about a tenth
of it, and an address pinned by its SHA-256 is short whatever it leads to.
"""

import base64
import binascii
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

CONFIG_JSON: Final = "CONFIG_JSON"
"""The variable that holds the JSON object, or `s3://bucket/key#sha256=…`."""

CONFIG_JSON_GZ: Final = "CONFIG_JSON_GZ"
"""The variable that holds the JSON object in UTF-8, compressed by gzip, in base64."""

MAX_BYTES: Final = 16 * 1024 * 1024
"""A configuration is not larger than this, however small it travels."""

_ADDRESS = re.compile(r"s3://(?P<bucket>[^/#\s]+)/(?P<key>[^#]+)(?:#sha256=(?P<sha256>[0-9a-f]{64}))?")
_UNKNOWN_SYSTEM = b"\xff"  # RFC 1952, section 2.3.1


class TransportError(ValueError):
    """What was received is not what the form promises; the message says why and quotes nothing of it."""


@dataclass(frozen=True, kw_only=True)
class S3Address:
    """`s3://bucket/key`, and the SHA-256 that its content must have, where one is pinned."""

    bucket: str
    key: str
    sha256: str | None = None

    @classmethod
    def parse(cls, text: str) -> "S3Address":
        """Read `s3://bucket/key`, with or without `#sha256=` and 64 lower-case hexadecimal digits.

        Raises TransportError for anything else.
        """
        if found := _ADDRESS.fullmatch(text):
            return cls(**found.groupdict())
        raise TransportError("is not s3://bucket/key or s3://bucket/key#sha256=<64 hexadecimal digits>")

    def __str__(self) -> str:
        """Give the text that `parse` reads."""
        return f"s3://{self.bucket}/{self.key}" + (f"#sha256={self.sha256}" if self.sha256 else "")

    def checked(self, data: bytes) -> bytes:
        """Give what was found at this address back.

        Raises TransportError where it has another SHA-256 than is pinned.
        """
        if self.sha256 is not None and hashlib.sha256(data).hexdigest() != self.sha256:
            raise TransportError("has another SHA-256 than the address says: it was changed since")
        return data


def compact(document: Mapping[str, Any]) -> str:
    """Write a JSON object in the fewest characters: no white space, and other scripts as they are.

    Raises ValueError for NaN and infinities, which are not JSON, and TypeError for what JSON has no kind for.
    """
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def inline(document: Mapping[str, Any]) -> dict[str, str]:
    """Give the variable that holds a JSON object as it is."""
    return {CONFIG_JSON: compact(document)}


def zipped(document: Mapping[str, Any]) -> dict[str, str]:
    """Give the variable that holds a JSON object compressed; the same object gives the same text."""
    packed = gzip.compress(compact(document).encode(), mtime=0)
    same_everywhere = packed[:9] + _UNKNOWN_SYSTEM + packed[10:]
    return {CONFIG_JSON_GZ: base64.b64encode(same_everywhere).decode("ascii")}


def stored(document: Mapping[str, Any], *, bucket: str, prefix: str = "") -> tuple[S3Address, bytes]:
    """Give the bytes to put into S3 and where: `<prefix><sha256>.json`, the hash pinned in the address."""
    data = compact(document).encode()
    sha256 = hashlib.sha256(data).hexdigest()
    return S3Address(bucket=bucket, key=f"{prefix}{sha256}.json", sha256=sha256), data


def pointing(address: S3Address) -> dict[str, str]:
    """Give the variable that holds the address of a JSON object in S3.

    Raises ValueError where no hash is pinned: the job would not read it.
    """
    if address.sha256 is None:
        raise ValueError(f"{address}: has no #sha256=, and a job reads none without")
    return {CONFIG_JSON: str(address)}


def unzipped(text: str) -> bytes:
    """Give the bytes that `CONFIG_JSON_GZ` holds.

    Raises TransportError where the text is not base64 of one whole gzip member, or unpacks to more than `MAX_BYTES`.
    """
    try:
        packed = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise TransportError("is not base64") from None
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        data = unpacking.decompress(packed, MAX_BYTES + 1)
    except zlib.error:
        raise TransportError("is not gzip, or was damaged on the way") from None
    if len(data) > MAX_BYTES:
        raise TransportError(f"unpacks to more than {MAX_BYTES // 1024**2} MiB")
    if not unpacking.eof or unpacking.unused_data:
        raise TransportError("is not one whole gzip member")
    return data

"""Where jobs fetch wheels from when they start: a bucket or a folder."""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from carrack.adapters.hashing import describe
from carrack.errors import IndexAccessError, UsageError


class WritableStore:
    """Implements `ports.RuntimeStore` for s3:// and file:// addresses.

    Credentials for S3 are those of `profile`, else of boto3's own chain; `region` is the index's.
    """

    def __init__(self, *, profile: str | None, region: str) -> None:
        self._profile, self._region = profile, region

    def has(self, address: str) -> bool:
        """See `ports.RuntimeStore`. Raises IndexAccessError where S3 does not answer."""
        place = urlsplit(address)
        if place.scheme == "file":
            return Path(unquote(place.path)).is_file()
        _require_s3(address)
        try:
            self._s3.head_object(Bucket=place.netloc, Key=place.path.lstrip("/"))
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise _denied(address, error) from None
        except BotoCoreError as error:
            raise _denied(address, error) from None
        return True

    def put(self, wheel: Path, address: str) -> None:
        """See `ports.RuntimeStore`. S3 checks the bytes by their sha256. Raises IndexAccessError where it refuses."""
        place = urlsplit(address)
        if place.scheme == "file":
            _put(wheel, Path(unquote(place.path)))
            return
        _require_s3(address)
        checksum = base64.b64encode(bytes.fromhex(describe(wheel).sha256)).decode()
        try:
            with wheel.open("rb") as body:
                self._s3.put_object(
                    Bucket=place.netloc, Key=place.path.lstrip("/"), Body=body, ChecksumSHA256=checksum
                )
        except (ClientError, BotoCoreError) as error:
            raise _denied(address, error) from None

    @cached_property
    def _s3(self) -> Any:
        import boto3

        return boto3.Session(profile_name=self._profile, region_name=self._region).client("s3")


def _put(wheel: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=target.parent)
    with open(number, "wb") as beside, wheel.open("rb") as source:
        shutil.copyfileobj(source, beside)
    Path(name).chmod(0o644)  # jobs run as somebody else
    os.replace(name, target)


def _require_s3(address: str) -> None:
    if not address.startswith("s3://"):
        raise UsageError(
            "nobody can write there with Carrack; it writes to s3:// and file://",
            address=address,
            hint="run it with --into FOLDER, and bring that folder's files there",
        )


def _denied(address: str, error: Exception) -> IndexAccessError:
    return IndexAccessError(
        f"S3 does not let us in: {error}",
        address=address,
        done="the wheels in the lines above are there",
        hint="the credentials need s3:GetObject, s3:ListBucket and s3:PutObject there; then run the same command again",
    )

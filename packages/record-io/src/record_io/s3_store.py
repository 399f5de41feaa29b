"""A prefix in an S3 bucket, through Arrow's own client: it is in pyarrow, so nothing more has to be installed."""

import ctypes
import io
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.fs as pa_fs

from record_io.errors import AccessDeniedError, MissingInputError, RecordIOError, UnavailableError
from record_io.stores import S3, Stored

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_ATTEMPTS: Final = 5  # the SDK waits longer before each, with jitter
_AT_ONCE: Final = 8 << 20  # bytes that a request reads
_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")  # as AWS SDKs have them; Arrow does not look
_ERROR: Final = re.compile(
    r"AWS Error (?:UNKNOWN \(HTTP status (\d+)\)|(\w+)).*?: (.*?)(?: \(Request ID: .*)?$", re.S
)
_LATER: Final = ("ExpiredToken", "RequestTimeTooSkewed")
_DENIED: Final = ("ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH", "401", "403")


class NoSuchObjectError(MissingInputError):
    """The bucket does not have it."""


class S3Store:
    """Objects are whole by S3's own promise: a PUT or a multipart upload shows all of an object, or nothing.

    Credentials, region and endpoint are those of the AWS SDKs: the job's role, `AWS_REGION`, `AWS_ENDPOINT_URL`.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._root = self.address.removeprefix(S3)
        endpoint = next(filter(None, map(os.environ.get, _ENDPOINTS)), None)
        self._fs = pa_fs.S3FileSystem(
            endpoint_override=endpoint,
            retry_strategy=pa_fs.AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
            background_writes=False,
        )

    def holds(self, address: str) -> bool:
        """Compare the addresses."""
        return f"{address}/".startswith(f"{self.address}/")

    def files(self, below: str = "", *, without: tuple[str, ...] = ()) -> Iterator[Stored]:
        """Yield every object, wherever it is; keys that end in `/` are nobody's files."""
        selector = pa_fs.FileSelector(self._path(below), recursive=True, allow_not_found=True)
        with _told(f"{self.address}/{below}"):
            found = self._fs.get_file_info(selector)
        for one in found:
            if one.type == pa_fs.FileType.File:
                yield self._stored(one)

    def file(self, name: str) -> Stored | None:
        """Return what is known of an object."""
        with _told(self._address(name)):
            found = self._fs.get_file_info(self._path(name))
        return self._stored(found) if found.type == pa_fs.FileType.File else None

    def names(self) -> list[str]:
        """Return the names that stand directly below the prefix."""
        try:
            with _told(self.address):
                found = self._fs.get_file_info(pa_fs.FileSelector(self._root))
        except NoSuchObjectError:  # a bucket that is not there is another matter
            return []
        return [one.base_name for one in found]

    def open(self, name: str) -> io.BufferedReader:
        """Open an object."""
        with _told(self._address(name)):
            stream = self._fs.open_input_file(self._path(name))
        return io.BufferedReader(_Raw(stream, self._address(name)), _AT_ONCE)

    def read(self, name: str) -> bytes | None:
        """Return an object's bytes, if it is there."""
        try:
            with self.open(name) as file:
                return file.read()
        except NoSuchObjectError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """Put an object."""
        with self._whole(name) as target:
            target.write(data)

    def take(self, name: str, file: Path) -> None:
        """Put a file of this machine as an object, and remove the file."""
        with file.open("rb") as source, self._whole(name) as target:
            shutil.copyfileobj(source, target, _AT_ONCE)
        file.unlink()

    def here(self, name: str, scratch: Path) -> Path:
        """Fetch an object once."""
        path = scratch / name.replace("/", "_")
        if not path.exists():
            new = path.with_name(f"{path.name}.new")
            with self.open(name) as source, new.open("wb") as target:
                shutil.copyfileobj(source, target, _AT_ONCE)
            os.replace(new, path)
        return path

    def remove(self, name: str) -> None:
        """Delete an object, or everything below a prefix."""
        with _told(self._address(name)):
            kind = self._fs.get_file_info(self._path(name)).type
            if kind == pa_fs.FileType.Directory:
                self._fs.delete_dir(self._path(name))
            elif kind == pa_fs.FileType.File:
                self._fs.delete_file(self._path(name))

    @contextmanager
    def _whole(self, name: str) -> Iterator[pa.NativeFile]:
        """Give a stream whose object is there when all of it was written, and never after an error.

        pyarrow has no way to give an upload up: closing a stream completes it with the parts that S3 has, and so does
        freeing it. So one that failed is never freed, and its parts stay hidden, as if the process had been killed.
        """
        with _told(self._address(name)):
            stream = self._fs.open_output_stream(self._path(name))
            try:
                yield stream
                stream.close()
            except BaseException:
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(stream))  # lists are cleared when Python ends
                raise

    def _stored(self, found: pa_fs.FileInfo) -> Stored:
        name = found.path.removeprefix(f"{self._root}/")
        return Stored(name=name, size=found.size, changed=found.mtime_ns or 0)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def _address(self, name: str) -> str:
        return f"{self.address}/{name}"


class _Raw(io.RawIOBase):
    """An object's bytes, with the errors of this package."""

    def __init__(self, file: pa.NativeFile, address: str) -> None:
        self._file, self._address = file, address

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, buffer: "WriteableBuffer") -> int:
        with _told(self._address):
            return int(self._file.readinto(buffer))

    def close(self) -> None:
        self._file.close()
        super().close()


@contextmanager
def _told(address: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NoSuchObjectError(f"{address}: there is no such object") from error
    except OSError as error:
        if error.errno is not None:  # this machine's, not S3's
            raise
        raise _refusal(address, str(error)) from error


def _refusal(address: str, said: str) -> RecordIOError:
    """Return the error by what S3 said; Arrow leaves nothing of it but its text."""
    found = _ERROR.search(said)
    code = (found[1] or found[2]) if found else ""
    reason = found[3].strip() if found else said
    if code == "NO_SUCH_BUCKET":
        return MissingInputError(f"{address}: there is no such bucket")
    if code in _DENIED and not any(word in reason for word in _LATER):
        return AccessDeniedError(f"{address}: S3 denied access ({code}): {reason}")
    return UnavailableError(f"{address}: S3 failed, after {_ATTEMPTS} attempts ({code}): {reason}")

"""Reads an upload form: fields into memory, within a limit; the file straight to the disk."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from codeartifact_local.pypi.errors import PypiError
from codeartifact_local.store.blobs import Incoming

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_MAX_FIELDS_BYTES = 8 * 1024**2
_MAX_PARTS = 4096
_WRITE_BYTES = 1024**2


class UploadForm:
    """The parts of one multipart body, as the parser meets them; the parts beside them are passed over."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.filename: str | None = None
        self.content = bytearray()
        """Bytes of the file that were not taken yet."""
        self.complete = False
        self._parts = self._field_bytes = 0
        self._header = bytearray()
        self._header_value = bytearray()
        self._disposition = b""
        self._name = ""
        self._value: bytearray | None = None

    def callbacks(self) -> "MultipartCallbacks":
        """Return what the parser calls."""
        return {
            "on_part_begin": self._on_part_begin,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_end": self._on_end,
        }

    def _on_part_begin(self) -> None:
        self._parts += 1
        self._disposition = b""
        if self._parts > _MAX_PARTS:
            raise PypiError(400, f"The upload form has more than {_MAX_PARTS} parts.")

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._header_value)
        self._header, self._header_value = bytearray(), bytearray()

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        filename = options.get(b"filename")
        self._value = None if filename is not None else bytearray()
        if self._name == "content" and filename is not None:
            if self.filename is not None:
                raise PypiError(400, "The upload form has more than one file under content.")
            self.filename = filename.decode("utf-8", "replace")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._value is not None:
            self._field_bytes += end - start
            if self._field_bytes > _MAX_FIELDS_BYTES:
                raise PypiError(413, "The fields of the upload form are larger than 8 MiB.")
            self._value += data[start:end]
        elif self._name == "content":
            self.content += data[start:end]

    def _on_part_end(self) -> None:
        if self._value is not None:
            # The first of several values counts; no field that is read here may be repeated.
            self.fields.setdefault(self._name, self._value.decode("utf-8", "replace"))

    def _on_end(self) -> None:
        self.complete = True


async def receive_form(
    request: Request, incoming: Incoming, *, max_bytes: int, stalled_seconds: float, seconds: float
) -> UploadForm:
    """Return the form of an upload whose file was written to `incoming`.

    Raises:
        PypiError: 400 malformed or cut short, 408 stalled or longer than `seconds`, 413 larger than `max_bytes`.
    """
    form = UploadForm()
    parser = MultipartParser(_boundary(request), form.callbacks())
    try:
        async with asyncio.timeout(seconds):
            async for chunk in _unstalled(request.stream(), stalled_seconds):
                parser.write(chunk)
                if len(form.content) >= _WRITE_BYTES:
                    await _write(form, incoming, max_bytes)
    except TimeoutError as error:
        raise PypiError(408, f"The upload took longer than {seconds:g} seconds.") from error
    except FormParserError as error:
        raise PypiError(400, "The upload is not a well-formed multipart form.") from error
    except ClientDisconnect as error:
        raise PypiError(400, "The upload was cut short.") from error
    await _write(form, incoming, max_bytes)
    if not form.complete:
        raise PypiError(400, "The upload was cut short: the multipart form has no end.")
    return form


async def _write(form: UploadForm, incoming: Incoming, max_bytes: int) -> None:
    taken, form.content = form.content, bytearray()
    if incoming.size + len(taken) > max_bytes:
        raise PypiError(413, f"The file is larger than {max_bytes} bytes, the most that one asset may have.")
    await run_in_threadpool(incoming.write, bytes(taken))


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 1 <= len(boundary) <= 70:  # RFC 2046, section 5.1.1
        raise PypiError(400, "An upload is a POST of multipart/form-data with a boundary.")
    return boundary


async def _unstalled(chunks: AsyncIterator[bytes], seconds: float) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(seconds):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise PypiError(408, f"The upload stalled: nothing came for {seconds:g} seconds.") from error
        yield chunk

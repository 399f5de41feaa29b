"""What is fuzzed: the whole way of an upload's bytes, from the multipart body to the checked distribution."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from starlette.requests import Request

from codeartifact_local.pypi import upload
from codeartifact_local.pypi.errors import PypiError
from codeartifact_local.pypi.form import UploadForm, receive_form
from codeartifact_local.store.blobs import Incoming

BOUNDARY = b"b"
MOST_BYTES = 64 * 1024


async def received(chunks: Iterable[bytes], incoming: Incoming, boundary: bytes = BOUNDARY) -> UploadForm:
    """Return the form of a body that arrives in `chunks`, with its file in `incoming`."""
    rest = [*chunks, b""]

    async def receive() -> dict[str, Any]:
        chunk = rest.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(rest)}

    scope = {
        "type": "http",
        "method": "POST",
        "headers": [(b"content-type", b"multipart/form-data; boundary=" + boundary)],
    }
    return await receive_form(
        Request(scope, receive), incoming, max_bytes=MOST_BYTES, stalled_seconds=60, seconds=60
    )


def form_of(chunks: Iterable[bytes], folder: Path) -> tuple[UploadForm, bytes]:
    """Return the form of a body and the bytes of its file."""
    path = folder / "incoming"
    with path.open("wb", buffering=0) as file:
        form = asyncio.run(received(chunks, Incoming(path, file, durable=False)))
    return form, path.read_bytes()


def upload_once(body: bytes, folder: Path) -> str:
    """Take a body as the endpoint does, and return "taken" or the sentence of the refusal.

    Anything but a `PypiError` is a bug, and comes through.
    """
    path = folder / "incoming"
    try:
        with path.open("wb", buffering=0) as file:
            incoming = Incoming(path, file, durable=False)
            form = asyncio.run(received([body[:7], body[7:]], incoming))
            upload._inspect(form, incoming)
    except PypiError as error:
        return str(error)
    return "taken"


def body_of(fields: dict[str, str], filename: str, content: bytes) -> bytes:
    """Return a multipart body, as twine would send it."""
    parts = [
        b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value.encode())
        for name, value in fields.items()
    ]
    parts.append(
        b'--b\r\nContent-Disposition: form-data; name="content"; filename="%s"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n%s\r\n" % (filename.encode(), content)
    )
    return b"".join(parts) + b"--b--\r\n"


def fuzz_one(data: bytes) -> None:
    """Run one input; a fuzzer calls this."""
    with tempfile.TemporaryDirectory() as folder:
        upload_once(data, Path(folder))

"""Takes an upload: twine's form, ``:action=file_upload``."""

import hashlib
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from codeartifact_local.archives import ArchiveError, description, read_metadata
from codeartifact_local.naming import (
    Distribution,
    DistributionNameError,
    parse_distribution,
    parse_project,
    parse_version,
)
from codeartifact_local.pypi.address import Address
from codeartifact_local.pypi.errors import PypiError
from codeartifact_local.pypi.form import UploadForm, receive_form
from codeartifact_local.pypi.publishing import Upload, publish
from codeartifact_local.service import Service
from codeartifact_local.store.blobs import Digests, Incoming


async def upload(service: Service, address: Address, request: Request) -> Response:
    """Answer an upload; when that is a success, the file is on the disk and on the index page.

    Raises:
        PypiError: 400 not an upload of a distribution, 408 stalled, 413 too large, and as `publish`.
    """
    with service.blobs.incoming() as incoming:
        form = await receive_form(
            request,
            incoming,
            max_bytes=service.settings.max_asset_bytes,
            stalled_seconds=service.settings.stalled_upload_seconds,
            seconds=service.settings.upload_seconds,
        )
        received = await run_in_threadpool(_inspect, form, incoming)
        await publish(service, address, received, incoming)
    return Response(status_code=200)


def _inspect(form: UploadForm, incoming: Incoming) -> Upload:
    try:
        distribution = _distribution(form)
        digests = incoming.digests()
        _check_sent_digests(form, incoming.path, digests)
        metadata = read_metadata(incoming.path, distribution)
    except (DistributionNameError, ArchiveError) as error:
        raise PypiError(400, f"{error}.") from error
    incoming.sync()
    return Upload(
        distribution=distribution,
        requires_python=metadata.get("requires_python"),
        metadata=description(metadata),
        digests=digests,
    )


def _distribution(form: UploadForm) -> Distribution:
    fields = form.fields
    if fields.get(":action") != "file_upload" or fields.get("protocol_version", "1") != "1":
        raise PypiError(400, "The form is not an upload (:action=file_upload, protocol_version=1).")
    if missing := [name for name in ("name", "version") if not fields.get(name)]:
        raise PypiError(400, f"The upload form lacks {' and '.join(missing)}.")
    if not form.filename:
        raise PypiError(400, "The upload form lacks content, the file itself.")
    distribution = parse_distribution(form.filename)
    name, version = parse_project(fields["name"]), parse_version(fields["version"])
    if (name, version) != (distribution.name, distribution.version):
        raise PypiError(
            400, f"{distribution.filename} is not a file of {name} {version}, which the form names."
        )
    return distribution


def _check_sent_digests(form: UploadForm, path: Path, digests: Digests) -> None:
    known = {"md5_digest": digests.md5, "sha256_digest": digests.sha256}
    if "blake2_256_digest" in form.fields:
        with path.open("rb") as file:
            blake2 = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=32))
        known["blake2_256_digest"] = blake2.hexdigest()
    for field, value in known.items():
        sent = form.fields.get(field)
        if sent and sent.lower() != value:
            raise PypiError(
                400, f"The file that arrived has {field} {value}, not the {sent[:128]!r} of the form."
            )

"""A registry's own HTTP API (OCI distribution specification): what is under a tag, and lists of images."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import requests
from urllib3.util import Retry

from carrack.adapters.layers import MISSING, member
from carrack.adapters.pip_settings import PipSettings
from carrack.adapters.probe import reason
from carrack.adapters.registry_errors import first_error, refusal
from carrack.adapters.retry import RETRIED
from carrack.adapters.session import signed_in_session
from carrack.errors import IndexAccessError
from carrack.model.registry import LIST_TYPE, Login, Manifest, Repository, listed

_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    LIST_TYPE,
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_TIMEOUT_SECONDS = (10, 60)
_SMALL = 16_000_000
"""In bytes: what Carrack puts into an image is in a layer of some kilobytes."""
_RETRY = Retry(total=4, backoff_factor=0.5, status_forcelist=RETRIED, raise_on_status=False)


class HttpRegistry:
    """Implements `ports.Registry` for one repository.

    Every method raises IndexAccessError where the registry does not answer or does not let us in, and NotReadyError
    where it has no such repository.
    """

    def __init__(self, repository: Repository, login: Login, settings: PipSettings | None = None) -> None:
        self._repository = repository
        self._root = f"{login.url}/v2/{repository.name}"
        credentials = (login.username, login.password)
        self._session = signed_in_session(login.url, credentials, settings, _RETRY)

    def manifest(self, reference: str) -> Manifest | None:
        """See `ports.Registry`. The digest is that of the bytes that came, which the registry's own must equal.

        So must `reference`, where it is a digest.
        """
        answer = self._ask("GET", f"manifests/{reference}", headers={"Accept": ", ".join(_MANIFESTS)})
        if answer is None:
            return None
        body = answer.content
        self._proven(body, reference if reference.startswith("sha256:") else None, reference)
        digest = self._proven(body, answer.headers.get("Docker-Content-Digest"), reference)
        told = self._json(body, reference)
        return Manifest(
            digest=digest,
            media_type=answer.headers.get("Content-Type", ""),
            size=len(body),
            config=(told.get("config") or {}).get("digest"),
            layers=tuple((layer["digest"], layer["size"]) for layer in told.get("layers", ())),
            images={_platform(one): one["digest"] for one in told.get("manifests", ())},
        )

    def images(self, manifest: Manifest) -> Mapping[str, Manifest]:
        """See `ports.Registry`. What is in a list beside images, as BuildKit's attestations are, is left out."""
        if not manifest.images:
            return {"": manifest}
        found = {platform: self.manifest(digest) for platform, digest in manifest.images.items()}
        return {platform: image for platform, image in found.items() if image and "unknown" not in platform}

    def labels(self, manifest: Manifest) -> Mapping[str, str]:
        """See `ports.Registry`."""
        answer = self._ask("GET", f"blobs/{manifest.config}") if manifest.config else None
        if answer is None:
            return {}
        self._proven(answer.content, manifest.config, str(manifest.config))
        return (self._json(answer.content, str(manifest.config)).get("config") or {}).get("Labels") or {}

    def read(self, manifest: Manifest, path: PurePosixPath) -> bytes | None:
        """See `ports.Registry`. The last layer with the file counts; those of more than 16 MB are not looked into."""
        for digest, size in reversed(manifest.layers):
            if size > _SMALL or (answer := self._ask("GET", f"blobs/{digest}")) is None:
                continue
            self._proven(answer.content, digest, digest)
            found = member(answer.content, path)
            if found is not MISSING:
                return found
        return None

    def put_list(self, tag: str, images: Sequence[tuple[str, Manifest]]) -> Manifest:
        """See `ports.Registry`. Raises PublishedDiffersError where the tag is another's and cannot be moved."""
        body = json.dumps(listed(images), indent=1).encode()
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        there = self.manifest(tag)
        if there is None or there.digest != digest:
            self._ask("PUT", f"manifests/{tag}", data=body, headers={"Content-Type": LIST_TYPE})
            there = self.manifest(tag)
        if there is None or there.digest != digest:
            raise self._strange(tag, "it does not have what was put there")
        return there

    def _ask(self, method: str, path: str, **request: Any) -> requests.Response | None:
        """The answer; None where the repository has no such thing."""
        try:
            answer = self._session.request(
                method, f"{self._root}/{path}", timeout=_TIMEOUT_SECONDS, **request
            )
        except requests.RequestException as error:
            raise IndexAccessError(
                f"the registry cannot be reached: {reason(error)}",
                address=str(self._repository),
                hint="check the network, HTTPS_PROXY / NO_PROXY, and REQUESTS_CA_BUNDLE; then run the same "
                "command again",
            ) from None
        if answer.ok:
            return answer
        if answer.status_code == 404 and method == "GET" and first_error(answer)[0] != "NAME_UNKNOWN":
            return None
        raise refusal(self._repository, answer, path.rpartition("/")[2])

    def _proven(self, body: bytes, told: str | None, what: str) -> str:
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        if told is not None and told != digest:
            raise self._strange(what, f"what came has the digest {digest}, and {told} was told")
        return digest

    def _json(self, body: bytes, what: str) -> dict[str, Any]:
        try:
            told = json.loads(body)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise self._strange(what, "what came is not JSON")
        return told

    def _strange(self, what: str, why: str) -> IndexAccessError:
        return IndexAccessError(
            f"the registry does not answer as it should about {what}: {why}",
            address=str(self._repository),
            hint="run the same command again",
        )


def _platform(told: Mapping[str, Any]) -> str:
    platform = told.get("platform", {})
    return "/".join(filter(None, (platform.get("os"), platform.get("architecture"), platform.get("variant"))))

"""A registry's own HTTP API (OCI distribution specification): what is under a tag, and lists of images."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import requests
from urllib3.util import Retry

from carrack.adapters.pip_settings import PipSettings
from carrack.adapters.probe import reason
from carrack.adapters.retry import RETRIED
from carrack.adapters.session import signed_in_session
from carrack.errors import CarrackError, DeniedError, IndexAccessError, NotReadyError, PublishedDiffersError
from carrack.model.registry import LIST_TYPE, Login, Manifest, Repository, listed

_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    LIST_TYPE,
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_NEEDED = "ecr:BatchGetImage and ecr:GetDownloadUrlForLayer"
_TIMEOUT_SECONDS = (10, 60)
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
        """See `ports.Registry`. The digest is that of the bytes that came, which the registry's own must equal."""
        answer = self._ask("GET", f"manifests/{reference}", headers={"Accept": ", ".join(_MANIFESTS)})
        if answer is None:
            return None
        body = answer.content
        digest = self._proven(body, answer.headers.get("Docker-Content-Digest"), reference)
        told = self._json(body, reference)
        return Manifest(
            digest=digest,
            media_type=answer.headers.get("Content-Type", ""),
            size=len(body),
            config=told.get("config", {}).get("digest"),
        )

    def labels(self, manifest: Manifest) -> Mapping[str, str]:
        """See `ports.Registry`."""
        answer = self._ask("GET", f"blobs/{manifest.config}") if manifest.config else None
        if answer is None:
            return {}
        self._proven(answer.content, manifest.config, str(manifest.config))
        return (self._json(answer.content, str(manifest.config)).get("config") or {}).get("Labels") or {}

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
        code, said = _first_error(answer)
        if answer.status_code == 404 and code != "NAME_UNKNOWN" and method == "GET":
            return None
        raise self._refusal(answer.status_code, code, said, path)

    def _refusal(self, status: int, code: str, said: str, path: str) -> CarrackError:
        address = str(self._repository)
        if code == "NAME_UNKNOWN":
            return missing(self._repository)
        if "immutable" in said:
            return immutable(self._repository, path.rpartition("/")[2])
        if status == 401:
            return IndexAccessError(
                f"the registry refused the login: {said}",
                address=address,
                hint="see that the repository's account and region are right; then run the same command again",
            )
        if status == 403:
            return DeniedError(
                f"these credentials may not do that: {said}", address=address, hint=f"they need {_NEEDED}"
            )
        return IndexAccessError(
            f"the registry answers {status}: {said}", address=address, hint="run the same command again"
        )

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


def missing(repository: Repository) -> NotReadyError:
    """What is said where there is no such repository."""
    return NotReadyError(
        f"account {repository.account} has no such repository in region {repository.region}",
        address=str(repository),
        untouched="everything; nothing was pushed",
        hint=f"with credentials of that account: aws ecr create-repository --region {repository.region} "
        f"--repository-name {repository.name} --image-tag-mutability IMMUTABLE",
    )


def immutable(repository: Repository, tag: str) -> PublishedDiffersError:
    """What is said where a tag is another image's for ever."""
    return PublishedDiffersError(
        f"the tag {tag} is another image's, and this repository's tags cannot be moved",
        address=str(repository),
        untouched=f"what the tag {tag} means",
        hint="say another --tag, or none: then the image's own id is its tag",
    )


def _first_error(answer: requests.Response) -> tuple[str, str]:
    """Code and words of a registry's refusal; of anything else its reason."""
    try:
        error = answer.json()["errors"][0]
        return str(error["code"]), str(error.get("message") or error["code"]).strip()
    except (ValueError, LookupError, TypeError):
        return "", answer.reason

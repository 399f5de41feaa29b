"""A registry with images that `carrack image build` might have made: a configuration, and a layer with a manifest."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.version import Version
from tests.carrack.fakes import name
from tests.carrack.web import Answer, Asked
from tests.docker.registry import token_answer

from carrack.adapters.manifest_file import format_manifest
from carrack.model.image_manifest import PLACE, Distribution, Manifest, Wheel, labels


def digest_of(body: bytes) -> str:
    """As registries call it."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def layer(files: Mapping[str, str]) -> bytes:
    """A layer with these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def manifest(commit: str, **versions: str) -> Manifest:
    """Of an image built from `commit`, with these distributions, the first of them made from a commit of its own."""
    found = [
        Distribution(
            name=name(one),
            version=Version(version),
            source="index",
            folder="",
            wheels=(Wheel(name=f"{one}-{version}-py3-none-any.whl", sha256=f"{place}" * 64),),
            commit="c" * 40 if place == 0 else None,
            tag=f"{one}-v{version}" if place == 0 else None,
        )
        for place, (one, version) in enumerate(versions.items())
    ]
    return Manifest(
        app="job",
        version="1.0",
        commit=commit,
        dirty=False,
        lock="sha256:1",
        receipt="sha256:2",
        base=None,
        base_id=None,
        platform="linux/amd64",
        distributions=tuple(found),
    )


@dataclass
class Pushed:
    """ECR: its API, and a registry of one repository, as a server answers for both."""

    repository: str = "team/job"
    bodies: dict[str, bytes] = field(default_factory=dict)

    def image(self, said: Manifest | None, *, other: str | None = None) -> str:
        """Have an image that says this of itself, or nothing; with `other` text in its manifest's place. Its digest."""
        text = format_manifest(said) if said else ""
        told: dict[str, Any] = {"config": {"Labels": labels(said, text) if said else None}}
        content = layer({str(PLACE).lstrip("/"): other or text} if said else {"etc/x": str(len(self.bodies))})
        parts = {"config": json.dumps(told).encode(), "layer": content}
        for body in parts.values():
            self.bodies[f"blobs/{digest_of(body)}"] = body
        entry = {"digest": digest_of(content), "size": len(content)}
        return self._put({"config": {"digest": digest_of(parts["config"])}, "layers": [entry]})

    def list_of(self, images: Mapping[str, str]) -> str:
        """Have a list of images by machine; its digest."""
        entries = [
            {"digest": digest, "platform": {"os": "linux", "architecture": machine}}
            for machine, digest in images.items()
        ]
        return self._put({"manifests": entries})

    def _put(self, told: Mapping[str, Any]) -> str:
        body = json.dumps(told).encode()
        self.bodies[f"manifests/{digest_of(body)}"] = body
        return digest_of(body)

    def __call__(self, asked: Asked) -> Answer:
        """Answer GetAuthorizationToken with itself as the registry, and what the registry is asked."""
        if "X-Amz-Target" in asked.headers:
            (account,) = json.loads(asked.body)["registryIds"]
            return Answer(status=200, body=token_answer(asked.headers["Host"], account))
        body = self.bodies.get(asked.target.removeprefix(f"/v2/{self.repository}/"))
        missing = b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}'
        return Answer(status=200, body=body) if body is not None else Answer(status=404, body=missing)

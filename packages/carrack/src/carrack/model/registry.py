"""Where images are pushed to: a repository of Amazon ECR, and what is there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from carrack.model.image import Image

LOOPBACK = ("127.0.0.1", "localhost", "::1")
APP_LABEL, LOCK_LABEL = "io.carrack.app", "io.carrack.lock"
REVISION_LABEL = "org.opencontainers.image.revision"

_WORD = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(
    r"(?:(?P<host>(?P<account>[0-9]{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\."
    rf"(?:amazonaws\.com(?:\.cn)?|on\.aws))/)?(?P<name>{_WORD}(?:/{_WORD})*)"
)
"""ECR API Reference, "CreateRepository", and ECR User Guide, "Making requests to Amazon ECR registries"."""
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
"""OCI distribution specification, "Pulling manifests"."""


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository in one account's registry. `host` is the registry's, with a port where it has one."""

    account: str
    region: str
    host: str
    name: str

    def __str__(self) -> str:
        return f"{self.host}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Login:
    """The way into a registry at `url`, which has no path."""

    url: str
    username: str
    password: str = field(repr=False)

    @property
    def host(self) -> str:
        """The registry's host, with a port where it has one."""
        return self.url.partition("://")[2]

    @property
    def on_loopback(self) -> bool:
        """Whether the registry is on this machine, where it may speak without encryption."""
        return self.host.rpartition(":")[0].strip("[]") in LOOPBACK or self.host in LOOPBACK


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a registry has under a tag or a digest: one image, or a list of images.

    `digest` is `sha256:…` of its bytes, of which there are `size`; `config` that of the image's configuration, which
    a list has not. `layers` are the digests of an image's layers with their sizes, the base's first; `images` are a
    list's, by platform.
    """

    digest: str
    media_type: str
    size: int
    config: str | None = None
    layers: tuple[tuple[str, int], ...] = ()
    images: Mapping[str, str] = field(default_factory=dict)

    def is_of(self, image: Image) -> bool:
        """Whether this is that very image: engines name images by their configuration, or by their manifest."""
        return image.id in (self.config, self.digest)


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """The record of what was pushed. `images` are ids; `lock` and `commit` are what the image's labels say."""

    app: str
    repository: str
    digest: str
    tag: str
    images: tuple[str, ...]
    lock: str | None
    commit: str | None

    @property
    def reference(self) -> str:
        """`repository@sha256:…`: what a job definition names."""
        return f"{self.repository}@{self.digest}"


def parse_repository(text: str, *, account: str, region: str) -> Repository:
    """The repository that `text` says: the whole address, or a name in `account` and `region`.

    Raises ValueError, with the reason, for anything else.
    """
    found = _REPOSITORY.fullmatch(text)
    if found is None:
        raise ValueError("must be NAME or ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME, without tag or digest")
    host = found["host"] or f"{account}.dkr.ecr.{region}.amazonaws.com" + (
        ".cn" if region.startswith("cn-") else ""
    )
    return Repository(
        account=found["account"] or account, region=found["region"] or region, host=host, name=found["name"]
    )


def parse_image(text: str, *, region: str) -> tuple[Repository, str] | None:
    """The repository of ECR and the digest or tag that an image's name means; None for an image of elsewhere."""
    name, _, digest = text.partition("@")
    name, _, tag = name.partition(":")
    if "/" not in name:
        return None
    try:
        repository = parse_repository(name, account="", region=region)
    except ValueError:
        return None
    return (repository, digest or tag or "latest") if repository.account else None


def is_tag(text: str) -> bool:
    """Whether a registry takes `text` as a tag."""
    return bool(_TAG.fullmatch(text))


def own_tag(images: Sequence[Image]) -> str:
    """The tag of images for which none was said: always the same for them, and never another image's."""
    ids = sorted(image.id.removeprefix("sha256:") for image in images)
    return (ids[0] if len(ids) == 1 else hashlib.sha256("\n".join(ids).encode()).hexdigest())[:12]


def platform_tag(tag: str, image: Image) -> str:
    """The tag of one image of a list."""
    return f"{tag}-{image.platform.replace('/', '-')}"


def listed(images: Sequence[tuple[str, Manifest]]) -> Mapping[str, object]:
    """The image index (OCI image specification) of these manifests, each with its platform, in a fixed order."""
    return {
        "schemaVersion": 2,
        "mediaType": LIST_TYPE,
        "manifests": [
            {
                "mediaType": manifest.media_type,
                "digest": manifest.digest,
                "size": manifest.size,
                "platform": {"os": platform.split("/")[0], "architecture": platform.split("/")[1]},
            }
            for platform, manifest in sorted(images, key=lambda pair: pair[0])
        ],
    }


LIST_TYPE = "application/vnd.oci.image.index.v1+json"

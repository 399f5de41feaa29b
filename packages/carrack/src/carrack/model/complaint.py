"""What is said of a Dockerfile, and what is known where it is said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from carrack.model.credentials import in_addresses, is_credential_name, is_secret_value
from carrack.model.dockerfile_stages import expanded

LATER = "the layer of this step, also when a later step deletes it"
PROCESSES = (
    "the process list of the machine that builds, while the step runs; every log that shows the command"
)
BUILD_LOG = "the log of the build"
IN_IMAGE = "docker history --no-trunc and docker inspect, for whoever can pull the image"
IN_CACHE = (
    "the cache of the build, and wherever that is pushed (--cache-to); an image of this stage (--target)"
)
ATTESTED = "the image's provenance attestation (mode=max); the history of each stage that declares it again"


@dataclass(frozen=True, kw_only=True, order=True)
class Complaint:
    """One thing that is wrong: on which line, by which rule, what leaks, where it can be read later, what to do.

    The remedy is lines to paste. `leaks` is False for what is not a leak, but a surprise to come.
    """

    line: int
    rule: str
    said: str
    where: str
    remedy: str
    leaks: bool = True


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a stage knows of variables: the values that are known, and which are credentials.

    `in_image` says that its layers are in the image, not only in the build's cache.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    credentials: frozenset[str] = frozenset()
    in_image: bool = True

    def declares(self, name: str, value: str | None) -> bool:
        """Whether a variable of this name and value holds a credential."""
        return bool(
            (is_credential_name(name) and (value is None or is_secret_value(self.plain(value))))
            or (value and self.carries(value))
        )

    def carries(self, text: str) -> bool:
        """Whether a credential gets into `text` where its variables are expanded."""
        marked = {name: f"\0{name}\0" for name in self.credentials}
        return "\0" in expanded(text, marked, "") or bool(in_addresses(text) - set(self.values))

    def plain(self, text: str) -> str:
        """`text` with the values of its variables, as far as they are known."""
        return expanded(text, self.values, "$")


@dataclass(frozen=True, kw_only=True)
class Mounts:
    """What is mounted while a step runs, by the `--mount` flags of a RUN."""

    secrets: tuple[PurePosixPath, ...] = ()
    variables: frozenset[str] = frozenset()
    scratch: tuple[PurePosixPath, ...] = ()
    any_secret: bool = False

    def is_secret(self, path: str) -> bool:
        """Whether a mounted secret is at `path`."""
        found = PurePosixPath(path)
        return any(found == secret or secret in found.parents for secret in (*self.secrets, _SECRETS))

    def is_harmless(self, path: str) -> bool:
        """Whether what is written to `path` gets into no layer, or is a certificate, which everybody may have."""
        kept_nowhere = (*self.scratch, *map(PurePosixPath, ("/dev", "/proc", "/sys")))
        found = PurePosixPath(path)
        return any(place in found.parents for place in kept_nowhere) or bool(_CERTIFICATE.search(path))


_CERTIFICATE = re.compile(r"\.crt$|ca-bundle|ca-certificates|cacerts|/certs/|/anchors/")
_SECRETS = PurePosixPath("/run/secrets")


def mounts(flags: Iterable[str]) -> Mounts:
    """The mounts that the flags of a RUN ask for (Dockerfile reference, "RUN --mount")."""
    options = [_options(flag) for flag in flags if flag.startswith("--mount=")]
    secrets = [it for it in options if it.get("type") == "secret"]
    scratch = [it for it in options if it.get("type") in ("tmpfs", "cache")]
    files = [it for it in secrets if "env" not in it or _target(it)]
    return Mounts(
        secrets=tuple(PurePosixPath(_target(it) or f"/run/secrets/{it.get('id', '')}") for it in files),
        variables=frozenset(it["env"] for it in secrets if "env" in it),
        scratch=tuple(PurePosixPath(_target(it)) for it in scratch if _target(it)),
        any_secret=any(it.get("type") in ("secret", "ssh") for it in options),
    )


def _options(flag: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in flag.removeprefix("--mount=").split(","))
    return {key.strip().lower(): value for key, _, value in pairs}


def _target(options: Mapping[str, str]) -> str:
    return options.get("target") or options.get("dst") or options.get("destination") or ""

"""Images: what the engine says of one, and what it is told to build one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image that the engine has.

    `id` is `sha256:…` of its configuration; `digests` are `repository@sha256:…` as registries know it, none where it
    was neither pulled nor pushed. `layers` are the digests of their uncompressed archives, the base's first.
    """

    id: str
    names: tuple[str, ...]
    digests: tuple[str, ...]
    platform: str
    size: int
    layers: tuple[str, ...]
    labels: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the engine builds one image out of a context.

    `dockerfile` is a path in the context. `variables` are arguments too, of which the value is no other process's
    business: a proxy's address may have a password in it. `secrets` are texts that steps may mount, by id. Both are
    given to the engine's client in its environment, and are on no disk. `secret_specs` and `ssh` are in the engine's
    own words (`id=certificates,src=FILE`, `default`). Without a `target` the last stage is built.
    """

    dockerfile: PurePosixPath
    arguments: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_specs: tuple[str, ...] = ()
    ssh: tuple[str, ...] = ()
    host_network: bool = False
    platform: str | None = None
    target: str | None = None

"""Origin controls: from where the versions of a package may come, and whether a name of ours is exposed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from packaging.utils import NormalizedName, canonicalize_name


@dataclass(frozen=True, kw_only=True)
class Controls:
    """Origin controls of a package: whether versions may be published, and come from upstream."""

    publish: bool
    upstream: bool

    def __str__(self) -> str:
        return f"publish {'ALLOW' if self.publish else 'BLOCK'}, upstream {'ALLOW' if self.upstream else 'BLOCK'}"


OURS = Controls(publish=True, upstream=False)
"""What a name of ours should have: nobody feeds it from the public index (dependency confusion)."""


def is_exposed(controls: Controls | None) -> bool:
    """Whether versions of a name of ours can come from upstream; the first publish closes one that is not known."""
    return controls is not None and controls.upstream


TOOLKIT = tuple(map(canonicalize_name, ("batch-params", "carrack", "codeartifact-local")))
"""The toolkit's own distributions: a team publishes them to its own index, often from another workspace."""


@dataclass(frozen=True, kw_only=True)
class Claims:
    """Names to close to upstream before anything is published under them.

    `ours` are surely the team's. `assumed` are closed too, but where a repository has one from upstream already,
    somebody installs it from there, and it is left open until a person decides.
    """

    ours: frozenset[NormalizedName] = frozenset()
    assumed: frozenset[NormalizedName] = frozenset()

    @property
    def names(self) -> tuple[NormalizedName, ...]:
        """All of them, sorted."""
        return tuple(sorted(self.ours | self.assumed))


def claims(
    packages: Iterable[NormalizedName], private_names: Collection[NormalizedName] | None = None
) -> Claims:
    """What a workspace with these packages claims; `private_names` is what its settings say, None where they do not."""
    ours = frozenset(packages) | frozenset(private_names or ())
    return Claims(ours=ours, assumed=frozenset(TOOLKIT) - ours if private_names is None else frozenset())

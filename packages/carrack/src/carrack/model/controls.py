"""Origin controls: from where the versions of a package may come, and whether a name of ours is exposed."""

from __future__ import annotations

from dataclasses import dataclass


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

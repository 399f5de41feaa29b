"""The names of release tags. A tag only finds a release's commit; what is published, the index says."""

from __future__ import annotations

from packaging.utils import NormalizedName
from packaging.version import Version


def tag_name(name: NormalizedName, version: Version) -> str:
    """The tag of a release: `record-io-v1.4.0`."""
    return f"{name}-v{version}"

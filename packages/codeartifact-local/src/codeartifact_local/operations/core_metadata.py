"""What a version's files say of themselves."""

from collections.abc import Iterable

import anyio.from_thread
from packaging.metadata import RawMetadata

from codeartifact_local.archives import ArchiveError, read_metadata
from codeartifact_local.content import BrokenContentError
from codeartifact_local.naming import parse_distribution
from codeartifact_local.protocol.errors import InternalError
from codeartifact_local.service import Service
from codeartifact_local.store.records import PYPI, Asset, Package
from codeartifact_local.upstream.errors import PublicIndexError


def core_metadata(service: Service, package: Package, files: Iterable[Asset]) -> RawMetadata:
    """Return the core metadata of the handiest of `files`; it is fetched where none of them is here yet.

    It is empty where there are no files, where they are not distributions, and where they have none that can
    be read, as sdists of the public index may.

    Raises:
        InternalError: the file cannot be had.
    """
    asset = min(files, key=_effort, default=None)
    if asset is None or package.format != PYPI:
        return {}
    try:
        path = anyio.from_thread.run(service.supply.file, package.name, asset)
        return read_metadata(path, parse_distribution(asset.name))
    except (PublicIndexError, BrokenContentError) as error:
        raise InternalError(str(error)) from error
    except ArchiveError:
        return {}


def _effort(asset: Asset) -> tuple[bool, bool, int]:
    return asset.digests is None, not asset.name.endswith(".whl"), asset.size or 0

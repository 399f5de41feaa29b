"""The simple pages of an index (PEP 691), over one connection that is kept open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName

from carrack.adapters.pip_settings import PipSettings
from carrack.adapters.retry import READING
from carrack.adapters.session import open_session
from carrack.errors import IndexAccessError
from carrack.model.access import Access
from carrack.model.listing import ListedFile

JSON = "application/vnd.pypi.simple.v1+json"
_TIMEOUT_SECONDS = (10, 120)
"""To connect, and between two bytes: a project that CodeArtifact does not hold yet is fetched while we wait."""


class SimpleIndex:
    """Implements `ports.Listing`. Each page is asked for once in the life of an object."""

    def __init__(self, access: Access, settings: PipSettings | None = None) -> None:
        self._access = access
        self._session = open_session(access, settings, READING)
        self._session.headers["Accept"] = JSON
        self._pages: dict[NormalizedName, tuple[ListedFile, ...]] = {}

    def files(self, name: NormalizedName) -> tuple[ListedFile, ...]:
        """See `ports.Listing`.

        Raises IndexAccessError where the index does not answer, or answers anything but a page or 404.
        """
        if name not in self._pages:
            self._pages[name] = tuple(_file(entry) for entry in self._page(name).get("files", ()))
        return self._pages[name]

    def _page(self, name: NormalizedName) -> Mapping[str, Any]:
        address = f"{self._access.simple_url}{name}/"
        try:
            response = self._session.get(address, timeout=_TIMEOUT_SECONDS)
            if response.status_code == requests.codes.not_found:
                return {}
            if response.status_code in (requests.codes.unauthorized, requests.codes.forbidden):
                raise self._refused(address, response.status_code)
            response.raise_for_status()
            page: Mapping[str, Any] = response.json()
        except requests.RequestException as error:
            raise IndexAccessError(
                f"the index gave no page: {error}", address=address, hint="run the same command again"
            ) from None
        return page

    def _refused(self, address: str, status: int) -> IndexAccessError:
        return IndexAccessError(
            f"the index refused the token (HTTP {status})",
            address=address,
            hint=f"carrack token --to {self._access.index.name}",
        )


def _file(entry: Mapping[str, Any]) -> ListedFile:
    try:
        requires_python = SpecifierSet(entry.get("requires-python") or "")
    except InvalidSpecifier:  # pip ignores what it cannot read, too
        requires_python = SpecifierSet()
    return ListedFile(
        name=entry["filename"],
        sha256=entry.get("hashes", {}).get("sha256"),
        requires_python=requires_python,
        yanked=bool(entry.get("yanked", False)),
    )

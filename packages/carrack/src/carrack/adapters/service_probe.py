"""Asks a service small questions that change nothing, to learn what stands between it and us."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from packaging.utils import NormalizedName

from carrack.adapters.aws import Connection
from carrack.adapters.aws_errors import MissingError
from carrack.adapters.pip_settings import PipSettings
from carrack.adapters.probe import private_network, probe, reason
from carrack.adapters.session import new_session, open_session
from carrack.adapters.simple_index import JSON
from carrack.errors import IndexAccessError
from carrack.model.access import Access
from carrack.model.diagnosis import Answered, Delivery, Identity

_TIMEOUT = (10, 60)
_NO_VERSION = "0.dev0"
"""A version that nobody has: whether we may ask is answered before whether it is there."""
_CALLS: Mapping[str, tuple[str, bool, dict[str, str]]] = {
    "DescribeDomain": ("describe_domain", False, {}),
    "DescribeRepository": ("describe_repository", False, {}),
    "GetRepositoryEndpoint": ("get_repository_endpoint", False, {"format": "pypi"}),
    "DescribePackage": ("describe_package", True, {}),
    "ListPackageVersions": ("list_package_versions", True, {}),
    "ListPackageVersionAssets": ("list_package_version_assets", True, {"packageVersion": _NO_VERSION}),
    "GetPackageVersionAsset": (
        "get_package_version_asset",
        True,
        {"packageVersion": _NO_VERSION, "asset": "none.whl"},
    ),
}


class CodeArtifactProbe:
    """Implements `ports.ServiceProbe`."""

    def __init__(self, connection: Connection, settings: PipSettings | None = None) -> None:
        self._connection = connection
        self._settings = settings

    def regions(self) -> frozenset[str]:
        """See `ports.ServiceProbe`."""
        return self._connection.regions()

    def reach(self) -> Answered:
        """See `ports.ServiceProbe`."""
        address = self._connection.address
        try:
            with new_session() as session:
                session.auth = _no_credentials  # of a netrc file, for instance
                answer = session.get(f"{address}/v1/domain", allow_redirects=False, timeout=_TIMEOUT)
        except requests.RequestException as error:
            raise IndexAccessError(
                f"{address} cannot be reached: {reason(error)}",
                hint="check the address, the network, HTTPS_PROXY / NO_PROXY, and AWS_CA_BUNDLE"
                + private_network(address, self._connection.index.region, "codeartifact.api"),
            ) from error
        return Answered(
            address=address,
            status=answer.status_code,
            there=_date(answer.headers.get("Date")),
            here=datetime.now(UTC),
        )

    def identity(self) -> Identity:
        """See `ports.ServiceProbe`."""
        return self._connection.identity()

    def attempt(self, action: str, name: NormalizedName) -> None:
        """See `ports.ServiceProbe`."""
        operation, about_package, arguments = _CALLS[action]
        place = {} if action == "DescribeDomain" else {"repository": self._connection.index.repository}
        package = {"format": "pypi", "package": name} if about_package else {}
        try:
            self._connection.call(operation, **place, **package, **arguments)
        except MissingError:
            return

    def page(self, access: Access, name: NormalizedName) -> None:
        """See `ports.ServiceProbe`."""
        probe(access, name, self._settings)

    def deliver(self, access: Access, name: NormalizedName) -> Delivery | None:
        """See `ports.ServiceProbe`. Of the file no more than its beginning travels."""
        page = f"{access.simple_url}{name}/"
        try:
            with open_session(access, self._settings) as session:
                listed = session.get(page, headers={"Accept": JSON}, timeout=_TIMEOUT)
                files: list[dict[str, Any]] = listed.json()["files"] if listed.status_code == 200 else []
                if not files:
                    return None
                return self._first(session, urljoin(page, files[0]["url"]), files[0]["filename"])
        except requests.RequestException as error:
            asked = (error.request and error.request.url) or page
            raise IndexAccessError(
                f"a file of {name} cannot be downloaded from {urlsplit(asked).netloc}: {reason(error)}",
                hint="check HTTPS_PROXY / NO_PROXY, and the network's rules for that host"
                + (private_network(asked, access.index.region, "s3") if asked != page else ""),
            ) from error

    def _first(self, session: requests.Session, url: str, file: str) -> Delivery:
        with session.get(url, stream=True, timeout=_TIMEOUT) as answer:
            host, asked = urlsplit(answer.url).netloc, urlsplit(url).netloc
            if answer.status_code != 200:
                raise IndexAccessError(
                    f"{file} cannot be downloaded: {host} answers {answer.status_code}",
                    hint="run the same command again; where it stays so, look at the network's rules for that host",
                )
            next(answer.iter_content(1), b"")
        return Delivery(file=file, elsewhere=None if host == asked else host)


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None

"""Reads a project's page of the public index (PEP 691 JSON, or PEP 503 HTML)."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from codeartifact_local.naming import DistributionNameError, parse_distribution
from codeartifact_local.store.records import Asset

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ListingError(Exception):
    """The page is not one that a public index serves."""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The files of one project of the public index."""

    versions: Mapping[str, Mapping[str, Asset]]
    """File facts by file name, by normalised version."""
    addresses: Mapping[str, str] = field(repr=False)
    """Where each file is, by its name; kept in memory only, as an address may hold credentials."""


def parse_listing(content: bytes, content_type: str, *, page: str, name: str) -> Listing:
    """Return the files that a page lists for project `name`.

    Left out are files without a SHA-256, with which nothing could be verified, and files whose name is not
    that of a wheel or sdist of the project.

    Raises:
        ListingError: the content is neither of the two forms.
    """
    text = content.decode("utf-8", "replace")
    files = _from_json(text) if "json" in content_type else _from_html(text)
    versions: dict[str, dict[str, Asset]] = defaultdict(dict)
    addresses = {}
    for asset, address in files:
        try:
            distribution = parse_distribution(asset.name)
        except DistributionNameError:
            continue
        if distribution.name == name and _SHA256.fullmatch(asset.sha256):
            versions[str(distribution.version)][asset.name] = asset
            addresses[asset.name] = urljoin(page, address)
    return Listing(versions=versions, addresses=addresses)


def _from_json(text: str) -> Iterator[tuple[Asset, str]]:
    try:
        files = json.loads(text)["files"]
        yield from ((_from_entry(file), file["url"]) for file in files)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ListingError(f"not a PEP 691 page: {type(error).__name__}") from error


def _from_entry(file: dict[str, Any]) -> Asset:
    uploaded, yanked = file.get("upload-time"), file.get("yanked", False)
    return Asset(
        name=file["filename"],
        sha256=file["hashes"].get("sha256", ""),
        size=file.get("size"),
        requires_python=file.get("requires-python"),
        yanked=None if yanked is False else "" if yanked is True else str(yanked),
        uploaded=datetime.fromisoformat(uploaded) if uploaded else None,
    )


def _from_html(text: str) -> Iterable[tuple[Asset, str]]:
    parser = _Anchors()
    parser.feed(text)
    return parser.files


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.files: list[tuple[Asset, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        href = attributes.get("href")
        if tag != "a" or not href:
            return
        address, _, fragment = href.partition("#")
        asset = Asset(
            name=unquote(urlsplit(address).path.rpartition("/")[2]),
            sha256=fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else "",
            size=None,
            requires_python=attributes.get("data-requires-python"),
            yanked=(attributes["data-yanked"] or "") if "data-yanked" in attributes else None,
        )
        self.files.append((asset, address))

"""A project's index page, in JSON (PEP 691, PEP 700) and HTML (PEP 503)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

from codeartifact_local.store.records import Asset


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project as its index page shows it: its files by version."""

    name: str
    versions: Mapping[str, Iterable[Asset]]


def render_json(project: Project) -> str:
    """Return the page of Simple API 1.1; addresses are relative to the page's own."""
    files = [_entry(version, file) for version, files in project.versions.items() for file in files]
    return json.dumps(
        {
            "meta": {"api-version": "1.1"},
            "name": project.name,
            "versions": list(project.versions),
            "files": files,
        }
    )


def render_html(project: Project) -> str:
    """Return the page as HTML."""
    title = escape(f"Links for {project.name}")
    links = "".join(
        f"    {_link(version, file)}<br>\n" for version, files in project.versions.items() for file in files
    )
    return (
        f"<!DOCTYPE html>\n<html>\n  <head>\n    <title>{title}</title>\n"
        '    <meta name="pypi:repository-version" content="1.1">\n'
        f"  </head>\n  <body>\n    <h1>{title}</h1>\n{links}  </body>\n</html>\n"
    )


def _address(version: str, file: Asset) -> str:
    return f"{quote(version, safe='')}/{quote(file.name, safe='')}"


def _uploaded(file: Asset) -> str | None:
    return f"{file.uploaded:%Y-%m-%dT%H:%M:%S.%fZ}" if file.uploaded else None


def _entry(version: str, file: Asset) -> dict[str, Any]:
    hashes = {"sha256": file.sha256}
    if file.digests is not None:
        hashes["md5"] = file.digests.md5
    known = {
        "requires-python": file.requires_python,
        "size": file.size,
        "upload-time": _uploaded(file),
    }
    return {
        "filename": file.name,
        "url": _address(version, file),
        "hashes": hashes,
        "yanked": False if file.yanked is None else file.yanked or True,
        **{key: value for key, value in known.items() if value is not None},
    }


def _link(version: str, file: Asset) -> str:
    attributes = {
        "href": f"{_address(version, file)}#sha256={file.sha256}",
        "data-requires-python": file.requires_python,
        "data-upload-time": _uploaded(file),
        "data-yanked": file.yanked,
    }
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items() if value is not None)
    return f"<a{written}>{escape(file.name)}</a>"

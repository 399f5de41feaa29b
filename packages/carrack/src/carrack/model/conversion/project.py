"""`[project]` (PEP 621) as text, from what a built wheel says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import tomlkit
from packaging.metadata import RawMetadata
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tomlkit.items import Array

from carrack.model.conversion.licenses import PREFIX, expression, text_of
from carrack.model.conversion.readme import Readme
from carrack.model.conversion.wheel import Wheel, people

Notes = Mapping[str, str]
"""Comments beside requirements, by the name of what is required."""

_ONE_LINE = 88


def fields(
    wheel: Wheel, version: str, readme: Readme | None, notes: Notes, license_files: Iterable[str] | None
) -> Mapping[str, Any]:
    """Every field of `[project]` that the wheel tells of, in the order that people write them."""
    raw = wheel.metadata
    told = {
        "version": version,
        "description": raw.get("summary"),
        "readme": _readme(readme),
        "requires-python": raw.get("requires_python"),
        **_license(raw),
        "license-files": None if license_files is None else _array(license_files),
        "authors": _people(people(raw)),
        "maintainers": _people(people(raw, maintainers=True)),
        "keywords": _array(word for word in raw.get("keywords", ()) if word),
        "classifiers": _array(_classifiers(raw), lines=True),
        "dependencies": requirements(wheel.requirements.base, notes),
    }
    return {
        key: value for key, value in told.items() if value or (key == "license-files" and value is not None)
    }


def tables(wheel: Wheel, notes: Notes) -> Mapping[str, Mapping[str, Any]]:
    """The tables below `[project]` that the wheel tells of, by their keys as TOML writes them."""
    groups = dict(wheel.entry_points)
    told: dict[str, Mapping[str, Any]] = {
        "urls": _urls(wheel.metadata),
        "optional-dependencies": {
            extra: requirements(texts, notes) for extra, texts in wheel.requirements.extras.items()
        },
        "scripts": groups.pop("console_scripts", {}),
        "gui-scripts": groups.pop("gui_scripts", {}),
        **{f"entry-points.{tomlkit.key([group]).as_string()}": points for group, points in groups.items()},
    }
    return {name: table for name, table in told.items() if table}


def project_text(
    name: str, told: Mapping[str, Any], below: Mapping[str, Any], dynamic: Collection[str]
) -> str:
    """`[project]` with these fields and tables; those in `dynamic` are left to the backend."""
    table = tomlkit.table()
    table.add("name", name)
    for key, value in told.items():
        if key not in dynamic:
            table.add(key, value)
        if key == "version" and dynamic:
            table.add("dynamic", _array(sorted(dynamic)))
    document = tomlkit.document()
    document.add("project", table)
    return tomlkit.dumps(document) + "".join(
        f"\n[project.{key}]\n{tomlkit.dumps(inner)}" for key, inner in below.items() if key not in dynamic
    )


def requirements(texts: Iterable[str], notes: Notes) -> Array:
    """A list of requirements, one a line, each with the comment that it had."""
    array = tomlkit.array()
    for text in texts:
        quoted = tomlkit.string(text, literal='"' in text and "'" not in text)
        array.add_line(quoted, comment=notes.get(canonicalize_name(Requirement(text).name)))
    if len(array):
        array.add_line(indent="")
    return array


def _array(texts: Iterable[str], *, lines: bool = False) -> Array:
    array = tomlkit.array()
    array.extend(texts)
    return array.multiline(lines or len(array.as_string()) > _ONE_LINE)


def _readme(readme: Readme | None) -> Any:
    if readme is None:
        return None
    if readme.follows_suffix:
        return readme.file
    told = tomlkit.inline_table()
    if readme.text:
        told.add("text", tomlkit.string(readme.text, multiline="\n" in readme.text))
    else:
        told.add("file", readme.file)
    told.add("content-type", readme.content_type)
    return told


def _license(raw: RawMetadata) -> Mapping[str, Any]:
    sure = expression(raw)
    if sure:
        return {"license": sure}
    text = text_of(raw)
    if not text:
        return {}
    told = tomlkit.inline_table()
    told.add("text", tomlkit.string(text, multiline="\n" in text))
    return {"license": told}


def _classifiers(raw: RawMetadata) -> list[str]:
    """Without those of the licence where an expression says it: PEP 639 forbids both."""
    told = raw.get("classifiers", [])
    return [text for text in told if not (text.startswith(PREFIX) and expression(raw))]


def _people(told: Iterable[tuple[str, str]]) -> Array | None:
    array = tomlkit.array()
    for name, email in told:
        entry = tomlkit.inline_table()
        entry.update({key: value for key, value in (("name", name), ("email", email)) if value})
        array.append(entry)
    return array.multiline(len(array) > 1) if len(array) else None


def _urls(raw: RawMetadata) -> dict[str, str]:
    urls = dict(raw.get("project_urls", {}))
    known = {label.lower() for label in urls}
    for label, url in (("Homepage", raw.get("home_page")), ("Download", raw.get("download_url"))):
        if url and url != "UNKNOWN" and label.lower() not in known:
            urls = {label: url, **urls} if label == "Homepage" else {**urls, label: url}
    return urls

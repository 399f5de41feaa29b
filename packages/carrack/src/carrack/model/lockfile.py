"""Reading a lock file's text back into a Lock."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from carrack.errors import LockError
from carrack.model.code_sources import LockedSource
from carrack.model.lock import SCHEMA, Candidate, Lock, Pin

_SOURCE_LINE, _BASE_LINE = "# source: ", "# base: "
_KEYS = ("carrack-lock", "app", "python", "machine", "requirements", "receipt")
_HEADER = re.compile(rf"# ({'|'.join(_KEYS)}): (.*)")
_SOURCE = re.compile(
    r"(?P<name>[a-z0-9-]+) (?:(?P<kind>git|submodule) (?P<commit>[0-9a-f]{40,64}) (?P<tree>[0-9a-f]{40,64})|runtime)"
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_HINT = "take the file from git again, or make it anew: carrack lock --upgrade"


def parse(text: str, address: str) -> Lock:
    """The lock that `text` holds. `address` is the file's name, for messages.

    Raises LockError with file and line where `text` is not what `Lock.format` writes.
    """
    header = _header(text)
    if header.get("carrack-lock", str(SCHEMA)) != str(SCHEMA):
        raise LockError(
            f"was made by another version of carrack (schema {header['carrack-lock']})", address=address
        )
    missing = [f"'# {key}:'" for key in _KEYS if key not in header]
    if missing:
        raise LockError(f"its header has no {' and no '.join(missing)}", address=f"{address}:1", hint=_HINT)
    return Lock(
        app=header["app"],
        pythons=tuple(header["python"].split()),
        machines=tuple(header["machine"].split()),
        requirements=header["requirements"],
        receipt=header["receipt"],
        pins=frozenset(_pin(line, f"{address}:{number}") for number, line in _logical_lines(text)),
        sources=frozenset(_sources(text, address)),
        brings=frozenset(
            candidate(line.removeprefix(_BASE_LINE), f"{address}:{number}")
            for number, line in enumerate(text.split("\n"), 1)
            if line.startswith(_BASE_LINE)
        ),
    )


def _sources(text: str, address: str) -> Iterator[LockedSource]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.startswith(_SOURCE_LINE):
            continue
        match = _SOURCE.fullmatch(line.removeprefix(_SOURCE_LINE))
        if match is None:
            raise LockError(
                "a source is a name, git or submodule with commit and tree, or runtime",
                address=f"{address}:{number}",
                hint=_HINT,
            )
        yield LockedSource(
            name=canonicalize_name(match["name"]),
            kind=match["kind"] or "runtime",
            commit=match["commit"] or "",
            tree=match["tree"] or "",
        )


def _header(text: str) -> dict[str, str]:
    matches = (_HEADER.fullmatch(line) for line in text.split("\n"))
    return {match[1]: match[2] for match in matches if match}


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that are no comment, each with those that a backslash joins to it, and the number of the first."""
    started, parts = 0, ""
    for number, line in enumerate(text.split("\n"), 1):
        if not parts and (not line.strip() or line.startswith("#")):
            continue
        started = started if parts else number
        parts += line.removesuffix("\\") + " "
        if not line.endswith("\\"):
            yield started, parts
            parts = ""
    if parts:
        yield started, parts


def _pin(line: str, address: str) -> Pin:
    requirement, *hashes = re.split(r"\s+(?=--hash)", line.strip())
    matches = [_HASH.fullmatch(part.strip()) for part in hashes]
    if not matches or not all(matches):
        raise LockError(
            "every entry needs hashes, as --hash=sha256: and 64 hex digits", address=address, hint=_HINT
        )
    return Pin(
        candidate=candidate(requirement, address), hashes=frozenset(match[1] for match in matches if match)
    )


def candidate(text: str, address: str) -> Candidate:
    """The version that `name==version ; marker` names.

    Raises LockError where `text` is anything else: a range, an option, an address.
    """
    try:
        requirement = Requirement(text)
        (specifier,) = requirement.specifier
        version = Version(specifier.version)
    except (InvalidRequirement, InvalidVersion, ValueError):
        raise LockError(f"not 'name==version': {text!r}", address=address, hint=_HINT) from None
    if specifier.operator != "==" or requirement.url:
        raise LockError(f"not 'name==version': {text!r}", address=address, hint=_HINT)
    return Candidate(name=canonicalize_name(requirement.name), version=version, marker=requirement.marker)

"""The secrets that a user gives to a build beside Carrack's own, and what of each is looked for afterwards."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePath

from carrack.model.secret_forms import SHORTEST


@dataclass(frozen=True, kw_only=True)
class BuildSecret:
    """Where a secret's text is: a file, or a variable of the environment."""

    id: str
    file: str | None
    variable: str | None


def parse_build_secret(spec: str) -> BuildSecret:
    """Read `id=ID[,src=FILE|,env=VARIABLE][,type=file|env]` as `docker build --secret` does (buildx reference).

    With neither, it is the variable that is called as the id, or the file, as the type says; the engine refuses what
    is not to be had.
    """
    row: list[str] = next(csv.reader([spec]), [])
    said = {key.strip().lower(): value for key, _, value in (field.partition("=") for field in row)}
    name, kind = said.get("id", ""), said.get("type")
    source = said.get("src") or said.get("source")
    if kind == "env":
        return BuildSecret(id=name, file=None, variable=said.get("env") or source or name)
    file = source or (name if kind == "file" else None)
    return BuildSecret(id=name, file=file, variable=said.get("env") or (None if file else name))


def absolute_secret(spec: str, folder: PurePath) -> str:
    """The specification with its file as seen from `folder`: the engine's client runs in another one."""
    secret = parse_build_secret(spec)
    if not secret.file or PurePath(secret.file).is_absolute():
        return spec
    row: list[str] = next(csv.reader([spec]))
    others = [one for one in row if one.partition("=")[0].strip().lower() not in ("src", "source")]
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([*others, f"src={folder / secret.file}"])
    return text.getvalue()


def absolute_ssh(spec: str, folder: PurePath) -> str:
    """The same of `ID[=SOCKET|KEY[,KEY]]`, as `docker build --ssh` reads it (buildx reference)."""
    name, equals, files = spec.partition("=")
    return name + equals + ",".join(str(folder / file) if file else "" for file in files.split(","))


def searched(text: str) -> tuple[str, ...]:
    """What to look for of a secret's text: the whole, and of a file of several lines its keys' lines and its passwords.

    Other lines of a file are no secrets: a host's name, `Host *`, `-----BEGIN …`. Nothing of fewer than 16 characters.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    parts = {text.strip(), *_keys(lines), *_passwords(text.split())}
    return tuple(sorted(part for part in parts if len(part) >= SHORTEST))


def _keys(lines: list[str]) -> list[str]:
    """The lines between `-----BEGIN …` and `-----END …` (RFC 7468)."""
    if not any(line.startswith("-----BEGIN ") for line in lines):
        return []
    return [line for line in lines if not line.startswith("-----") and " " not in line]


def _passwords(words: list[str]) -> list[str]:
    """What follows `password` in a netrc file."""
    return [after for word, after in pairwise(words) if word == "password"]

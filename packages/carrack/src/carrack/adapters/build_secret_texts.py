"""The texts of the secrets that a user gives to a build, to be looked for in what was built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from carrack.model.build_secrets import parse_build_secret, searched


def texts(specs: Iterable[str], environ: Mapping[str, str]) -> Iterator[str]:
    """What to look for of each `docker build --secret` specification; nothing of one that is not there to be read."""
    for secret in map(parse_build_secret, specs):
        if secret.variable:
            yield from searched(environ.get(secret.variable, ""))
        elif secret.file and Path(secret.file).is_file():
            yield from searched(Path(secret.file).read_bytes().decode("utf-8", "surrogateescape"))

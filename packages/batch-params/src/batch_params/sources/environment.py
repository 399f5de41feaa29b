"""Environment variables with a prefix of the job's own, one for each key."""

import re
from collections.abc import Iterator, Mapping

from batch_params import shard
from batch_params.document import Document
from batch_params.keys import NamedPath, named_paths, variable
from batch_params.problems import ConfigError, Problem
from batch_params.shape import Shape
from batch_params.sources.text import read_text
from batch_params.suggestion import nearest
from batch_params.transport import CONFIG_JSON, CONFIG_JSON_GZ

_OUR_OWN = (CONFIG_JSON, CONFIG_JSON_GZ, shard.MAP, shard.COUNT)
"""Variables that mean something else, whatever prefix they happen to begin with."""
_PREFIX = re.compile(r"(?!AWS)[A-Z][A-Z0-9]*(_[A-Z0-9]+)*_")


def variables_of(shape: Shape, prefix: str) -> dict[str, NamedPath]:
    """Give the variables of all keys; of two keys that spell the same the first has it, as it has the flag."""
    variables: dict[str, NamedPath] = {}
    for path in named_paths(shape):
        variables.setdefault(variable(prefix, path), path)
    return {name: path for name, path in variables.items() if name not in _OUR_OWN}


def environment_documents(environ: Mapping[str, str], prefix: str, shape: Shape) -> list[Document]:
    """Read the variables whose names begin with the prefix: `APP_STORAGE__BUCKET` is the key `storage.bucket`.

    Raises ConfigError for names that belong to no key, and for a key that is given both whole and in part.
    Raises ValueError for a prefix that is not upper-case words with `_` after each, or that begins with `AWS`.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"{prefix!r} is no prefix such as 'APP_'")
    known = variables_of(shape, prefix)
    given = sorted(name for name in environ if name.startswith(prefix) and name not in _OUR_OWN)
    problems = [
        *(_unknown(name, known) for name in given if name not in known),
        *_overlapping({name: known[name] for name in given if name in known}),
    ]
    if problems:
        raise ConfigError(problems)
    return [read_text(name, known[name], environ[name], shape) for name in given]


def _unknown(name: str, known: Mapping[str, NamedPath]) -> Problem:
    match = nearest(name, known)
    hint = f"; did you mean {match}?" if match else "; --help lists the keys"
    return Problem(source=name, message=f"unknown variable{hint}")


def _overlapping(given: Mapping[str, NamedPath]) -> Iterator[Problem]:
    for name, path in given.items():
        for other, whole in given.items():
            if len(whole) < len(path) and path[: len(whole)] == whole:
                yield Problem(source=name, key=path, message=f"is a part of what {other} gives already")

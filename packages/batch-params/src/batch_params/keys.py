"""The keys of a model that have a name of their own: those that a flag or a variable can give."""

import re
from collections.abc import Iterator

from pydantic.json_schema import JsonSchemaValue as Node

from batch_params.shape import Shape

NamedPath = tuple[str, ...]

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PLAIN = re.compile(r"[^\W_]+(-[^\W_]+)*")


def named_paths(shape: Shape) -> Iterator[NamedPath]:
    """List the ways to all keys, objects before what is in them; not into arrays and dictionaries.

    A model that holds itself is entered once, and a key that no flag could spell is left out.
    """
    return iter(dict.fromkeys(_below(shape, shape.root, (), ())))


def _below(shape: Shape, node: Node, path: NamedPath, inside: tuple[Node, ...]) -> Iterator[NamedPath]:
    for holder in shape.alternatives(node):
        if any(holder is outer for outer in inside):
            continue
        for key, child in holder.get("properties", {}).items():
            if _PLAIN.fullmatch(kebab(key)):
                yield (*path, key)
                yield from _below(shape, child, (*path, key), (*inside, holder))


def kebab(key: str) -> str:
    """Spell a key in kebab case: `input_path` and `inputPath` are `input-path`."""
    return _HUMP.sub("-", key).replace("_", "-").strip("-").lower()


def flag(path: NamedPath) -> str:
    """Give the flag of a key: `--storage.bucket-name`."""
    return f"--{'.'.join(map(kebab, path))}"


def variable(prefix: str, path: NamedPath) -> str:
    """Give the environment variable of a key: `APP_STORAGE__BUCKET_NAME`, where `APP_` is the prefix."""
    return prefix + "__".join(kebab(key).replace("-", "_").upper() for key in path)

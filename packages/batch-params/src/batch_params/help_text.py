"""What `--help` prints: the sources, and every key that the model reads."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc
from pathlib import PurePath

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaValue as Node

from batch_params.schema import MASK
from batch_params.shape import Shape

_FRAME = """\
usage: {program} [--KEY VALUE ...] [--param-json FILE] [--explain | --schema | --help]
{about}
Each key is taken from the first of these that gives it; objects are merged key by key, arrays are not:
  --KEY VALUE         a flag for each key: input_path is --input-path, and bucket_name in the object
                      storage is --storage.bucket-name; lists are JSON, or the flag is repeated;
                      booleans are --debug and --no-debug; secrets are given by reference only
  --param-json FILE   a JSON object in UTF-8: a file, - for standard input, s3://bucket/key (with or
                      without #sha256=...) or ssm://name (--param_json is the same flag)
  CONFIG_JSON         environment variable: the object itself, or s3://bucket/key#sha256=...;
                      or CONFIG_JSON_GZ: gzip in base64
{prefixed}
Keys, in JSON's types:
{keys}

A secret may be a reference, ssm://name or secretsmanager://id#key, that is read when all else is right.
Unknown keys, duplicate keys and values of another type are refused.
  --explain           show for each key its value, the place it comes from, and what it shadows
  --schema            print the JSON Schema of the object
  --no-resolve        leave references as they are
Exit code 64: the command line is wrong; 75: AWS is too busy, a retry may help; 77: a secret may not be
read; 78: the parameters are missing or wrong.
"""
_PREFIXED = """\
  {prefix}KEY{pad}environment variable for each key: {prefix}INPUT_PATH, {prefix}STORAGE__BUCKET_NAME
"""


@dataclass(frozen=True, kw_only=True)
class _Row:
    key: str
    type: str
    default: str
    description: str


def help_text(model: type[BaseModel], shape: Shape, program: str, env_prefix: str | None = None) -> str:
    """Describe a model's parameters; `program` is how the job is called. A secret's default is masked."""
    about = f"\n{cleandoc(model.__doc__)}\n" if model.__doc__ else ""
    prefixed = ""
    if env_prefix is not None:
        pad = " " * max(2, 17 - len(env_prefix))
        prefixed = _PREFIXED.format(prefix=env_prefix, pad=pad)
    keys = "\n".join(_table([*_rows(shape, shape.root)]))
    return _FRAME.format(program=program, about=about, prefixed=prefixed, keys=keys)


def program_name(path: str) -> str:
    """Turn `sys.argv[0]` into what a person types; a package that is run has a file `__main__.py`."""
    file = PurePath(path)
    return f"python -m {file.parent.name}" if file.name == "__main__.py" else file.name


def _rows(shape: Shape, node: Node, prefix: str = "", inside: tuple[Node, ...] = ()) -> Iterator[_Row]:
    for holder in shape.alternatives(node):
        if any(holder is outer for outer in inside):  # a model that holds itself is shown once
            continue
        within = (*inside, holder)
        for name, child in holder.get("properties", {}).items():
            yield _row(shape, prefix + name, child, is_required=name in holder.get("required", ()))
            yield from _rows(shape, child, f"{prefix}{name}.", within)
        for suffix, below in (("[]", holder.get("items")), (".*", holder.get("additionalProperties"))):
            if isinstance(below, dict):
                yield from _rows(shape, below, f"{prefix.removesuffix('.')}{suffix}.", within)


def _row(shape: Shape, key: str, node: Node, *, is_required: bool) -> _Row:
    description = next(
        (found["description"] for found in shape.alternatives(node) if "description" in found), ""
    )
    return _Row(
        key=key,
        type=_type(shape, node),
        default="required" if is_required else _default(shape, node),
        description=" ".join(description.split()),
    )


def _default(shape: Shape, node: Node) -> str:
    if "default" not in node:
        return "optional"
    has_secret = any(part is not None for _, part in shape.secret_parts(node["default"], node))
    return f"default {MASK if has_secret else json.dumps(node['default'], ensure_ascii=False)}"


def _type(shape: Shape, node: Node, *outer: Node) -> str:
    if any(node is other for other in outer):
        return "…"
    if "$ref" in node:
        return _type(shape, [*shape.alternatives(node)][1], *outer, node)
    for union in ("anyOf", "oneOf"):
        if union in node:
            return " or ".join(dict.fromkeys(_type(shape, member, *outer, node) for member in node[union]))
    if "enum" in node or "const" in node:
        return " or ".join(map(json.dumps, node.get("enum", [node.get("const")])))
    name = str(node.get("type", "any"))
    if name == "array" and node.get("items"):
        return f"array of {_type(shape, node['items'], *outer, node)}"
    return f"{name} ({node['format']})" if "format" in node else name


def _table(rows: list[_Row]) -> Iterator[str]:
    widths = [
        max((len(text) for text in column), default=0) for column in zip(*map(_cells, rows), strict=True)
    ]
    for row in rows:
        cells = "  ".join(cell.ljust(width) for cell, width in zip(_cells(row), widths, strict=True))
        yield f"  {cells}  {row.description}".rstrip()


def _cells(row: _Row) -> tuple[str, str, str]:
    return row.key, row.type, row.default

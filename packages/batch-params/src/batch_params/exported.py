"""What `--schema` prints: the model's JSON Schema, as this package reads documents."""

import json
from typing import Any

from batch_params.keys import named_paths
from batch_params.problems import dotted
from batch_params.schema import ALIASES, LENIENT, MASK
from batch_params.shape import Shape
from batch_params.sources.environment import variables_of
from batch_params.sources.flags import flags_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"

# A key of the model may be called like a keyword of the schema, and so may one in a default.
_BY_NAME = ("properties", "patternProperties", "$defs")
_VALUES = ("default", "const", "enum", "examples")


def exported(shape: Shape, env_prefix: str | None) -> str:
    """Write JSON Schema 2020-12 that editors and validators understand, with unknown keys refused.

    `x-sources` says for every key that has them its flag and its environment variable.
    """
    schema = {"$schema": DIALECT, **_plain(shape.root), "x-sources": _sources(shape, env_prefix)}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _sources(shape: Shape, env_prefix: str | None) -> dict[str, dict[str, str]]:
    flags = {flag.path: name for name, flag in flags_of(shape).items() if flag.meaning == "true"}
    variables = {} if env_prefix is None else variables_of(shape, env_prefix)
    found: dict[str, dict[str, str]] = {dotted(path): {} for path in named_paths(shape)}
    for path, name in flags.items():
        found[dotted(path)]["flag"] = name
    for name, path in variables.items():
        found[dotted(path)]["env"] = name
    return {key: names for key, names in found.items() if names}


def _plain(node: Any) -> Any:
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _member(key, value) for key, value in node.items() if key not in (LENIENT, ALIASES)}
    if MASK in json.dumps(plain.get("default")):
        del plain["default"]
    if "properties" in plain:
        _close(plain, node)
    return plain


def _member(keyword: str, value: Any) -> Any:
    if keyword in _VALUES:
        return value
    return {name: _plain(each) for name, each in value.items()} if keyword in _BY_NAME else _plain(value)


def _close(plain: dict[str, Any], node: dict[str, Any]) -> None:
    aliases = node.get(ALIASES, {})
    plain["properties"] |= {alias: plain["properties"][shown] for alias, shown in aliases.items()}
    required = [key for key in plain.pop("required", ()) if key not in aliases.values()]
    if required:
        plain["required"] = required
    if LENIENT not in node:
        plain.setdefault("additionalProperties", False)

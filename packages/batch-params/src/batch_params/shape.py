"""What a model accepts, as the JSON Schema that pydantic makes of it: the map for hints, secrets and help.

Whether a document is right is pydantic's word alone. The shape only tells about a place in it: which keys
exist there, whether the model asked to be lenient there, and whether what stands there is secret.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaValue as Node

from batch_params.problems import KeyPath
from batch_params.schema import ALIASES, LENIENT, schema_of
from batch_params.strict_json import JsonValue


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A model's JSON Schema and the ways through it. A union is followed into all of its alternatives."""

    root: Node

    @classmethod
    def of(cls, model: type[BaseModel]) -> "Shape":
        """Read the shape off a model."""
        return cls(root=schema_of(model))

    def alternatives(self, node: Node) -> Iterator[Node]:
        """Give the node and all that it refers to or is a union of."""
        yield node
        if "$ref" in node:
            yield from self.alternatives(self.root["$defs"][node["$ref"].rpartition("/")[2]])
        for union in ("anyOf", "oneOf", "allOf"):
            for member in node.get(union, ()):
                yield from self.alternatives(member)

    def keys(self, path: KeyPath) -> list[str]:
        """List the keys that the objects at a path may have; none where any key may stand."""
        return [
            key for node in self._at(path) for key in (*node.get("properties", ()), *node.get(ALIASES, ()))
        ]

    def is_lenient(self, path: KeyPath) -> bool:
        """Tell whether a model at a path asks for `extra="allow"` or `"ignore"` itself."""
        return any(LENIENT in node for node in self._at(path))

    def is_secret(self, path: KeyPath) -> bool:
        """Tell whether the value at a path is a secret or a part of one."""
        return any(_is_secret(self._at(path[:end])) for end in range(len(path) + 1))

    def public(self, path: KeyPath) -> KeyPath:
        """Cut a path off where it would go on with a key that stands inside a secret."""
        for end, step in enumerate(path):
            if isinstance(step, str) and self.is_secret(path[:end]):
                return path[:end]
        return path

    def secrets(self, value: JsonValue, node: Node | None = None) -> Iterator[JsonValue]:
        """Find the parts of a JSON value that stand where the model has secrets, whatever their type.

        What stands under an unknown key counts: the key may be a secret's, misspelt.
        """
        nodes = [*self.alternatives(self.root if node is None else node)]
        if _is_secret(nodes):
            yield value
            return
        for step, part in _parts(value):
            children = [*_children(nodes, step)]
            if not children and any("properties" in node for node in nodes):
                yield part
            for child in children:
                yield from self.secrets(part, child)

    def _at(self, path: KeyPath) -> list[Node]:
        nodes = [*self.alternatives(self.root)]
        for step in path:
            nodes = [node for child in _children(nodes, step) for node in self.alternatives(child)]
        return nodes


def _parts(value: JsonValue) -> Iterator[tuple[str | int, JsonValue]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _children(nodes: Sequence[Node], step: str | int) -> Iterator[Node]:
    for node in nodes:
        if isinstance(step, int):
            candidates = [node.get("items"), *node.get("prefixItems", ())[step : step + 1]]
        else:
            named = node.get("properties", {}).get(node.get(ALIASES, {}).get(step, step))
            rest = [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
            candidates = [named] if named is not None else rest
        yield from (candidate for candidate in candidates if isinstance(candidate, dict))


def _is_secret(nodes: Sequence[Node]) -> bool:
    # A dictionary whose keys are secrets is secret as a whole.
    return any(node.get("writeOnly") or node.get("propertyNames", {}).get("writeOnly") for node in nodes)


def texts(secret: JsonValue) -> Iterator[str]:
    """Give every text by which a secret could be recognised in a message: its keys, strings and numbers."""
    if isinstance(secret, dict):
        yield from secret
    elif isinstance(secret, str):
        yield secret
    elif isinstance(secret, int | float) and not isinstance(secret, bool):
        yield json.dumps(secret)
    for _, part in _parts(secret):
        yield from texts(part)

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

    @property
    def has_lenient(self) -> bool:
        """Whether any model asks for that."""
        return any(LENIENT in node for node in (self.root, *self.root.get("$defs", {}).values()))

    def is_secret(self, path: KeyPath) -> bool:
        """Tell whether the value at a path is a secret or a part of one."""
        return any(_is_secret(self._at(path[:end])) for end in range(len(path) + 1))

    def public(self, path: KeyPath) -> KeyPath:
        """Cut a path off where it would go on with a key that stands inside a secret, or in place of one."""
        for end, step in enumerate(path):
            if isinstance(step, str) and (self.is_secret(path[:end]) or self._has_no_keys(path[:end])):
                return path[:end]
        return path

    def _has_no_keys(self, path: KeyPath) -> bool:
        nodes = self._at(path)
        return self._holds_secrets(nodes) and self._is_misplaced({}, nodes)

    def secrets(self, value: JsonValue) -> Iterator[JsonValue]:
        """Find the parts of a JSON value that are secrets, or may be."""
        return (part for _, part in self.secret_parts(value))

    def secret_parts(
        self, value: JsonValue, node: Node | None = None, path: KeyPath = ()
    ) -> Iterator[tuple[KeyPath, JsonValue]]:
        """Find what stands where the model has secrets, whatever its type, with the way to it.

        What the model has no place for counts as well: a key may be a secret's, misspelt, and where a list of secrets
        is expected somebody may have written one. `node` is what describes the value at `path`.
        """
        nodes = [*self.alternatives(self.root if node is None else node)]
        if _is_secret(nodes) or self._is_misplaced(value, nodes):
            yield path, value
            return
        for step, part in parts(value):
            children = [*_children(nodes, step)]
            if not children and (any("properties" in node for node in nodes) or self._holds_secrets(nodes)):
                yield (*path, step), part
            for child in children:
                yield from self.secret_parts(part, child, (*path, step))

    def _is_misplaced(self, value: JsonValue, nodes: Sequence[Node]) -> bool:
        kinds = {kind for node in nodes for kind in _kinds(node)}
        match value:
            case None:
                return False
            case dict() | list():
                fits = ("object" if isinstance(value, dict) else "array") in kinds or "any" in kinds
            case _:
                fits = not kinds <= {"array", "object", "null"}
        return not fits and self._holds_secrets(nodes)

    def _holds_secrets(self, nodes: Sequence[Node], outer: Sequence[Node] = ()) -> bool:
        """Tell whether there is a secret somewhere in what nodes describe."""
        for node in nodes:
            if any(node is each for each in outer):
                continue
            inner = [each for child in _inside(node) for each in self.alternatives(child)]
            if _is_secret(inner) or self._holds_secrets(inner, [*outer, node]):
                return True
        return False

    def kinds(self, path: KeyPath) -> set[str]:
        """Name the JSON types that a value at a path may have: `string`, …; `any` where the model says nothing."""
        return {kind for node in self._at(path) for kind in _kinds(node)}

    def is_choice(self, path: KeyPath, text: str) -> bool:
        """Tell whether a string is one of the listed values at a path."""
        return any(text in node.get("enum", [node.get("const")]) for node in self._at(path))

    def shown(self, path: KeyPath, key: str) -> str:
        """Give the one name by which a key is shown that the objects at a path may have under several."""
        return next(
            (node[ALIASES][key] for node in self._at(path) if key in node.get(ALIASES, ())),
            key,
        )

    def properties(self, path: KeyPath) -> dict[str, list[Node]]:
        """Give the keys that are shown for the objects at a path, each with all that describes it."""
        found: dict[str, list[Node]] = {}
        for node in self._at(path):
            for key, child in node.get("properties", {}).items():
                found.setdefault(key, []).append(child)
        return found

    def objects(self, path: KeyPath) -> list[Node]:
        """Give the descriptions of objects with named keys at a path; more than one for a union of them."""
        return [node for node in self._at(path) if "properties" in node]

    def _at(self, path: KeyPath) -> list[Node]:
        nodes = [*self.alternatives(self.root)]
        for step in path:
            nodes = [node for child in _children(nodes, step) for node in self.alternatives(child)]
        return nodes


def parts(value: JsonValue) -> Iterator[tuple[str | int, JsonValue]]:
    """Give the values inside of an object or array, each with its key or index."""
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


def _inside(node: Node) -> Iterator[Node]:
    named = (*node.get("properties", {}).values(), *node.get("patternProperties", {}).values())
    others = (node.get("items"), node.get("additionalProperties"), *node.get("prefixItems", ()))
    yield from (child for child in (*named, *others) if isinstance(child, dict))


def _kinds(node: Node) -> Iterator[str]:
    if "type" in node:
        yield node["type"]
    elif "enum" in node or "const" in node:
        # A listed string is found by `is_choice`; no other string will do.
        values = node.get("enum", [node.get("const")])
        yield from (
            {bool: "boolean", int: "integer", type(None): "null"}.get(type(value), "") for value in values
        )
    elif not node.keys() & {"$ref", "anyOf", "oneOf", "allOf"}:
        yield "any"


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
    for _, part in parts(secret):
        yield from texts(part)

"""Documents laid over one another, and for every value where it comes from and what it hides."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from batch_params.document import Document
from batch_params.problems import KeyPath, Position, Problem
from batch_params.shape import Shape
from batch_params.strict_json import JsonValue

EVERYWHERE = "parameters"
"""The name of all sources together, for what stands in none of them."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A value in the document that gave it."""

    document: Document
    path: KeyPath

    @property
    def value(self) -> JsonValue:
        """What stands there."""
        return self.document.at(self.path)

    def __str__(self) -> str:
        """Give `source:line:column`, or the source alone where it has no lines."""
        position = self.document.position(self.path)
        return (
            f"{self.document.source}:{position.line}:{position.column}" if position else self.document.source
        )


@dataclass(frozen=True, kw_only=True)
class Node:
    """A value of the merged object. `children` are an object's; anything else is taken whole.

    `origins` are what the value is made of, the strongest first: one for a value that is taken whole. `shadowed` are
    those that would have been taken without them.
    """

    origins: tuple[Origin, ...] = ()
    shadowed: tuple[Origin, ...] = ()
    children: Mapping[str, "Node"] | None = None

    @property
    def value(self) -> JsonValue:
        """The value itself, put together."""
        if self.children is None:
            return self.origins[0].value
        return {key: child.value for key, child in self.children.items()}


@dataclass(frozen=True, kw_only=True)
class Merged:
    """All documents as one object. `problems` are the documents' own. The value may hold secrets."""

    documents: tuple[Document, ...] = field(repr=False)
    root: Node = field(repr=False)
    value: Any = field(repr=False)

    @property
    def text(self) -> str:
        """The object as JSON."""
        return json.dumps(self.value)

    @property
    def problems(self) -> Iterable[Problem]:
        """What was wrong with the documents as JSON."""
        return (problem for document in self.documents for problem in document.problems)

    def at(self, path: KeyPath) -> JsonValue:
        """Give the value that a path leads to. Raises LookupError where it leads nowhere."""
        value: Any = self.value
        for step in path:
            leads_on = isinstance(value, dict if isinstance(step, str) else list)
            if not leads_on:
                raise LookupError(step)
            value = value[step]
        found: JsonValue = value
        return found

    def __contains__(self, path: KeyPath) -> bool:
        """Tell whether a path leads to a value."""
        try:
            self.at(path)
        except LookupError:
            return False
        return True

    def with_value(self, path: KeyPath, value: JsonValue) -> "Merged":
        """Put another value in place of one; it counts as written where that one was."""
        return replace(self, value=_replaced(self.value, path, value))

    def origin(self, path: KeyPath) -> Origin | None:
        """Give what a value was read from; for an absent one, the strongest object that lacks it."""
        node, found = self.root, self._written(self.root)
        for depth, step in enumerate(path):
            if node.children is None:
                return Origin(document=node.origins[0].document, path=(*node.origins[0].path, *path[depth:]))
            if step not in node.children:
                return found
            node = node.children[str(step)]
            found = self._written(node) or found
        return found

    def address(self, path: KeyPath, *, of_key: bool = False) -> tuple[str, Position | None]:
        """Give the source of a value, and its line and column there."""
        origin = self.origin(path)
        if origin is None:
            return EVERYWHERE, None
        return origin.document.source, origin.document.position(origin.path, of_key=of_key)

    def is_text(self, path: KeyPath) -> bool:
        """Tell whether a value was read from the text of a flag or variable."""
        origin = self.origin(path)
        return (
            origin is not None and origin.document.is_text and origin.document.position(origin.path) is None
        )

    @staticmethod
    def _written(node: Node) -> Origin | None:
        """Give where a value stands: an object that a flag only leads through stands nowhere."""
        if node.children is None:
            return node.origins[0]
        return next((origin for origin in node.origins if origin.path in origin.document.places), None)


def merge(documents: Iterable[Document], shape: Shape) -> Merged:
    """Lay documents over one another, the weakest first: objects key by key, everything else whole.

    A key's aliases are the same key.
    """
    layers = tuple(documents)
    root = Node(children={})
    for document in layers:
        root = _overlay(root, Origin(document=document, path=()), shape)
    return Merged(documents=layers, root=root, value=root.value)


def _overlay(lower: Node | None, upper: Origin, shape: Shape) -> Node:
    value = upper.value
    hidden = (*lower.origins, *lower.shadowed) if lower else ()
    if not isinstance(value, dict):
        return Node(origins=(upper,), shadowed=hidden)
    below = Node() if lower is None or lower.children is None else lower
    children = dict(below.children or {})
    for key in value:
        same = _same(children, key, value, upper.path, shape)
        part = Origin(document=upper.document, path=(*upper.path, key))
        children[key] = _overlay(children.get(same), part, shape)
        if same != key:
            children.pop(same, None)
    shadowed = hidden if below is not lower else below.shadowed
    return Node(origins=(upper, *below.origins), shadowed=shadowed, children=children)


def _same(
    children: Mapping[str, Node], key: str, value: Mapping[str, Any], path: KeyPath, shape: Shape
) -> str:
    """Find the name by which a weaker document has this key."""
    if key in children:
        return key
    aliases = (other for other in children if other not in value)
    return next((other for other in aliases if shape.shown(path, other) == shape.shown(path, key)), key)


def _replaced(value: Any, path: KeyPath, new: JsonValue) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copy

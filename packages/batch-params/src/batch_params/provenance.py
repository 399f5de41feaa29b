"""What `--explain` prints: every key with its value, where that comes from, and what it hides."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic.json_schema import JsonSchemaValue

from batch_params.merge import Merged, Node, Origin
from batch_params.problems import KeyPath, dotted, printable
from batch_params.references import reference
from batch_params.schema import MASK
from batch_params.shape import Shape
from batch_params.strict_json import JsonValue

_DEFAULT = "default"
_SHADOWED = "  shadowed"
_WIDEST = 40  # a longer value shifts its own source only


@dataclass(frozen=True, kw_only=True)
class Row:
    """One value: the one that counts, or one that is hidden by the row above."""

    key: str
    value: str
    source: str


def explained(merged: Merged, shape: Shape) -> str:
    """Show the merged parameters as a table. Secrets are masked, references to secrets are not.

    What the model has no place for is masked too: its key may be a secret's, misspelt.
    """
    rows = [
        Row(key="KEY", value="VALUE", source="SOURCE"),
        *_Rows(shape, _hidden(merged.value, shape)).below(merged.root, ()),
    ]
    widths = [max(len(row.key) for row in rows), min(_WIDEST, max(len(row.value) for row in rows))]
    return "".join(
        f"{row.key:{widths[0]}}  {row.value:{widths[1]}}  {row.source}".rstrip() + "\n" for row in rows
    )


@dataclass(frozen=True)
class _Rows:
    shape: Shape
    hidden: Collection[KeyPath]

    def below(self, node: Node, path: KeyPath) -> Iterator[Row]:
        """Give the rows of an object: the model's keys in its order, then others."""
        given = dict(node.children or {})
        by_name = {self.shape.shown(path, key): key for key in given}
        for name, described in self.shape.properties(path).items():
            if name in by_name:
                key = by_name[name]
                yield from self._given(given.pop(key), (*path, key))
            elif len(self.shape.objects(path)) == 1:  # of a union, it may be a key of another member
                yield self._absent(path, name, described)
        for key, child in given.items():
            yield from self._given(child, (*path, key))

    def _given(self, node: Node, path: KeyPath) -> Iterator[Row]:
        is_whole = node.children is None or path in self.hidden
        is_entered = not is_whole and (node.children or self.shape.objects(path))
        if is_entered:
            yield from self.below(node, path)
        else:
            yield self._row(printable(dotted(path)), node.origins[0])
        yield from (self._row(_SHADOWED, origin) for origin in node.shadowed)
        default = self._default(
            self.shape.properties(path[:-1]).get(self.shape.shown(path[:-1], str(path[-1])), ())
        )
        if default is not None and not is_entered:
            yield Row(key=_SHADOWED, value=default, source=_DEFAULT)

    def _row(self, key: str, origin: Origin) -> Row:
        value = _masked(origin.value, origin.path, _hidden(origin.document.value, self.shape))
        return Row(key=key, value=_json(value), source=printable(str(origin)))

    def _absent(self, path: KeyPath, name: str, described: Sequence[JsonSchemaValue]) -> Row:
        key = printable(dotted((*path, name)))
        if any(name in node.get("required", ()) for node in self.shape.objects(path)):
            return Row(key=key, value="(missing)", source="")
        return Row(key=key, value=self._default(described) or "(made by the model)", source=_DEFAULT)

    def _default(self, described: Sequence[JsonSchemaValue]) -> str | None:
        for node in described:
            if "default" in node:
                return _json(_masked(node["default"], (), _hidden(node["default"], self.shape, node)))
        return None


def _hidden(value: Any, shape: Shape, node: JsonSchemaValue | None = None) -> set[KeyPath]:
    return {path for path, _ in shape.secret_parts(value, node)}


def _masked(value: Any, path: KeyPath, hidden: Collection[KeyPath]) -> Any:
    if any(path[:end] in hidden for end in range(len(path) + 1)):
        return _secret(value)
    if isinstance(value, dict):
        return {key: _masked(part, (*path, key), hidden) for key, part in value.items()}
    if isinstance(value, list):
        return [_masked(part, (*path, index), hidden) for index, part in enumerate(value)]
    return value


def _secret(value: Any) -> Any:
    is_shown = value is None or (isinstance(value, str) and reference(value) is not None)
    return value if is_shown else MASK


def _json(value: JsonValue) -> str:
    return printable(json.dumps(value, ensure_ascii=False))

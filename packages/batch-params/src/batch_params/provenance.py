"""What `--explain` prints: every key with its value, where that comes from, and what it hides."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic.json_schema import JsonSchemaValue

from batch_params.merge import Merged, Node, Origin
from batch_params.problems import KeyPath, dotted, printable
from batch_params.references import reference
from batch_params.schema import MASK
from batch_params.shape import Shape
from batch_params.strict_json import JsonValue

DEFAULT = "default"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One value: the one that counts, or one that is hidden by the row above."""

    key: str
    value: str
    source: str


def explained(merged: Merged, shape: Shape) -> str:
    """Show the merged parameters as a table. Secrets are masked, references to secrets are not.

    What stands under an unknown key is masked too: the key may be a secret's, misspelt.
    """
    rows = [Row(key="KEY", value="VALUE", source="SOURCE"), *_Rows(shape).below(merged.root, ())]
    widths = [max(len(getattr(row, column)) for row in rows) for column in ("key", "value")]
    return "".join(
        f"{row.key:{widths[0]}}  {row.value:{widths[1]}}  {row.source}".rstrip() + "\n" for row in rows
    )


@dataclass(frozen=True)
class _Rows:
    shape: Shape

    def below(self, node: Node, path: KeyPath) -> Iterator[Row]:
        """Give the rows of an object: the model's keys in its order, then others."""
        given = dict(node.children or {})
        by_name = {self.shape.shown(path, key): key for key in given}
        for name, described in self.shape.properties(path).items():
            if name in by_name:
                key = by_name[name]
                yield from self._given(given.pop(key), (*path, key))
            elif len(self.shape.objects(path)) == 1:  # of a union, it may be a key of another member
                yield from self._absent(path, name, described)
        for key, child in given.items():
            yield from self._given(child, (*path, key))

    def _given(self, node: Node, path: KeyPath) -> Iterator[Row]:
        hidden = [self._row("  shadowed", origin) for origin in node.shadowed]
        if node.children or (node.children is not None and self.shape.objects(path)):
            yield from self.below(node, path)
            yield from hidden
            return
        value = self._text(node.value, path)
        yield Row(key=printable(dotted(path)), value=value, source=printable(str(node.origins[0])))
        yield from hidden
        if (default := self._default(path)) is not None:
            yield Row(key="  shadowed", value=default, source=DEFAULT)

    def _row(self, key: str, origin: Origin) -> Row:
        return Row(key=key, value=self._text(origin.value, origin.path), source=printable(str(origin)))

    def _absent(self, path: KeyPath, name: str, described: list[JsonSchemaValue]) -> Iterator[Row]:
        here = (*path, name)
        is_required = any(name in node.get("required", ()) for node in self.shape.objects(path))
        value = "(missing)" if is_required else self._default(here) or "(made by the model)"
        yield Row(key=printable(dotted(here)), value=value, source="" if is_required else DEFAULT)

    def _default(self, path: KeyPath) -> str | None:
        described = self.shape.properties(path[:-1]).get(self.shape.shown(path[:-1], str(path[-1])), [])
        defaults = [node["default"] for node in described if "default" in node]
        return self._text(defaults[0], path) if defaults else None

    def _text(self, value: JsonValue, path: KeyPath) -> str:
        return printable(json.dumps(self._masked(value, path), ensure_ascii=False))

    def _masked(self, value: Any, path: KeyPath) -> Any:
        if self._is_hidden(path):
            return self._secret(value)
        if isinstance(value, dict):
            return {key: self._masked(part, (*path, key)) for key, part in value.items()}
        if isinstance(value, list):
            return [self._masked(part, (*path, index)) for index, part in enumerate(value)]
        return value

    def _is_hidden(self, path: KeyPath) -> bool:
        return self.shape.is_secret(path) or not self.shape.is_known(path)

    def _secret(self, value: Any) -> Any:
        is_shown = value is None or (isinstance(value, str) and reference(value) is not None)
        if is_shown:
            return value
        return [*map(self._secret, value)] if isinstance(value, list) else MASK

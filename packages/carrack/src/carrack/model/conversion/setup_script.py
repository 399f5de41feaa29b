"""A setup.py, read without being run, and made smaller."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_CALLS = ("setup", "setuptools.setup", "distutils.core.setup", "core.setup")
_FINDS = {"find_packages": False, "find_namespace_packages": True}


@dataclass(frozen=True, kw_only=True)
class Find:
    """A call of `find_packages` whose arguments are all written down."""

    where: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    namespaces: bool


@dataclass(frozen=True)
class SetupScript:
    """What a setup.py hands to `setup()`."""

    tree: ast.Module
    call: ast.Call

    @property
    def keywords(self) -> Mapping[str, ast.expr]:
        """The arguments by name, with those of a dictionary that is handed over as `**name` and written down."""
        found = {word.arg: word.value for word in self.call.keywords if word.arg}
        for display in self._dictionaries():
            found |= {key: value for key, _, value in _items(display)}
        return found

    @property
    def hides(self) -> bool:
        """Whether arguments come from something that is not written down."""
        spread = [word for word in self.call.keywords if word.arg is None]
        return len(spread) > len(list(self._dictionaries()))

    def line(self, keyword: str) -> int | None:
        """Where a keyword is."""
        value = self.keywords.get(keyword)
        return value.lineno if value is not None else None

    def literal(self, keyword: str) -> Any:
        """The value that is written down: a literal, or a name or a sum of such; None where it is anything else."""
        value = self.keywords.get(keyword)
        return None if value is None else self._value(value)

    def find(self) -> Find | None:
        """The call of `find_packages` that `packages` is, where it is one and nothing else."""
        call = self.keywords.get("packages")
        if (
            not isinstance(call, ast.Call)
            or (name := ast.unparse(call.func).rpartition(".")[2]) not in _FINDS
        ):
            return None
        order = ("where", "exclude", "include")
        told = dict(zip(order, call.args, strict=False)) | {word.arg: word.value for word in call.keywords}
        values = {key: self._value(value) for key, value in told.items() if key}
        if None in values.values() or None in told:
            return None
        include, exclude = (_several(values.get(key, ())) for key in ("include", "exclude"))
        where = str(values.get("where", "."))
        return Find(where=where, include=include, exclude=exclude, namespaces=_FINDS[name])

    def _value(self, value: ast.expr, depth: int = 5) -> Any:
        try:
            return ast.literal_eval(value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            pass
        if isinstance(value, ast.Name) and value.id == "__doc__":
            return ast.get_docstring(self.tree, clean=False)
        if depth and isinstance(value, ast.Name):
            known = self._assigned(value.id)
            return None if known is None else self._value(known, depth - 1)
        if depth and isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
            left, right = self._value(value.left, depth - 1), self._value(value.right, depth - 1)
            return left + right if type(left) is type(right) and left is not None else None
        return None

    def _assigned(self, name: str) -> ast.expr | None:
        """What the module gives a name, where it does so once and for all."""
        assigned = [
            node.value
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Assign)
            and [target.id for target in node.targets if isinstance(target, ast.Name)] == [name]
        ]
        others = [n for n in ast.walk(self.tree) if isinstance(n, ast.Name) and n.id == name]
        changed = [n for n in others if isinstance(n.ctx, ast.Store | ast.Del)]
        touched = [
            n
            for n in ast.walk(self.tree)
            if isinstance(n, ast.Attribute | ast.Subscript)
            and isinstance(n.value, ast.Name)
            and n.value.id == name
            and (isinstance(n.ctx, ast.Store) or isinstance(n, ast.Attribute))
        ]
        return assigned[0] if len(assigned) == 1 and len(changed) == 1 and not touched else None

    def _dictionaries(self) -> Iterator[ast.expr]:
        for word in self.call.keywords:
            if word.arg is None:
                value = self._assigned(word.value.id) if isinstance(word.value, ast.Name) else word.value
                if value is not None and _is_display(value):
                    yield value

    def spans(self, names: Collection[str]) -> Iterator[tuple[ast.expr, ast.expr]]:
        """First and last expression of each argument of these names, where they stand."""
        for word in self.call.keywords:
            if word.arg in names:
                yield _at_keyword(word), word.value
        for display in self._dictionaries():
            yield from ((key, value) for name, key, value in _items(display) if name in names)


def read_script(text: str) -> SetupScript | None:
    """The setup.py with this text; None where it is not Python 3, or has not exactly one call of `setup()`."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) in _CALLS
    ]
    return SetupScript(tree, calls[0]) if len(calls) == 1 else None


def _is_display(value: ast.expr) -> bool:
    return isinstance(value, ast.Dict) or (
        isinstance(value, ast.Call) and ast.unparse(value.func) == "dict" and not value.args
    )


def _items(display: ast.expr) -> Iterator[tuple[str, ast.expr, ast.expr]]:
    if isinstance(display, ast.Dict):
        for key, value in zip(display.keys, display.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, key, value
    elif isinstance(display, ast.Call):
        for word in display.keywords:
            if word.arg:
                yield word.arg, _at_keyword(word), word.value


def _at_keyword(word: ast.keyword) -> ast.expr:
    """A keyword has a place of its own, which `ast` gives the attributes of an expression's."""
    return ast.copy_location(ast.Constant(word.arg), word)


def constants(text: str) -> tuple[str, ...]:
    """Every text that is written down in a Python file; none where it is not Python 3."""
    try:
        return tuple(strings(ast.parse(text)))
    except (SyntaxError, ValueError):
        return ()


def strings(value: ast.AST) -> Iterator[str]:
    """Every text that is written down somewhere in an expression."""
    for node in ast.walk(value):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _several(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)

"""A setup.py without arguments that pyproject.toml says now, and without what was only there for them."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterator

from carrack.model.conversion.setup_script import read_script

_BINDING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
_HOLDING = (ast.With, ast.Try, ast.If, ast.For)


def without_keywords(text: str, names: Collection[str]) -> str:
    """The setup.py without these arguments of `setup()`, nor imports, names and functions that then nobody uses.

    Comments elsewhere and everything that does something stay.
    """
    script = read_script(text)
    if script is None:
        return text
    lines = text.splitlines(keepends=True)
    starts = [_offset(lines, start.lineno, start.col_offset) for start, _ in script.spans(names)]
    for start in sorted(starts, reverse=True):
        text = _cut(text, start)
    return _unused_gone(text)


def _offset(lines: list[str], row: int, column: int) -> int:
    """The place in the text of what `ast` finds at a line and a byte of it."""
    within = len(lines[row - 1].encode()[:column].decode())
    return sum(map(len, lines[: row - 1])) + within


def _cut(text: str, start: int) -> str:
    """Without the argument that begins at `start`, its comma, and the rest of a line that is then empty."""
    end = _end_of_argument(text, start)
    line = text.rfind("\n", 0, start) + 1
    rest = re.compile(r"[ \t]*(#[^\n]*)?\n?").match(text, end)
    if text[line:start].strip() == "" and rest and rest[0].endswith("\n"):
        return text[:line] + text[rest.end() :]
    blank = re.compile(r"[ \t]*").match(text, end)
    return text[:start] + text[blank.end() if blank else end :]


def _end_of_argument(text: str, start: int) -> int:
    """After the comma that ends the argument at `start`, else before the bracket that ends the call."""
    lines = text.splitlines(keepends=True)
    depth = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        place = sum(map(len, lines[: token.start[0] - 1])) + token.start[1]
        if place < start or token.type != tokenize.OP:
            continue
        if token.string == "," and depth == 0:
            return place + 1
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.string, 0)
        if depth < 0:
            return place
    return len(text)


def _unused_gone(text: str) -> str:
    while (gone := _unused(ast.parse(text))) is not None:
        lines = text.splitlines(keepends=True)
        first = gone.lineno - 1
        while first and lines[first - 1].startswith("#") and not lines[first - 1].startswith("#!"):
            first -= 1
        text = "".join(lines[:first] + lines[gone.end_lineno or len(lines) :])
    return re.sub(r"\n{4,}", "\n\n\n", text)


def _unused(tree: ast.Module) -> ast.stmt | None:
    """The last statement that only gives names which no other statement knows."""
    for statement in reversed(tree.body):
        bound = set(_bound(statement))
        if bound and _only_binds(statement) and not bound & _known(tree, statement):
            return statement
    return None


def _only_binds(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
        return False
    if isinstance(statement, ast.Assign):
        return all(isinstance(target, ast.Name | ast.Tuple) for target in statement.targets)
    if isinstance(statement, _HOLDING):
        inner = [node for node in ast.iter_child_nodes(statement) if isinstance(node, ast.stmt)]
        handled = [node for h in getattr(statement, "handlers", ()) for node in h.body]
        return all(isinstance(node, ast.Pass) or _only_binds(node) for node in inner + handled)
    return isinstance(statement, _BINDING)


def _bound(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _known(tree: ast.Module, but: ast.stmt) -> set[str]:
    others = (node for statement in tree.body if statement is not but for node in ast.walk(statement))
    return {node.id for node in others if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}

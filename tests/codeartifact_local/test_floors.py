"""The rooms of the server, read from the source: who may import whom."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import codeartifact_local

SOURCE = Path(codeartifact_local.__file__).parent
MAY_IMPORT = {
    "protocol": {"protocol", "content", "hosts"},
    "store": {"store"},
    "controls": {"controls", "store"},
    "upstream": {"upstream", "controls", "store", "content", "clock", "hosts", "naming"},
    "operations": {
        "operations",
        "archives",
        "content",
        "controls",
        "naming",
        "protocol",
        "service",
        "settings",
        "store",
        "upstream",
        "visibility",
    },
    "pypi": {
        "pypi",
        "archives",
        "content",
        "controls",
        "naming",
        "service",
        "store",
        "tokens",
        "upstream",
        "visibility",
    },
    "console": {
        "console",
        "controls",
        "hosts",
        "naming",
        "operations",
        "service",
        "store",
        "upstream",
        "visibility",
    },
}


def strays(room: str, source: str) -> Iterator[str]:
    """The rooms that a module in `room` with this source imports, and may not."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("codeartifact_local."):
            other = str(node.module).split(".")[1]
            if other not in MAY_IMPORT[room]:
                yield other


def test_every_room_knows_only_what_is_below_it() -> None:
    """The protocol knows no data, the store only itself, operations and pypi not each other."""
    found = {
        path.relative_to(SOURCE).as_posix(): others
        for room in MAY_IMPORT
        for path in (SOURCE / room).rglob("*.py")
        if (others := list(strays(room, path.read_text(encoding="utf-8"))))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("protocol", "from codeartifact_local.store.records import Asset"),
        ("store", "from codeartifact_local.upstream.chain import reach"),
        ("pypi", "from codeartifact_local.operations import OPERATIONS"),
    ],
)
def test_the_reader_of_rooms_catches(room: str, source: str) -> None:
    """Each of these is seen: a rule that never speaks would prove nothing."""
    assert list(strays(room, source))

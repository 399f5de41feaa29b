"""The floors of the house, read from the source: who imports whom, who prints, who sees the environment."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import carrack

SOURCE = Path(carrack.__file__).parent
FLOORS = ("errors", "model", "ports", "commands", "adapters", "cli")
MAY_IMPORT = {
    "errors": set[str](),
    "model": {"errors", "model"},
    "ports": {"errors", "model"},
    "commands": {"errors", "model", "ports", "commands"},
    "adapters": {"errors", "model", "ports", "adapters"},
    "cli": set(FLOORS),
}
PURE = {
    *(
        "packaging",
        "__future__",
        "abc",
        "base64",
        "collections",
        "dataclasses",
        "datetime",
        "decimal",
        "difflib",
        "enum",
    ),
    *(
        "fnmatch",
        "functools",
        "graphlib",
        "hashlib",
        "itertools",
        "json",
        "math",
        "operator",
        "pathlib",
        "re",
    ),
    *("shlex", "string", "textwrap", "types", "typing", "urllib.parse"),
    *("ast", "configparser", "csv", "email", "io", "tokenize", "tomlkit"),  # texts in, texts out
    "batch_params.shard",  # which children of an array a retry has
    "batch_params.transport",  # the forms in which a job reads its configuration
}
"""What the model may use of others: packages that compute. `pathlib` is there for its names; see DOES."""
DOES = {
    *("open", "input", "print", "read_text", "write_text", "read_bytes", "write_bytes", "mkdir", "unlink"),
    *("exists", "is_file", "is_dir", "iterdir", "glob", "rglob", "stat", "resolve", "cwd", "home"),
    *("now", "utcnow", "today"),
}
"""Names of calls that touch the disk, the terminal or the clock."""
FORK_SERVER = "adapters/builder/fork_server.py"
"""Runs in the Python of a build environment, and gives each hook the environment that it is told."""
PROCESSES_OF_THEIR_OWN = {
    "adapters/builder/worker.py",
    "adapters/builder/environment_maker.py",
    "adapters/local_batch/supervisor.py",
    FORK_SERVER,
}
"""Not imported by anything: what they write to stdout is an answer to their parent."""


def floor_of(module: str) -> str:
    """`carrack.adapters.git` is on the floor `adapters`."""
    return module.split(".")[1] if "." in module else ""


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every module that is imported anywhere in `tree`, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield from (
                (node.lineno, f"{base}.{alias.name}" if base in ("carrack", "urllib") else base)
                for alias in node.names
            )


def called(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The last name of every call, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            yield node.lineno, name


def dotted(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every `a.b` in `tree`, and every `from a import b` as `a.b`, with its line; `a.b.flush` prints nothing."""
    flushed = [
        node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "flush"
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node not in flushed:
            yield node.lineno, f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def complaints(path: str, source: str) -> list[str]:
    """What speaks against a module at `path` (below the package) with this source, one line each."""
    tree = ast.parse(source)
    floor = Path(path).parts[0].removesuffix(".py")
    found = [*_upward(floor, tree)]
    if floor == "model":
        found += _impure(tree)
    found += _inheriting(tree)
    if floor != "adapters":
        found += _by_hand(tree)
    if floor != "cli" and path not in PROCESSES_OF_THEIR_OWN:
        found += _worldly(tree)
    return [f"{path}:{line}: {what}" for line, what in found]


def _upward(floor: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    for line, module in imported(tree):
        if module.split(".")[0] == "carrack" and floor_of(module) not in MAY_IMPORT[floor]:
            yield line, f"{floor} imports {module}"


def _impure(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for line, module in imported(tree):
        if module.split(".")[0] != "carrack" and not {module, module.split(".")[0]} & PURE:
            yield line, f"the model imports {module}"
    for line, name in called(tree):
        if name in DOES:
            yield line, f"the model calls {name}()"


def _worldly(tree: ast.AST) -> Iterator[tuple[int, str]]:
    told = {"sys.stdout": "prints", "sys.stderr": "prints", "click.echo": "prints", "rich.print": "prints"}
    told |= {"sys.exit": "exits", "os._exit": "exits", "builtins.exit": "exits"}
    told |= {"os.environ": "reads the environment", "os.getenv": "reads the environment"}
    for line, name in dotted(tree):
        if name in told:
            yield line, f"{told[name]}: {name}"
    for line, name in called(tree):
        if name in ("print", "exit", "quit", "SystemExit"):
            yield line, f"prints or exits: {name}()"
    for line, module in imported(tree):
        if module.split(".")[0] in ("click", "rich"):
            yield line, f"talks to the terminal: {module}"


def _inheriting(tree: ast.AST) -> Iterator[tuple[int, str]]:
    runs = ("subprocess.run", "subprocess.Popen", "subprocess.check_call", "subprocess.check_output")
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in runs:
            continue
        if "env" not in {keyword.arg for keyword in node.keywords}:
            yield node.lineno, "a child inherits the whole environment"


def _by_hand(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """A command about jobs that is told without the index that was said: `CommandLine` writes them."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docs and "carrack job " in str(node.value):
            yield node.lineno, f"a command that is written by hand: {node.value!r}"


def test_every_module_keeps_its_floor() -> None:
    """Imports go down only, the model computes only, and cli alone prints, exits and reads the environment."""
    found = {path.relative_to(SOURCE).as_posix(): path.read_text() for path in SOURCE.rglob("*.py")}
    modules = {path: text for path, text in found.items() if not path.startswith(("__init__", "templates/"))}
    assert {Path(module).parts[0].removesuffix(".py") for module in modules} == set(FLOORS)
    assert [line for module, source in modules.items() for line in complaints(module, source)] == []


def test_a_process_of_its_own_is_not_imported() -> None:
    """A module that may write to stdout is run with `-m`, never imported by the rest."""
    own = {f"carrack.{path.removesuffix('.py').replace('/', '.')}" for path in PROCESSES_OF_THEIR_OWN}
    for path in SOURCE.rglob("*.py"):
        assert not own & {module for _, module in imported(ast.parse(path.read_text()))}, path


def test_nothing_reads_the_environment_but_cli() -> None:
    """The build worker too is told its backends' environment by its parent, and reads none itself."""
    for path in PROCESSES_OF_THEIR_OWN - {FORK_SERVER}:
        assert not {name for _, name in dotted(ast.parse((SOURCE / path).read_text()))} & {
            "os.environ",
            "os.getenv",
        }


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("model/plan.py", "from carrack.ports import Report"),
        ("model/plan.py", "from carrack.adapters import git"),
        ("model/plan.py", "from carrack import ports"),
        ("model/plan.py", "import os"),
        ("model/plan.py", "import subprocess"),
        ("model/plan.py", "import random"),
        ("model/plan.py", "from urllib import request"),
        ("model/plan.py", "import requests"),
        ("model/plan.py", "def f():\n    import time"),
        ("model/plan.py", "def f(p):\n    return p.read_text()"),
        ("model/plan.py", "def f(datetime):\n    return datetime.now()"),
        ("model/plan.py", "open('x')"),
        ("ports.py", "from carrack.commands.build import build"),
        ("errors.py", "from carrack.model.index import Index"),
        ("commands/build.py", "from carrack.adapters.git import Git"),
        ("commands/build.py", "import carrack.cli.main"),
        ("commands/build.py", "def f():\n    from carrack import adapters"),
        ("adapters/git.py", "from carrack.commands.build import build"),
        ("adapters/git.py", "from carrack.cli import output"),
        ("adapters/git.py", "print('x')"),
        ("adapters/git.py", "import sys\nsys.stdout.write('x')"),
        ("adapters/git.py", "from sys import stderr"),
        ("adapters/git.py", "import click"),
        ("adapters/git.py", "from rich.console import Console"),
        ("adapters/git.py", "import os\nos.environ['HOME']"),
        ("adapters/git.py", "from os import environ"),
        ("adapters/git.py", "import os\nos.getenv('HOME')"),
        ("adapters/git.py", "import subprocess\nsubprocess.run(['git'])"),
        ("commands/build.py", "import sys\nsys.exit(1)"),
        ("commands/build.py", "raise SystemExit(1)"),
        ("commands/build.py", "hint = f'see carrack job watch {job}'"),
    ],
)
def test_the_reader_of_floors_catches(path: str, source: str) -> None:
    """Each of these small faults is seen: a rule that never speaks would prove nothing."""
    assert complaints(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("model/plan.py", "from carrack.model.graph import waves\nfrom packaging.version import Version"),
        ("model/plan.py", "from urllib.parse import quote\nfrom pathlib import PurePosixPath"),
        ("commands/build.py", "from carrack.ports import Builder\nimport tempfile"),
        ("adapters/git.py", "import os\nos.devnull"),
        ("adapters/run.py", "import sys\nsys.stdout.flush()"),
        ("commands/build.py", "def f():\n    'See `carrack job watch`.'"),
        ("cli/main.py", "import os\nimport sys\nprint(os.environ)\nsys.exit(0)"),
    ],
)
def test_the_reader_of_floors_lets_pass(path: str, source: str) -> None:
    """What each floor is for is not complained about."""
    assert complaints(path, source) == []


def test_nothing_happens_at_import() -> None:
    """A module's top level holds definitions, imports and constants: no bare call, loop or with."""
    allowed = (
        ast.Import,
        ast.ImportFrom,
        ast.FunctionDef,
        ast.ClassDef,
        ast.Assign,
        ast.AnnAssign,
        ast.AugAssign,
    )
    for path in SOURCE.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            guarded = isinstance(node, ast.If) and ast.unparse(node.test) in (
                "TYPE_CHECKING",
                "__name__ == '__main__'",
            )
            assert isinstance(node, allowed) or docstring or guarded, f"{path}:{node.lineno}"


def test_the_page_of_the_house_says_what_is_taken_of_batch_params() -> None:
    """Each of its modules that anything here imports, and no other."""
    page = (Path(__file__).parents[2] / "docs/architecture.md").read_text(encoding="utf-8")
    _, _, told = page.partition("modules of `batch-params`")
    taken = {
        module.split(".")[1]
        for path in SOURCE.rglob("*.py")
        for _, module in imported(ast.parse(path.read_text(encoding="utf-8")))
        if module.startswith("batch_params.")
    }
    assert set(re.findall(r"`(\w+)`", told.partition("`record-rules`")[0])) == taken

"""What each client is told, read from the README of codeartifact-local: the tests run its very lines."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "packages" / "codeartifact-local" / "README.md"
STEPS = frozenset(
    {
        *("build", "publish", "install", "lock", "install from the lock"),
        *("login for pip", "login for twine"),
    }
)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_STEP = re.compile(r"^(?P<command>.*\S)\s+# (?P<step>.+)$")


@dataclass(frozen=True, kw_only=True)
class Start:
    """One client's start: what tells it where the index is, and a command for each step."""

    configuration: str
    steps: dict[str, str]
    manifest: str = ""
    """What its pyproject.toml needs."""


def opening(readme: str) -> list[str]:
    """The blocks before the first client: what makes a domain, and what gives token and addresses."""
    return [content for _, content in _BLOCK.findall(_section(readme).split("\n### ")[0])]


def starts(readme: str) -> dict[str, Start]:
    """The start of each client that the README has one for."""
    found = {}
    for part in _section(readme).split("\n### ")[1:]:
        blocks = dict(_BLOCK.findall(part))
        found[part.partition("\n")[0]] = _start(blocks["sh"], blocks.get("toml", ""))
    return found


def _section(readme: str) -> str:
    return readme.split("\n## Starts\n", 1)[1].split("\n## ", 1)[0]


def _start(shell: str, manifest: str) -> Start:
    steps, configuration = defaultdict(list), []
    for line in shell.splitlines():
        if marked := _STEP.match(line):
            steps[marked["step"]].append(marked["command"])
        else:
            configuration.append(line)
    return Start(
        configuration="\n".join(configuration),
        steps={step: "\n".join(commands) for step, commands in steps.items()},
        manifest=manifest,
    )

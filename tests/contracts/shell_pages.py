"""Runs the shell blocks of a page of docs as a reader would: one shell, in their order."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]


def blocks(page: str, language: str) -> list[str]:
    """The page's code blocks in a language, without their fences."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def run_blocks(
    page: str, folder: Path, environ: Mapping[str, str], *, last: int | None = None, language: str = "sh"
) -> subprocess.CompletedProcess[str]:
    """Run the first `last` blocks, or all, in `folder`; the shell stops where one fails."""
    script = "\n".join(["set -euo pipefail", *blocks(page, language)[:last]])
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=dict(environ), capture_output=True, text=True, check=False
    )

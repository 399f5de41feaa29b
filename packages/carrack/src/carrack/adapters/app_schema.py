"""What an app's own program says of its parameters."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

_PATIENCE = 20  # seconds; it imports the app, and does nothing


def read_schema(environment: Path, command: str | None) -> Any:
    """The JSON Schema that `COMMAND --schema` prints (batch-params), run in the app's environment without ours.

    None where there is no such program, or it prints none: then nothing is known of its parameters.
    """
    program = environment / "bin" / (command or "")
    if command is None or not program.is_file():
        return None
    environ = {"PATH": f"{program.parent}:/usr/bin:/bin", "LANG": "C.UTF-8"}
    try:
        done = subprocess.run(
            [program, "--schema"],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=True,
        )
        return json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None

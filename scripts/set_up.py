"""Install a pinned requirements file, then folders as editable, into the environment that runs this.

uv does it, four times as fast as pip; pip only brings uv, and says which index and certificates to use.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def main(requirements: Path, folders: Sequence[str]) -> None:
    """Do it; the first command that fails ends this with its own words and exit code."""
    bring_uv(requirements)
    uv = (sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--no-config")
    environ = {**os.environ, **settings_of_pip()}
    run(*uv, "--compile-bytecode", "--require-hashes", "-r", str(requirements), environ=environ)
    editable = [argument for folder in folders for argument in ("--editable", folder)]
    run(*uv, "--no-build-isolation", "--no-sources", *editable, environ=environ)


def bring_uv(requirements: Path) -> None:
    """Install the one distribution that installs the others, by the same file's hashes."""
    pinned = re.search(r"^uv==.*\n(?:    .*\n)+", requirements.read_text(encoding="utf-8"), re.MULTILINE)
    assert pinned, f"{requirements} does not pin uv"  # noqa: S101 - ours, and a test of `make setup` would see it
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "uv.txt"
        file.write_text(pinned[0], encoding="utf-8")
        run(*PIP, "install", "-qq", "--no-deps", "--require-hashes", "-r", str(file))


def settings_of_pip() -> dict[str, str]:
    """Give uv the index and the certificates that pip is configured with."""
    listed = subprocess.run([*PIP, "config", "list"], check=True, capture_output=True, text=True).stdout
    pairs = (line.partition("=")[::2] for line in listed.splitlines())
    found = {name.rpartition(".")[2]: value.strip("'\"") for name, value in pairs}
    wanted = {"UV_DEFAULT_INDEX": found.get("index-url"), "SSL_CERT_FILE": found.get("cert")}
    return {name: value for name, value in wanted.items() if value}


def run(*command: str, environ: Mapping[str, str] | None = None) -> None:
    """Run one command, its output on ours."""
    done = subprocess.run(command, env=environ, check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

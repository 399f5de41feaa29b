"""The load: wrk for pages and files, one keep-alive client for uploads, pip for installing."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable

import httpx
from tests.bench.index.servers import LOAD_CORE, File, Server
from tests.codeartifact_local.process import debian_tool


def requests_per_second(server: Server, url: str, *, clients: int, seconds: int) -> float:
    """Return how many requests a second `clients` connections of wrk get answered; each answer must be 200."""
    command = ["taskset", "-c", LOAD_CORE, debian_tool("wrk"), "-t1", f"-c{clients}", f"-d{seconds}s"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:  # a token is not for the command line
        script.writelines(f'wrk.headers["{name}"] = "{value}"\n' for name, value in server.headers.items())
        script.flush()
        done = subprocess.run([*command, "-s", script.name, url], capture_output=True, text=True, check=True)
    printed = done.stdout
    assert "Non-2xx" not in printed, f"{server.name}: {printed}"
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", printed)[0])


def upload_seconds(server: Server, files: Iterable[File]) -> float:
    """Return how long one client takes to upload `files`, one after the other."""
    with httpx.Client(trust_env=False, timeout=120) as http:
        began = time.perf_counter()
        for file in files:
            server.upload(http, file)
        return time.perf_counter() - began


def install_seconds(server: Server, projects: Iterable[str]) -> float:
    """Return how long pip takes to install `projects` into an empty folder, without its cache."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "--isolated", "install", "--quiet", "--no-cache-dir"]
        command += ["--no-compile", "--disable-pip-version-check", "--no-input", "--target", folder]
        began = time.perf_counter()
        subprocess.run([*command, "--index-url", server.pip_url, *projects], check=True, capture_output=True)
        return time.perf_counter() - began

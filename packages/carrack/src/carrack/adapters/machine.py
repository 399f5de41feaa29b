"""Looks at this machine: Python, git, Docker, and pip's configuration."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path

from carrack.adapters.git import Git
from carrack.adapters.pip_settings import list_settings
from carrack.errors import WorkspaceError
from carrack.model.surroundings import DockerFacts, GitFacts, is_old

_PATIENCE_SECONDS = 20


class ThisMachine:
    """Implements `ports.Machine` for a user with `environ`, whose workspace is in `root`."""

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self._root = root
        self._environ = environ

    def python(self) -> str:
        """See `ports.Machine`."""
        return platform.python_version()

    def git(self) -> GitFacts:
        """See `ports.Machine`."""
        said = self._said("git", "--version")
        if said is None:
            return GitFacts(version=None)
        version = said.removeprefix("git version ").strip()
        if is_old(version):
            return GitFacts(version=version)
        try:
            shallow = Git(self._root, self._environ).state(()).shallow
        except WorkspaceError as error:
            return GitFacts(version=version, problem=error.message)
        return GitFacts(version=version, shallow=shallow)

    def docker(self) -> DockerFacts:
        """See `ports.Machine`."""
        client = self._said("docker", "version", "--format", "{{.Client.Version}}", even_if_failed=True)
        if not client:
            return DockerFacts(client=None)
        return DockerFacts(
            client=client,
            engine=self._said("docker", "version", "--format", "{{.Server.Version}}") or None,
            buildx=self._said("docker", "buildx", "version") is not None,
        )

    def pip_settings(self) -> tuple[tuple[str, str], ...] | None:
        """See `ports.Machine`."""
        return list_settings(self._environ)

    def _said(self, *command: str, even_if_failed: bool = False) -> str | None:
        """What a command writes; None where it is not there, fails, or does not end."""
        try:
            done = subprocess.run(
                command,
                env=dict(self._environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=_PATIENCE_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 or even_if_failed else None

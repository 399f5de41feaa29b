"""The environments and hooks that a worker uses, each found and started once."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from carrack.adapters.builder.hooks import Hooks
from carrack.adapters.cache.environments import BuildEnvironment, Environments


class LacksError(Exception):
    """There is no environment for these requirements yet."""

    def __init__(self, requires: frozenset[str]) -> None:
        super().__init__(requires)
        self.requires = sorted(requires)


@dataclass
class Workshop:
    """The environments and hooks that are in use, each found and started once; `stack` ends them."""

    environ: Mapping[str, str]
    stack: ExitStack
    _found: dict[tuple[str, frozenset[str], str], BuildEnvironment | None] = field(default_factory=dict)
    _hooks: dict[tuple[Path, str], Hooks] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def environment(self, folder: str, requires: frozenset[str], constraints: str) -> BuildEnvironment:
        """Raises LacksError where it has to be made first."""
        asked = (folder, requires, constraints)
        with self._lock:
            if asked not in self._found:
                finding = Environments(Path(folder)).find(sorted(requires), constraints)
                self._found[asked] = self.stack.enter_context(finding)
        found = self._found[asked]
        if found is None:
            raise LacksError(requires)
        return found

    @property
    def is_untouched(self) -> bool:
        """Whether all that was used is as it was made."""
        used = {found.folder: found for found in self._found.values() if found}
        return all(found.is_untouched for found in used.values())

    def environ_of(self, environment: BuildEnvironment) -> Mapping[str, str]:
        """What a backend in this environment sees, but for what is a package's own."""
        scripts = str(Path(environment.python).parent)
        paths = os.pathsep.join(filter(None, (scripts, self.environ.get("PATH"))))
        return {**self.environ, "PATH": paths, "PYTHONPATH": "", "PYTHONHASHSEED": "0"}

    def hooks(self, environment: BuildEnvironment, backend: str) -> Hooks:
        """The hooks of a backend in an environment."""
        with self._lock:
            if (environment.folder, backend) not in self._hooks:
                hooks = Hooks(environment, backend, self.environ_of(environment))
                self.stack.callback(hooks.stop)
                self._hooks[environment.folder, backend] = hooks
            return self._hooks[environment.folder, backend]

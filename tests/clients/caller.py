"""The files of whoever runs the tests: poisoned, so that a client that reads them fails, and hashed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

NOWHERE = "http://127.0.0.1:9/"
FILES = {
    ".pypirc": f"[distutils]\nindex-servers = codeartifact\n[codeartifact]\nrepository = {NOWHERE}\n",
    ".netrc": "machine 127.0.0.1 login nobody password nothing\n",
    ".aws/config": "[default]\nregion = mars-west-1\n",
    ".aws/credentials": "[default]\naws_access_key_id = caller\naws_secret_access_key = caller\n",
    ".config/pip/pip.conf": f"[global]\nindex-url = {NOWHERE}\n",
    ".config/uv/uv.toml": f'index-url = "{NOWHERE}"\n',
    ".config/pypoetry/auth.toml": '[http-basic.acme]\nusername = "nobody"\npassword = "nothing"\n',
    ".config/pdm/config.toml": f'[pypi]\nurl = "{NOWHERE}"\n',
    ".config/hatch/config.toml": f'[publish.index]\nrepo = "{NOWHERE}"\n',
    ".local/share/python_keyring/keyring_pass.cfg": "[nothing]\n",
}


@dataclass(frozen=True)
class Caller:
    """A HOME with files of every client."""

    home: Path
    _before: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, content in FILES.items():
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        self._before.update(self._hashes())

    def variables(self) -> dict[str, str]:
        """What makes this HOME the one of a process."""
        below = {"CONFIG": ".config", "CACHE": ".cache", "DATA": ".local/share", "STATE": ".local/state"}
        return {"HOME": str(self.home)} | {
            f"XDG_{name}_HOME": str(self.home / path) for name, path in below.items()
        }

    def changed(self) -> list[str]:
        """The files that came, went, or are others than they were."""
        before, now = self._before, self._hashes()
        return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))

    def _hashes(self) -> dict[str, str]:
        return {
            path.relative_to(self.home).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.home.rglob("*")
            if path.is_file()
        }

"""A push by the engine's client, with a login that the user's own configuration knows nothing of."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from carrack.adapters.registry_errors import immutable, missing
from carrack.adapters.retry import delays
from carrack.errors import CarrackError, DeniedError, StoppedError
from carrack.model.registry import Login, Repository

_PASSING = re.compile(
    r"connection reset|connection refused|broken pipe|unexpected EOF|: EOF|timeout|timed out|TOOMANYREQUESTS"
    r"|\b(?:429|50[0234])\b",
    re.IGNORECASE,
)
"""What engines say of faults that pass by themselves; they try layers again, and manifests not."""
_IMMUTABLE = re.compile(r"immutable", re.IGNORECASE)
_MISSING = re.compile(r"name unknown|repository .* does not exist", re.IGNORECASE)
_DENIED = re.compile(r"denied|unauthorized|no basic auth credentials|not authorized", re.IGNORECASE)
_LOGINS = "DOCKER_AUTH_CONFIG"
"""A variable that newer clients ask for logins before any file."""
_OWN = ("auths", "credsStore", "credHelpers")


@contextmanager
def docker_login(login: Login, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The environment in which Docker's client has this login and no other, and the settings and contexts of `environ`.

    They stand in a folder of mode 0700 that lives as long as the block does. The user's own folder is only read: what
    it has besides the logins is linked.
    """
    configuration = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", "/")) / ".docker")
    kept = {name: value for name, value in environ.items() if name != _LOGINS}
    with tempfile.TemporaryDirectory(prefix="carrack-login-") as name:
        folder = Path(name)
        for entry in configuration.iterdir() if configuration.is_dir() else ():
            if entry.name != "config.json":
                (folder / entry.name).symlink_to(entry.absolute())
        _write_login(folder, login, _settings(configuration / "config.json"))
        yield {**kept, "DOCKER_CONFIG": name}


@contextmanager
def podman_login(login: Login) -> Iterator[tuple[str, ...]]:
    """The options with which podman has this login and no other, while the block lasts.

    As Docker does it unasked, a registry on loopback may speak without encryption.
    """
    with tempfile.TemporaryDirectory(prefix="carrack-login-") as name:
        file = _write_login(Path(name), login, {})
        yield ("--authfile", str(file), *(["--tls-verify=false"] if login.on_loopback else []))


def pushed(command: Sequence[str], environ: Mapping[str, str], repository: Repository, tag: str) -> None:
    """Run `command`, again while what fails passes by itself.

    Raises NotReadyError where there is no such repository, PublishedDiffersError where the tag is another image's for
    ever, DeniedError where the login may not push, and StoppedError with what the engine said for anything else.
    """
    said = ""
    for delay in delays():
        answer = subprocess.run(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if answer.returncode == 0:
            return
        said = answer.stderr.strip()
        if not _PASSING.search(said.splitlines()[-1] if said else ""):
            break
        time.sleep(delay)
    raise _failure(repository, tag, said)


def _failure(repository: Repository, tag: str, said: str) -> CarrackError:
    if _IMMUTABLE.search(said):
        return immutable(repository, tag)
    if _MISSING.search(said):
        return missing(repository)
    last = said.splitlines()[-1] if said else "it does not say why"
    if _DENIED.search(said):
        return DeniedError(
            f"the registry does not let this login push: {last}",
            address=str(repository),
            hint="the credentials need ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload, "
            "ecr:BatchCheckLayerAvailability and ecr:PutImage",
        )
    return StoppedError(
        f"the engine could not push the image: {last}",
        address=f"{repository}:{tag}",
        done="layers that are there stay there",
        hint="run the same command again",
    )


def _settings(file: Path) -> dict[str, Any]:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # Docker's client does without one too
        return {}
    return {key: value for key, value in told.items() if key not in _OWN} if isinstance(told, dict) else {}


def _write_login(folder: Path, login: Login, settings: Mapping[str, Any]) -> Path:
    """A configuration in the form that Docker and podman share; `folder` is nobody else's."""
    secret = b64encode(f"{login.username}:{login.password}".encode()).decode()
    file = folder / "config.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps({**settings, "auths": {login.host: {"auth": secret}}}), encoding="utf-8")
    return file

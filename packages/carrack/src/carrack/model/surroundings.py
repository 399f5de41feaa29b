"""What `doctor` finds on this machine: its Python, git, Docker, proxies, and pip's configuration."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from packaging.version import InvalidVersion, Version

from carrack.model.diagnosis import Check, fail, ok, warn

_OLDEST_GIT = Version("2.15")
"""The first with `git rev-parse --is-shallow-repository` (its release notes)."""
_BUILDX_CLIENT = 23
"""Docker clients from 23 on leave BuildKit to the buildx plugin (Docker Engine release notes); older ones have it."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass(frozen=True, kw_only=True)
class GitFacts:
    """`version` None where there is no git; `problem` says why this is no repository to release from."""

    version: str | None
    shallow: bool = False
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class DockerFacts:
    """Versions of client and engine, None where they are not there; and whether the client has buildx."""

    client: str | None
    engine: str | None = None
    buildx: bool = False


def python(version: str, wanted: Mapping[str, Collection[str]]) -> Check:
    """Whether this Python can have the environments of the apps; `wanted` are the minor versions of their locks."""
    minor = ".".join(version.split(".")[:2])
    without = sorted(app for app, pythons in wanted.items() if minor not in pythons)
    if without:
        return warn(
            "python",
            f"{version}, for which {', '.join(without)} has no lock",
            "carrack install --python chooses another one; or add it to the app's pythons",
        )
    return ok("python", version)


def is_old(version: str) -> bool:
    """Whether a git of this version cannot be asked what releases need."""
    return _version(version) < _OLDEST_GIT


def git(facts: GitFacts) -> Check:
    """Whether releases can be made from this clone."""
    if facts.version is None:
        return fail("git", "git is not on PATH", "install git")
    if is_old(facts.version):
        return fail("git", f"{facts.version} is too old", f"install git {_OLDEST_GIT} or newer")
    if facts.problem:
        return fail("git", facts.problem, "git clone the workspace instead of copying its files")
    if facts.shallow:
        return warn(
            "git",
            f"{facts.version}; this is a shallow clone, which hides what changed since a release",
            "git fetch --unshallow; in CI fetch-depth: 0",
        )
    return ok("git", f"{facts.version}, a whole clone")


def docker(facts: DockerFacts) -> Check:
    """Whether images can be built; nothing else needs Docker."""
    only = "only images need it"
    if facts.client is None:
        return warn("docker", f"docker is not on PATH; {only}", "install Docker to build images here")
    if facts.engine is None:
        return warn(
            "docker",
            f"client {facts.client}, and no engine answers; {only}",
            "start Docker, or correct DOCKER_HOST; docker version shows what it says",
        )
    if not facts.buildx and _version(facts.client) >= Version(str(_BUILDX_CLIENT)):
        return warn(
            "docker",
            f"engine {facts.engine}, without BuildKit, which keeps the token out of images",
            "install the buildx plugin",
        )
    return ok("docker", f"engine {facts.engine}, with BuildKit")


def proxies(environ: Mapping[str, str], local: str | None) -> Check:
    """Whether the variables agree with each other; `local` is the host of an index that is not on AWS."""
    told = {name: _both(environ, name) for name in _PROXIES}
    for name, values in told.items():
        if len(set(values)) > 1:
            remedy = "set both alike: some programs read one, some the other"
            return warn("proxies", f"{name} and {name.lower()} say different things", remedy)
    used = {name: values[0] for name, values in told.items() if values and name != "NO_PROXY"}
    if used.keys().isdisjoint({"HTTPS_PROXY"}) and _both(environ, "ALL_PROXY"):
        return warn("proxies", "ALL_PROXY is set, which the AWS SDK does not read", "set HTTPS_PROXY instead")
    for name, value in used.items():
        if urlsplit(value).scheme.startswith("socks"):
            return warn(
                "proxies", f"{name} is a SOCKS proxy, which the AWS SDK cannot use", "set an HTTP proxy"
            )
        if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname:
            return warn("proxies", f"{name} is no address with a scheme", f"{name}=http://HOST:PORT")
    spared = [part.strip().lstrip(".") for part in next(iter(told["NO_PROXY"]), "").split(",")]
    if used and local and not any(part == "*" or (part and local.endswith(part)) for part in spared):
        return warn("proxies", f"{local} is reached through a proxy", f"add {local} to NO_PROXY")
    return ok("proxies", ", ".join(f"{name} {_host(value)}" for name, value in used.items()) or "none")


def pip(settings: Iterable[tuple[str, str]] | None) -> Check:
    """What pip's configuration would do to whoever calls pip by hand; Carrack's own calls do without it.

    `settings` are pairs such as `global.index-url` and its value; None where pip cannot read them.
    """
    if settings is None:
        return fail("pip", "pip cannot read its configuration", "pip config debug shows its files; mend them")
    found = [(key, reason) for key, value in settings for reason in _reasons(key.rpartition(".")[2], value)]
    if found:
        remedies = dict.fromkeys(_remove(key) for key, _ in found)
        return warn("pip", "; ".join(f"{_named(key)} {reason}" for key, reason in found), "; ".join(remedies))
    return ok("pip", "nothing in its configuration brings files from elsewhere")


def _reasons(setting: str, value: str) -> Sequence[str]:
    if setting == "extra-index-url":
        return ["lets any of two indexes answer for a name of yours (dependency confusion)"]
    if setting == "find-links":
        return ["adds files that no index has, also where hashes are required"]
    if setting == "trusted-host":
        return ["switches certificates off for a host"]
    if setting == "index-url" and urlsplit(value).password:
        return ["has a password or token on disk or in the environment, where it will expire"]
    return []


def _named(key: str) -> str:
    """A setting as people know it; pip calls those of the environment `:env:.find-links`."""
    section, _, setting = key.rpartition(".")
    return f"PIP_{setting.upper().replace('-', '_')}" if section == ":env:" else key


def _remove(key: str) -> str:
    return f"pip config unset {key}" if _named(key) == key else f"unset {_named(key)}"


def _both(environ: Mapping[str, str], name: str) -> list[str]:
    return [value for spelled in (name, name.lower()) if (value := environ.get(spelled))]


def _host(address: str) -> str:
    """An address without what may be secret in it."""
    return address if "@" not in address else urlsplit(address).hostname or "somewhere"


def _version(text: str) -> Version:
    """The number at the beginning: git and docker add their packagers' words."""
    numbers = re.match(r"\d+(\.\d+)*", text)
    try:
        return Version(numbers[0] if numbers else text)
    except InvalidVersion:
        return Version("0")

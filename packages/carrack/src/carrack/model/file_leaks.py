"""The files that a shell command writes a credential to, and those that are gone again before the step ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch

from carrack.model.shell import Command, Script, Word, within
from carrack.model.shell_secrets import Secrets

_COPIES = ("cp", "mv", "install", "rsync", "ln")
WRITES = (">", ">>", ">|", "&>", "&>>")
_SETTINGS = (
    (r"(?:\S*/)?pip[\d.]* config (?:-\S+ )*set|python\S* -m pip config (?:-\S+ )*set", "pip.conf"),
    (r"git (?:-\S+ \S+ )*config", ".gitconfig"),
    (r"git (?:-\S+ \S+ )*(?:clone|remote (?:add|set-url))", ".git/config"),
    (r"(?:npm|pnpm|yarn) (?:config )?set", ".npmrc"),
    (r"poetry config", "auth.toml"),
    (r"conda config", ".condarc"),
    (r"aws (?:\S+ )*configure set", ".aws/credentials"),
    (r"(?:composer|bundle) config", "its configuration"),
    (r"dotnet nuget (?:add|update) source", "NuGet.Config"),
    (r"cargo login", "credentials.toml"),
)
"""Commands that keep what is in their words, and where."""
_LOGINS = (
    (r"(?:docker|podman|buildah|crane auth|helm registry|skopeo|oras) login", "config.json"),
    (r"(?:gh|hf|uv|huggingface-cli) (?:auth )?login", "its configuration"),
    (r"gcloud auth activate-service-account", "its configuration"),
)
"""Commands that keep what they read, too."""


def written(command: Command, flows: bool, secrets: Secrets) -> Iterator[tuple[Word, str]]:
    """Each word that makes `command` write a credential, and the file that it goes to.

    `flows` says that one comes in through a pipe.
    """
    name = command.program
    if secrets.gives_on(command, flows):
        for redirect in command.redirects:
            if redirect.operator in WRITES:
                yield redirect.target, secrets.path(redirect.target)
    if name == "tee" and flows:
        yield from ((word, secrets.path(word)) for word in command.words[1:] if not word.text.startswith("-"))
    if name in _COPIES:
        yield from _copied(command, secrets)
    in_place = name == "sed" and re.search(r" -\w*i| --in-place", command.line)
    if in_place and any(map(secrets.carries, command.words[1:])):
        yield command.words[-1], secrets.path(command.words[-1])
    yield from _kept(command, flows, secrets)


def _copied(command: Command, secrets: Secrets) -> Iterator[tuple[Word, str]]:
    places = [word for word in command.words[1:] if not word.text.startswith("-")]
    for word in places[:-1]:
        if secrets.is_path(word) and not secrets.is_path(places[-1]) and command.program != "ln":
            yield word, secrets.path(places[-1])


def _kept(command: Command, flows: bool, secrets: Secrets) -> Iterator[tuple[Word, str]]:
    line = command.line
    carrying = next(filter(secrets.carries, command.words[1:]), None)
    for pattern, file in _SETTINGS:
        if carrying is not None and re.match(pattern, line):
            yield carrying, file
    for pattern, file in _LOGINS:
        if re.match(pattern, line):
            read = [word for word in command.all_words if secrets.is_path(word)]
            if flows or carrying is not None or read:
                yield carrying or (*read, *command.words)[0], file


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What a script removes, as it is written there, and the settings that it unsets."""

    paths: tuple[str, ...]
    unset: bool

    def covers(self, path: str) -> bool:
        """Whether what was written to `path` is gone when the step ends."""
        name = path.rsplit("/", 1)[-1]
        for removed in self.paths:
            last = removed.rstrip("/").rsplit("/", 1)[-1]
            if (
                removed == path
                or last == name
                or path.startswith(f"{removed.rstrip('/*')}/")
                or fnmatch(path, removed)
            ):
                return True
            if last in path.split("/"):
                return True
        return self.unset and name in (".gitconfig", "pip.conf", ".npmrc", "config.json")


def removed_in(script: Script, secrets: Secrets) -> Removed:
    """What a script removes, wherever in it."""
    paths: list[str] = []
    unset = False
    for command in within(script.commands):
        name, line = command.program, command.line
        if name in ("rm", "shred", "unlink", "srm"):
            paths += [secrets.path(word) for word in command.words[1:] if not word.text.startswith("-")]
        elif name == "trap":
            paths += [word for word in line.split()[2:] if "/" in word or "." in word or "$" in word]
        unset = unset or bool(re.search(r"\bunset\b|--unset|--remove-section|\blogout\b|config delete", line))
    return Removed(paths=tuple(paths), unset=unset)

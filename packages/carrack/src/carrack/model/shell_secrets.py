"""Follows credentials through a shell script: which words carry one, and which commands give one out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from carrack.model.complaint import Mounts, Scope
from carrack.model.credentials import in_addresses
from carrack.model.shell import Command, Script, Word, within

_PASSES_ON = {
    *(
        "cat",
        "echo",
        "printf",
        "base64",
        "tr",
        "sed",
        "cut",
        "head",
        "tail",
        "tee",
        "awk",
        "grep",
        "jq",
        "xargs",
    ),
    *("envsubst", "rev", "sort", "xxd", "openssl"),
}
"""Commands that give out what goes into them."""
_GIVES_ONE = re.compile(
    r"aws .*\b(?:get-authorization-token|get-login-password|get-secret-value|assume-role|get-session-token)\b"
    r"|aws .*\bssm .*--with-decryption|vault (?:kv get|read|print token)|gcloud auth print-\S+-token|gh auth token"
    r"|az account get-access-token|op read"
)
_SETTING = ("export", "readonly", "local", "declare", "typeset")
_ASSIGNED = re.compile(r"(\w+)\+?=")
_MADE_HERE = re.compile(r"\brand\b|urandom|uuid|mktemp|getent|date")

HOME = "/root"
"""What `~` is in a build, whose steps run as the superuser unless USER says otherwise."""


@dataclass(kw_only=True)
class Secrets:
    """What is known of a script's variables."""

    scope: Scope
    mounts: Mounts
    script: Script
    tainted: set[str] = field(default_factory=set)
    _harmless: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.tainted |= self.mounts.variables
        for _ in range(2):  # a variable may be made of one that is assigned below, in a function
            self._learn()

    def carries(self, word: Word) -> bool:
        """Whether a credential is in the word when its command runs."""
        return bool(self.carried(word)) or any(map(self.gives, word.inner))

    def carried(self, word: Word) -> tuple[str, ...]:
        """The variables with credentials that are expanded in a word."""
        in_address = in_addresses(word.text) - set(self.scope.values) - self._harmless
        return tuple(sorted(name for name in word.variables if name in in_address or self._is_one(name)))

    def gives(self, command: Command) -> bool:
        """Whether a credential is in what a command prints, whatever it reads from a pipe."""
        name = command.program
        if _GIVES_ONE.match(command.line):
            return True
        reads = [it.target for it in command.redirects if it.operator == "<"]
        if any(map(self.is_path, reads)) and (name in _PASSES_ON or not name):
            return True
        if name not in _PASSES_ON:
            return False
        documents = [it.target for it in command.redirects if it.operator in ("<<", "<<<")]
        if name == "envsubst" and (self.scope.credentials or self.tainted):
            return True
        return any(self.carries(word) or self.is_path(word) for word in (*command.words[1:], *documents))

    def gives_on(self, command: Command, flows: bool) -> bool:
        """Whether a credential is in what a command prints, when one `flows` into it."""
        return self.gives(command) or (flows and command.program in _PASSES_ON)

    def is_path(self, word: Word) -> bool:
        """Whether the word is the path of a mounted secret."""
        return self.mounts.is_secret(self.path(word))

    def path(self, word: Word) -> str:
        """The path that a word means, as far as that is known."""
        home = re.sub(r"^(?:~|\$HOME|\$\{HOME\})(?=/|$)", HOME, word.plain)
        return self.scope.plain(home)

    def flow(
        self, commands: Iterable[Command], *, captured: bool = False
    ) -> Iterator[tuple[Command, bool, bool]]:
        """Each command, whether a credential flows into it, and whether its output goes elsewhere than to the log."""
        flows = False
        for command in commands:
            for word in command.all_words:
                yield from self.flow(word.inner, captured=True)
            yield command, flows, captured or command.piped
            flows = command.piped and self.gives_on(command, flows)

    def _is_one(self, name: str) -> bool:
        if name in self.tainted or name in self.scope.credentials:
            return True
        return name not in self._harmless and self.scope.declares(name, self.scope.values.get(name))

    def _learn(self) -> None:
        for command in within(self.script.commands):
            for name, word in assignments(command):
                if self.carries(word):
                    self.tainted.add(name)
                elif not word.inner or _MADE_HERE.search(word.text):
                    self._harmless.add(name)
            if command.program == "read" and any(map(self.is_path, (it.target for it in command.redirects))):
                self.tainted |= {word.plain for word in command.words[1:] if not word.plain.startswith("-")}
            if command.program in self.script.functions and any(map(self.carries, command.words[1:])):
                self.tainted |= {*"123456789@*"}


def assignments(command: Command) -> Iterator[tuple[str, Word]]:
    """What a command assigns: before its name, or as `export NAME=VALUE` does."""
    yield from command.assignments
    if command.program in _SETTING:
        for word in command.words[1:]:
            if assigned := _ASSIGNED.match(word.text):
                yield assigned[1], word

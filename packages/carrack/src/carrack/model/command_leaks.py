"""Where one command of a RUN leaks: in its command line, in a file that it writes, in the log of the build."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from carrack.model import remedies
from carrack.model.complaint import BUILD_LOG, IN_CACHE, IN_IMAGE, LATER, PROCESSES, Complaint
from carrack.model.credentials import is_credential_file, is_credential_name, is_secret_value, literals
from carrack.model.dockerfile_lines import Text, unquoted
from carrack.model.file_leaks import WRITES, Removed, written
from carrack.model.shell import Command, Word
from carrack.model.shell_secrets import Secrets, assignments

_BUILTIN = re.compile(
    r"|:|\.|\[\[?|alias|break|case|cd|continue|declare|echo|eval|exit|export|false|for|hash|let|local|popd|printf"
    r"|pushd|read|readonly|return|select|set|shift|source|test|trap|true|type|typeset|ulimit|umask|unset|wait"
)
"""Commands of the shell itself, whose words are in no process list; `for` and `case` run nothing."""
_LOGIN = re.compile(r"aws .*\bcodeartifact login\b(?!.*--dry-run)")
_TOOL = re.compile(r"--tool[ =](\S+)")
_TOOLS_FILES = {"pip": "pip.conf", "twine": ".pypirc", "npm": ".npmrc"}
_ASKS_AWS = re.compile(r"aws .*\b(?:codeartifact|secretsmanager|ssm)\b")
_A_SECRETS_LENGTH = 16


@dataclass(frozen=True, kw_only=True)
class Leaks:
    """What is known of the script that a command is in."""

    text: Text
    secrets: Secrets
    removed: Removed

    def of(self, command: Command, *, flows: bool, captured: bool, assigned: set[str]) -> Iterator[Complaint]:
        """What is wrong with a command.

        `flows` says that a credential comes in through a pipe, `captured` that the output does not go to the log;
        `assigned` are the variables that were assigned before.
        """
        yield from self._written_out(command)
        yield from self._of_aws(command)
        found = [*self._in_files(command, flows), *self._expanded_too_early(command, assigned)]
        yield from found
        if not found:
            yield from self._in_arguments(command)
            yield from self._printed(command, flows, captured)

    def called(self, word: Word) -> str:
        """How the credential in a word is called."""
        names = self.secrets.carried(word)
        return f"${names[0]}" if names else "a credential"

    def at(self, word: Word, rule: str, said: str, where: str, remedy: str) -> Complaint:
        """A complaint on the line of a word."""
        line = self.text.line(min(word.offset, len(self.text.text)))
        return Complaint(line=line, rule=rule, said=said, where=where, remedy=remedy)

    def _written_out(self, command: Command) -> Iterator[Complaint]:
        for name, word in assignments(command):
            value = unquoted(word.text.partition("=")[2])
            literal = not word.inner and not word.variables and len(value) >= _A_SECRETS_LENGTH
            if literal and is_credential_name(name) and is_secret_value(value) and not any(literals(value)):
                stays = IN_IMAGE if self.secrets.scope.in_image else IN_CACHE
                where = f"the repository that this file is in; {stays}"
                remedy = f"revoke it, since whoever has the file has it; then\n{self._remedy(command, word)}"
                yield self.at(word, "literal", f"the value of {name} is written out here", where, remedy)

    def _of_aws(self, command: Command) -> Iterator[Complaint]:
        if _LOGIN.match(command.line):
            tool = _TOOL.search(command.line)
            file = _TOOLS_FILES.get(tool[1] if tool else "pip", "its configuration")
            remedy = remedies.for_tool(tool[1] if tool else "pip") or remedies.for_tool("aws")
            if not self.removed.covers(file):
                said = f"aws codeartifact login writes the token to {file}"
                yield self.at(command.words[0], "file", said, self._later, remedy)
        elif _ASKS_AWS.match(command.line) and not self.secrets.mounts.any_secret:
            said = "this asks AWS for a credential, and no secret is mounted that it could ask with"
            where = (
                "what gives it AWS credentials here: an ARG, an ENV or a copied file, which stay in the image"
            )
            yield self.at(command.words[0], "aws", said, where, remedies.for_tool("aws"))

    def _in_files(self, command: Command, flows: bool) -> Iterator[Complaint]:
        for word, path in written(command, flows, self.secrets):
            if not self.secrets.mounts.is_harmless(path) and not self.removed.covers(path):
                said = f"{command.program} writes a credential to {path}"
                yield self.at(word, "file", said, self._later, self._remedy(command, word, path))

    def _expanded_too_early(self, command: Command, assigned: set[str]) -> Iterator[Complaint]:
        scope = self.secrets.scope
        known = assigned | set(scope.values) | scope.credentials | self.secrets.mounts.variables
        mine = {name for name, _ in command.assignments} - known
        word = next((word for word in command.words if mine & word.variables), None)
        if word is not None:
            name = min(mine & word.variables)
            said = f"the shell expands ${name} before it carries out {name}=… on the same line"
            said += f": {command.program} gets an empty one"
            where = "nowhere yet, since this cannot work"
            yield self.at(word, "prefix", said, where, self._remedy(command, word))

    def _in_arguments(self, command: Command) -> Iterator[Complaint]:
        if _BUILTIN.fullmatch(command.program) or command.program in self.secrets.script.functions:
            return
        word = next(filter(self.secrets.carries, command.words[1:]), None)
        if word is not None:
            recorded = set(self.secrets.carried(word)) & self.secrets.scope.credentials
            where = PROCESSES + ("; docker history --no-trunc, with the ARG or ENV" if recorded else "")
            said = f"{command.program} gets {self.called(word)} in its command line"
            yield self.at(word, "argv", said, where, self._remedy(command, word))

    def _printed(self, command: Command, flows: bool, captured: bool) -> Iterator[Complaint]:
        to_a_file = any(it.operator in WRITES for it in command.redirects)
        if not captured and not to_a_file and command.words and self.secrets.gives_on(command, flows):
            said = f"{command.program} prints a credential"
            remedy = self._remedy(command, command.words[-1])
            yield self.at(command.words[0], "log", said, BUILD_LOG, remedy)

    @property
    def _later(self) -> str:
        return LATER if self.secrets.scope.in_image else IN_CACHE

    def _remedy(self, command: Command, word: Word, file: str = "") -> str:
        names = self.secrets.carried(word)
        if not remedies.for_tool(command.program) and is_credential_file(file):
            return remedies.for_file(file.rsplit("/", 1)[-1], file)
        return remedies.for_variable(names[0] if names else "TOKEN", command.program)

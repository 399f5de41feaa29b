"""Where a RUN leaks: what its shell commands do with credentials."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from carrack.model import remedies
from carrack.model.complaint import (
    BUILD_LOG,
    IN_CACHE,
    IN_IMAGE,
    LATER,
    PROCESSES,
    Complaint,
    Mounts,
    Scope,
    mounts,
)
from carrack.model.credentials import is_credential_file, is_credential_name, is_secret_value, literals
from carrack.model.dockerfile import Instruction
from carrack.model.dockerfile_lines import Text, unquoted
from carrack.model.file_leaks import Removed, removed_in, written
from carrack.model.shell import Command, Word
from carrack.model.shell_parser import parse
from carrack.model.shell_secrets import Secrets, assignments

_SHELLS = ("sh", "bash", "dash", "ash", "zsh")
_BUILTINS = {
    *(
        "",
        ":",
        ".",
        "[",
        "[[",
        "alias",
        "break",
        "case",
        "cd",
        "continue",
        "declare",
        "echo",
        "eval",
        "exit",
        "export",
    ),
    *(
        "false",
        "for",
        "hash",
        "let",
        "local",
        "popd",
        "printf",
        "pushd",
        "read",
        "readonly",
        "return",
        "select",
        "set",
    ),
    *("shift", "source", "test", "trap", "true", "type", "typeset", "ulimit", "umask", "unset", "wait"),
}
"""Commands of the shell itself, whose words are in no process list; `for` and `case` run nothing."""
_LOGIN = re.compile(r"aws .*\bcodeartifact login\b(?!.*--dry-run)")
_ASKS_AWS = re.compile(r"aws .*\b(?:codeartifact|secretsmanager|ssm)\b")
_TRACES = re.compile(r"set (?:[-+]\S+ )*(?:([-+])\w*x|([-+])o xtrace)")
_A_SECRETS_LENGTH = 16
_CLONE = re.compile(r"git (?:-\S+ (?:[^-\s]\S* )??)*clone\b")
_CHOOSES = re.compile(r"git .*\b(?:checkout|reset|switch|restore|fetch)\b|.* (?:--branch|-b|--revision)\b")


def run_complaints(instruction: Instruction, scope: Scope) -> Iterator[Complaint]:
    """What a RUN in this scope does with credentials that it should not."""
    script = script_of(instruction)
    if script is not None:
        yield from _Run(text=script, scope=scope, mounts=mounts(instruction.flags)).complaints()


def script_of(instruction: Instruction) -> Text | None:
    """What the shell runs; None where a heredoc is for another interpreter."""
    arguments = instruction.arguments
    if instruction.words is not None:
        line = ((0, instruction.line),)
        if instruction.words and instruction.words[0].rsplit("/", 1)[-1] in _SHELLS:
            return Text(text=instruction.words[-1], starts=line)
        return Text(text=shlex.join(instruction.words), starts=line)
    if not instruction.heredocs:
        return arguments
    if len(arguments.text.split()) > len(instruction.heredocs):
        return _with_documents(instruction)
    content = instruction.heredocs[0].content
    shebang = re.match(r"#!\s*(\S+)(?:\s+(\S+))?", content.text)
    interpreter = (shebang[2] if shebang[1].endswith("env") else shebang[1]) if shebang else "sh"
    return content if (interpreter or "").rsplit("/", 1)[-1] in _SHELLS else None


def _with_documents(instruction: Instruction) -> Text:
    """The command line with its heredocs below it, as a shell would read them."""
    text, starts = f"{instruction.arguments.text}\n", list(instruction.arguments.starts)
    for heredoc in instruction.heredocs:
        starts += [(len(text) + start, line) for start, line in heredoc.content.starts]
        text += f"{heredoc.content.text}{heredoc.name}\n"
    return Text(text=text, starts=tuple(starts))


@dataclass(kw_only=True)
class _Run:
    """One script of a RUN, as it is gone through."""

    text: Text
    scope: Scope
    mounts: Mounts
    tainted: set[str] = field(default_factory=set)

    def complaints(self) -> Iterator[Complaint]:
        """All that is wrong, in the order of the script."""
        self.script = parse(self.text.text)
        self.secrets = Secrets(
            scope=self.scope, mounts=self.mounts, script=self.script, tainted=set(self.tainted)
        )
        self.removed: Removed = removed_in(self.script, self.secrets)
        self.assigned: set[str] = set()
        self.traced = self.told = False
        chooses = any(_CHOOSES.match(command.line) for command in self.script.commands)
        for command, flows, captured in self.secrets.flow(self.script.commands):
            yield from self._traced(command)
            yield from self._of(command, flows, captured)
            if _CLONE.match(command.line) and not chooses:
                yield self._clone(command)
            yield from self._nested(command)
            self.assigned |= {name for name, _ in assignments(command)}

    def _of(self, command: Command, flows: bool, captured: bool) -> Iterator[Complaint]:
        line = command.line
        yield from self._written_out(command)
        if _LOGIN.match(line) and not self.removed.covers_login(line):
            yield self._login(command)
        elif _ASKS_AWS.match(line) and not (self.mounts.any_secret or _LOGIN.match(line)):
            yield self._without_credentials(command)
        files = [(word, path) for word, path in written(command, flows, self.secrets) if not self._goes(path)]
        for word, path in files:
            yield self._file(command, word, path)
        too_early = list(self._expanded_too_early(command))
        yield from too_early
        if not files and not too_early:
            yield from self._in_arguments(command)
            yield from self._printed(command, flows, captured)

    def _goes(self, path: str) -> bool:
        return self.mounts.is_harmless(path) or self.removed.covers(path)

    def _in_arguments(self, command: Command) -> Iterator[Complaint]:
        name = command.program
        if name in _BUILTINS or name in self.script.functions:
            return
        word = next(filter(self.secrets.carries, command.words[1:]), None)
        if word is not None:
            said = f"{name} gets {self._called(word)} in its command line"
            recorded = set(self.secrets.carried(word)) & self.scope.credentials
            history = "; docker history --no-trunc, with the ARG or ENV" if recorded else ""
            yield self._complaint(word, "argv", said, PROCESSES + history, self._remedy(command, word))

    def _printed(self, command: Command, flows: bool, captured: bool) -> Iterator[Complaint]:
        to_a_file = any(it.operator.startswith((">", "&>")) for it in command.redirects)
        if not captured and not to_a_file and command.words and self.secrets.gives_on(command, flows):
            said = f"{command.program} prints a credential"
            yield self._complaint(
                command.words[0], "log", said, BUILD_LOG, self._remedy(command, command.words[-1])
            )

    def _written_out(self, command: Command) -> Iterator[Complaint]:
        for name, word in assignments(command):
            value = unquoted(word.text.partition("=")[2])
            literal = not word.inner and not word.variables and len(value) >= _A_SECRETS_LENGTH
            if literal and is_credential_name(name) and is_secret_value(value) and not any(literals(value)):
                where = (
                    f"the repository that this file is in; {IN_IMAGE if self.scope.in_image else IN_CACHE}"
                )
                said = f"the value of {name} is written out here"
                remedy = f"revoke it, since whoever has the file has it; then\n{self._remedy(command, word)}"
                yield self._complaint(word, "literal", said, where, remedy)

    def _traced(self, command: Command) -> Iterator[Complaint]:
        if found := _TRACES.match(command.line):
            self.traced = "-" in found.groups()
        carrying = next(filter(self.secrets.carries, command.all_words), None)
        if self.traced and carrying is not None and not self.told:
            self.told = True
            said = f"`set -x` prints this command with {self._called(carrying)} in it"
            yield self._complaint(carrying, "log", said, BUILD_LOG, "set +x before the credential is read")

    def _expanded_too_early(self, command: Command) -> Iterator[Complaint]:
        known = self.assigned | set(self.scope.values) | self.scope.credentials | self.mounts.variables
        mine = {name for name, _ in command.assignments} - known
        for word in command.words:
            if names := sorted(mine & word.variables):
                said = (
                    f"the shell expands ${names[0]} before it carries out {names[0]}=… on the same line:"
                    f" {command.program} gets an empty one"
                )
                remedy = self._remedy(command, word)
                yield self._complaint(word, "prefix", said, "nowhere yet, since this cannot work", remedy)
                return

    def _login(self, command: Command) -> Complaint:
        found = re.search(r"--tool[ =](\S+)", command.line)
        kind = found[1] if found else "pip"
        file = {"pip": "pip.conf", "twine": ".pypirc", "npm": ".npmrc"}.get(kind, "a configuration file")
        said = f"aws codeartifact login writes the token to {file}"
        return self._complaint(
            command.words[0], "file", said, self._later, remedies.for_tool(kind) or remedies.for_tool("pip")
        )

    def _without_credentials(self, command: Command) -> Complaint:
        said = "this asks AWS for a credential, and no secret is mounted that it could ask with"
        where = (
            "what gives it AWS credentials here: an ARG, an ENV or a copied file, and they stay in the image"
        )
        return self._complaint(command.words[0], "aws", said, where, remedies.for_tool("aws"))

    def _file(self, command: Command, word: Word, path: str) -> Complaint:
        said = f"{command.program} writes a credential to {path}"
        return self._complaint(word, "file", said, self._later, self._remedy(command, word, path))

    @property
    def _later(self) -> str:
        return LATER if self.scope.in_image else IN_CACHE

    def _clone(self, command: Command) -> Complaint:
        said = "what is cloned depends on the day: no commit is named"
        where = "an image that is built again, from the same Dockerfile, is another one"
        remedy = "git init NAME && git -C NAME fetch --depth=1 URL COMMIT && git -C NAME checkout FETCH_HEAD"
        return self._complaint(command.words[0], "clone", said, where, remedy, leaks=False)

    def _nested(self, command: Command) -> Iterator[Complaint]:
        """What is wrong in a script that a command hands to a shell of its own."""
        if command.program not in _SHELLS:
            return
        given = [it.target for it in command.redirects if it.operator == "<<"]
        plain = [word.plain for word in command.words]
        flag = next((at for at, word in enumerate(plain) if re.fullmatch(r"-\w*c", word)), len(plain))
        inner = [(word.offset, word.text) for word in given]
        inner += [(word.offset, word.plain) for word in command.words[flag + 1 : flag + 2]]
        for offset, text in inner:
            starts = self.text.since(offset).starts
            tainted = self.secrets.tainted
            inside = Text(text=text, starts=starts)
            yield from _Run(text=inside, scope=self.scope, mounts=self.mounts, tainted=tainted).complaints()

    def _called(self, word: Word) -> str:
        names = self.secrets.carried(word)
        return f"${names[0]}" if names else "a credential"

    def _remedy(self, command: Command, word: Word, file: str = "") -> str:
        names = self.secrets.carried(word)
        if not remedies.for_tool(command.program) and is_credential_file(file):
            return remedies.for_file(file.rsplit("/", 1)[-1], file)
        return remedies.for_variable(names[0] if names else "TOKEN", command.program)

    def _complaint(
        self, word: Word, rule: str, said: str, where: str, remedy: str, *, leaks: bool = True
    ) -> Complaint:
        line = self.text.line(min(word.offset, len(self.text.text)))
        return Complaint(line=line, rule=rule, said=said, where=where, remedy=remedy, leaks=leaks)

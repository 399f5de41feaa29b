"""Where a Dockerfile leaks credentials, line by line, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from carrack.model import remedies
from carrack.model.complaint import ATTESTED, IN_CACHE, IN_IMAGE, Complaint, Scope
from carrack.model.copy_leaks import Context, copy_complaints
from carrack.model.credentials import is_credential_name, literals
from carrack.model.dockerfile import Dockerfile, Instruction
from carrack.model.dockerfile_lines import unquoted, words_of
from carrack.model.run_leaks import run_complaints, script_of
from carrack.model.shell import within
from carrack.model.shell_parser import parse

_BUILD_ARGUMENT = re.compile(r"--build-arg[ =](\w+)(?:=(.*?))?(?=\s--|\s*$)")
_ASKED_FOR = re.compile(r"get-authorization-token|carrack token|get-login-password")


def complaints(dockerfile: Dockerfile, context: Context) -> tuple[Complaint, ...]:
    """All that is wrong in a Dockerfile, by line. Files of the build context are looked into where that matters."""
    walk = _Walk(context=context, tools=_tools(dockerfile), in_image=_in_image(dockerfile))
    found = {complaint for instruction in dockerfile.instructions for complaint in walk.take(instruction)}
    found |= {complaint for line, comment in dockerfile.comments for complaint in _of_comment(line, comment)}
    return tuple(sorted(found))


def _in_image(dockerfile: Dockerfile) -> frozenset[int]:
    """The places of the stages whose layers are in the image: the last, what it is built on, and so on."""
    begun = [it.arguments.text.lower().split() for it in dockerfile.instructions if it.keyword == "FROM"]
    names = [words[2] if len(words) == 3 else "" for words in begun]
    place, found = len(begun) - 1, set()
    while place >= 0:
        found.add(place)
        base = begun[place][0] if begun[place] else ""
        place = next((at for at in reversed(range(place)) if base and names[at] == base), -1)
    return frozenset(found)


def _tools(dockerfile: Dockerfile) -> dict[str, str]:
    """For each variable the first program that takes it, of those for which there is a remedy."""
    found: dict[str, str] = {}
    for instruction in dockerfile.instructions:
        script = script_of(instruction) if instruction.keyword == "RUN" else None
        for command in within(parse(script.text).commands) if script else ():
            if remedies.for_tool(command.program):
                for word in command.all_words:
                    found |= dict.fromkeys(word.variables - found.keys(), command.program)
    return found


def _of_comment(line: int, comment: str) -> Iterator[Complaint]:
    for name, value in _BUILD_ARGUMENT.findall(comment):
        if (
            is_credential_name(name)
            or _ASKED_FOR.search(value)
            or Scope().carries(value)
            or any(literals(value))
        ):
            said = f"the comment tells people to give a credential as --build-arg {name}"
            yield Complaint(
                line=line, rule="comment", said=said, where=IN_IMAGE, remedy=remedies.for_variable(name)
            )


@dataclass(kw_only=True)
class _Walk:
    """A walk through the instructions, with what is known at each."""

    context: Context
    tools: Mapping[str, str]
    in_image: frozenset[int]
    position: int = -1
    name: str = ""
    scope: Scope = field(default_factory=Scope)
    scopes: dict[str, Scope] = field(default_factory=dict)
    """What is known at the end of each stage; of what precedes them all, under an empty name."""

    def take(self, instruction: Instruction) -> Iterator[Complaint]:
        """What is wrong with the next instruction."""
        for complaint in self._of(instruction):
            if instruction.onbuild:
                yield replace(complaint, said=f"in each image that is built on this one, {complaint.said}")
            else:
                yield complaint

    def _of(self, instruction: Instruction) -> Iterator[Complaint]:
        match instruction.keyword:
            case "ARG" | "ENV":
                yield from self._of_variables(instruction)
                return
            case "FROM":
                self._begin(instruction.arguments.text.lower().split())
            case "COPY" | "ADD":
                yield from copy_complaints(instruction, self.scope, self.context)
            case "RUN":
                yield from run_complaints(instruction, self.scope)
            case "LABEL" if self.scope.carries(instruction.arguments.text):
                said = "the label has a credential in it"
                yield _at(instruction, 0, "label", said, self._where, "leave the credential out of the label")
        yield from self._of_literals(instruction)

    def _begin(self, words: list[str]) -> None:
        self.position += 1
        base = self.scopes.get(words[0], Scope()) if words else Scope()
        self.name = words[2] if len(words) == 3 else f" {self.position}"
        self.scope = replace(base, in_image=self.position in self.in_image)
        self.scopes[self.name] = self.scope

    @property
    def _where(self) -> str:
        if self.position < 0:
            return ATTESTED
        return IN_IMAGE if self.scope.in_image else IN_CACHE

    def _of_variables(self, instruction: Instruction) -> Iterator[Complaint]:
        for offset, name, given in _variables(instruction):
            outer = self.scopes.get("", Scope())
            value = outer.values.get(name) if given is None else given
            empty = instruction.keyword == "ARG" and not value  # it is there to be given one
            leaks = (
                self.scope.declares(name, None if empty else value)
                or (given is None and name in outer.credentials)
                or any(literals(value or ""))
            )
            self._learn(name, value, leaks)
            if leaks:
                said = f"{instruction.keyword} keeps what {name} is given, and that is a credential"
                remedy = remedies.for_variable(name, self.tools.get(name, ""))
                yield _at(instruction, offset, instruction.keyword.lower(), said, self._where, remedy)

    def _learn(self, name: str, value: str | None, leaks: bool) -> None:
        values = {key: known for key, known in self.scope.values.items() if key != name}
        if value is not None:
            values[name] = self.scope.plain(unquoted(value))
        credentials = (self.scope.credentials - {name}) | ({name} if leaks else set())
        self.scope = self.scopes[self.name] = replace(self.scope, values=values, credentials=credentials)

    def _of_literals(self, instruction: Instruction) -> Iterator[Complaint]:
        for text in (instruction.arguments, *(heredoc.content for heredoc in instruction.heredocs)):
            for offset, kind in literals(text.text):
                said = f"{kind} is written out here"
                where = f"the repository that this file is in; {self._where}"
                remedy = (
                    "revoke it, since whoever has the file has it; then give the new one as a build secret:\n"
                )
                remedy += remedies.for_variable("TOKEN", self._tool_at(instruction))
                complaint = _at(instruction, 0, "literal", said, where, remedy)
                yield replace(complaint, line=text.line(offset))

    def _tool_at(self, instruction: Instruction) -> str:
        script = script_of(instruction) if instruction.keyword == "RUN" else None
        names = [command.program for command in within(parse(script.text).commands)] if script else []
        return next((name for name in names if remedies.for_tool(name)), "")


def _variables(instruction: Instruction) -> Iterator[tuple[int, str, str | None]]:
    """What an ARG or ENV sets: where, name and value; None for the value of an ARG without a default."""
    words = words_of(instruction.arguments.text)
    if instruction.keyword == "ENV" and words and "=" not in words[0][1]:
        key, *rest = instruction.arguments.text.split(None, 1)
        yield 0, key, "".join(rest)
        return
    for offset, word in words:
        name, equals, value = word.partition("=")
        yield offset, name, unquoted(value) if equals else None


def _at(instruction: Instruction, offset: int, rule: str, said: str, where: str, remedy: str) -> Complaint:
    line = instruction.arguments.line(offset)
    return Complaint(line=line, rule=rule, said=said, where=where, remedy=remedy)

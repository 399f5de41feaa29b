"""Where a RUN leaks: what its shell commands do with credentials."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from carrack.model.command_leaks import Leaks
from carrack.model.complaint import BUILD_LOG, Complaint, Mounts, Scope, mounts
from carrack.model.dockerfile import Instruction
from carrack.model.dockerfile_lines import Text
from carrack.model.file_leaks import removed_in
from carrack.model.shell import Command
from carrack.model.shell_parser import parse
from carrack.model.shell_secrets import Secrets, assignments

_SHELLS = ("sh", "bash", "dash", "ash", "zsh")
_TRACES = re.compile(r"set (?:[-+]\S+ )*(?:([-+])\w*x|([-+])o xtrace)")
_CLONE = re.compile(r"git (?:-\S+ (?:[^-\s]\S* )??)*clone\b")
_CHOOSES = re.compile(r"git .*\b(?:checkout|reset|switch|restore|fetch)\b|.* (?:--branch|-b|--revision)\b")


def run_complaints(instruction: Instruction, scope: Scope) -> Iterator[Complaint]:
    """What a RUN in this scope does with credentials that it should not."""
    script = script_of(instruction)
    if script is not None:
        yield from _complaints(script, scope, mounts(instruction.flags), set())


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


def _complaints(text: Text, scope: Scope, mounted: Mounts, tainted: set[str]) -> Iterator[Complaint]:
    """All that is wrong in a script, in its order; `tainted` are variables that hold credentials already."""
    script = parse(text.text)
    secrets = Secrets(scope=scope, mounts=mounted, script=script, tainted=set(tainted))
    leaks = Leaks(text=text, secrets=secrets, removed=removed_in(script, secrets))
    assigned: set[str] = set()
    yield from _traced(leaks)
    yield from _cloned(leaks)
    for command, flows, captured in secrets.flow(script.commands):
        yield from leaks.of(command, flows=flows, captured=captured, assigned=assigned)
        for inner in _handed_on(command, text):
            yield from _complaints(inner, scope, mounted, secrets.tainted)
        assigned |= {name for name, _ in assignments(command)}


def _traced(leaks: Leaks) -> Iterator[Complaint]:
    """The first command that `set -x` shows with a credential in it."""
    traced = False
    for command, _, _ in leaks.secrets.flow(leaks.secrets.script.commands):
        if found := _TRACES.match(command.line):
            traced = "-" in found.groups()
        word = next(filter(leaks.secrets.carries, command.all_words), None)
        if traced and word is not None:
            said = f"`set -x` prints this command with {leaks.called(word)} in it"
            yield leaks.at(word, "log", said, BUILD_LOG, "set +x before the credential is read")
            return


def _cloned(leaks: Leaks) -> Iterator[Complaint]:
    """A clone of whatever a branch has on the day, where no command of the script chooses a commit."""
    commands = leaks.secrets.script.commands
    clones = [command for command in commands if _CLONE.match(command.line)]
    if clones and not any(_CHOOSES.match(command.line) for command in commands):
        said = "what is cloned depends on the day: no commit is named"
        where = "an image that is built again, from the same Dockerfile, is another one"
        remedy = "git init NAME && git -C NAME fetch --depth=1 URL COMMIT && git -C NAME checkout FETCH_HEAD"
        for command in clones:
            yield replace(leaks.at(command.words[0], "clone", said, where, remedy), leaks=False)


def _handed_on(command: Command, text: Text) -> Iterator[Text]:
    """The scripts that a command hands to a shell of its own."""
    if command.program in _SHELLS:
        flag = next((at for at, word in enumerate(command.words) if re.fullmatch(r"-\w*c", word.plain)), None)
        given = [(it.target.offset, it.target.text) for it in command.redirects if it.operator == "<<"]
        if flag is not None:
            given += [(word.offset, word.plain) for word in command.words[flag + 1 : flag + 2]]
        yield from (Text(text=inner, starts=text.since(offset).starts) for offset, inner in given)

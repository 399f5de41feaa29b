"""Where a COPY or ADD leaks: files that are made to hold credentials, and folders with such files in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from carrack.model import remedies
from carrack.model.complaint import IN_CACHE, IN_IMAGE, LATER, Complaint, Scope
from carrack.model.credentials import CONTEXT_FILES, holds_credential, is_credential_file
from carrack.model.dockerfile import Instruction
from carrack.model.dockerfile_lines import unquoted, words_of

Context = Callable[[str], str | None]
"""Gives the text of a file of the build context; None where the build does not get such a file."""


def copy_complaints(instruction: Instruction, scope: Scope, context: Context) -> Iterator[Complaint]:
    """What a COPY or ADD in this scope brings that it should not."""
    places = _places(instruction)
    target = scope.plain(places[-1][1]) if places else ""
    from_elsewhere = any(flag.startswith("--from=") for flag in instruction.flags)
    where = LATER if scope.in_image else IN_CACHE
    for offset, source in places[:-1]:
        line = instruction.arguments.line(offset)
        if scope.carries(source):
            said = "the address has a credential in it"
            history = IN_IMAGE if scope.in_image else IN_CACHE
            yield Complaint(
                line=line, rule="copy", said=said, where=history, remedy=remedies.for_tool("curl")
            )
        elif file := _credential_file(source, target, (lambda path: None) if from_elsewhere else context):
            yield _brought(line, instruction, source, file, target, where)
    for heredoc in instruction.heredocs:
        if not heredoc.literal and scope.carries(heredoc.content.text):
            line = heredoc.content.line(0)
            said = f"a credential is written to {target}"
            yield Complaint(
                line=line, rule="file", said=said, where=where, remedy=remedies.for_file(target, target)
            )


def _places(instruction: Instruction) -> list[tuple[int, str]]:
    if instruction.words is not None:
        return [(0, word) for word in instruction.words]
    words = words_of(instruction.arguments.text)
    return [
        (offset, unquoted(word)) for offset, word in words if not word.lstrip("0123456789").startswith("<<")
    ]


def _credential_file(source: str, target: str, context: Context) -> str:
    """The file with credentials that comes with `source`, as far as that can be known; empty where there is none."""
    if is_credential_file(source) or is_credential_file(target, folders=False):
        text = context(source)
        return source if text is None or holds_credential(text) else ""
    folder = source.rstrip("/")
    inside = (name if folder in ("", ".") else f"{folder}/{name}" for name in CONTEXT_FILES)
    return next((path for path in inside if holds_credential(context(path) or "")), "")


def _brought(
    line: int, instruction: Instruction, source: str, file: str, target: str, where: str
) -> Complaint:
    if file == source:
        said = f"{source} is a file for credentials, and becomes a part of the image"
        return Complaint(
            line=line, rule="copy", said=said, where=where, remedy=remedies.for_file(source, target)
        )
    said = f"{instruction.keyword} {source} brings {file}, which has a credential in it"
    remedy = f"echo {file} >>.dockerignore"
    return Complaint(line=line, rule="copy", said=said, where=where, remedy=remedy)

"""Dockerfiles are read as BuildKit reads them, whatever is in them, and each piece knows its line."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carrack.model.dockerfile import Instruction, parse

PIECES = (
    *(
        "RUN ",
        "run ",
        "COPY ",
        "ADD ",
        "FROM ",
        "ENV ",
        "ARG ",
        "ONBUILD ",
        "CMD ",
        "NOTHING ",
        "a",
        "b=c",
        "é",
    ),
    *(
        " ",
        "  ",
        "\t",
        "\\",
        "\\\n",
        "\\ \n",
        "`\n",
        "\n",
        "\n\n",
        "\r\n",
        "#",
        "# c\n",
        "'",
        '"',
        "=",
        "&&",
        ";",
    ),
    *("# escape=`\n", "# Escape = \\\n", "#syntax=x\n", "\ufeff"),
    *(
        "<<EOF",
        "<<-EOF",
        "<<'EOF'",
        '<<"E F"',
        "3<<A",
        "<<",
        "<<<",
        "EOF\n",
        "\tEOF\n",
        "EOF \n",
        "E F\n",
        "A\n",
    ),
    *("--mount=type=secret,id=x ", "--from='a b' ", "-- ", "--x", "$X", "${X}", '["a", "b"]\n', "["),
)
"""What Dockerfiles are made of, and what makes reading them hard."""


def only(text: str) -> Instruction:
    """The one instruction of a file."""
    (instruction,) = parse(text).instructions
    return instruction


def test_reads_an_ordinary_file() -> None:
    """Keywords in capitals, flags, the rest of the line, first and last line."""
    found = parse("# syntax=docker/dockerfile:1\n\nfrom a AS b\nCOPY --from=x --chown=1:1 a b\n").instructions
    assert [(it.keyword, it.flags, it.arguments.text, it.line, it.end) for it in found] == [
        ("FROM", (), "a AS b", 3, 3),
        ("COPY", ("--from=x", "--chown=1:1"), "a b", 4, 4),
    ]


def test_joins_continued_lines_and_knows_where_each_was() -> None:
    """Comments and empty lines between them are left out; every word has the line that it stands on."""
    run = only("RUN --mount=type=cache,target=/c \\\n    # why\n\n  one && \\\n  two \\\n\n  three")
    assert run.arguments.text == "one &&   two   three"
    assert (run.line, run.end) == (1, 7)
    assert [run.arguments.line(run.arguments.text.index(word)) for word in ("one", "two", "three")] == [
        4,
        5,
        7,
    ]


def test_comments_are_kept_with_their_lines() -> None:
    """Also those in the middle of an instruction; a heredoc has none."""
    text = "# one\nRUN a \\\n  # two\n  b\nRUN <<E\n# not a comment\nE\n  # three\n"
    assert parse(text).comments == ((1, "one"), (3, "two"), (8, "three"))


def test_the_escape_directive_continues_lines() -> None:
    """With it a backslash at the end of a line is a part of a path; after a comment it is none."""
    windows = "# escape=`\nRUN dir c:\\\nRUN a `\n  b\n"
    assert [it.arguments.text for it in parse(windows).instructions] == ["dir c:\\", "a   b"]
    third = "# syntax=x\n#check=skip=all\n# Escape = `\nRUN a `\n  b\n"
    assert [it.arguments.text for it in parse(third).instructions] == ["a   b"]
    too_late = "# hello\n# escape=`\nRUN a `\n  b\n"
    assert [it.keyword for it in parse(too_late).instructions] == ["RUN", "B"]


def test_reads_heredocs_and_knows_their_lines() -> None:
    """Their contents are no instructions; a quoted name says that variables in it are not expanded."""
    text = "RUN cat <<A 3<<-'B'\nFROM x\nA\n\t\ttab\n\tB\nCOPY <<\"C D\" /x\nC D\n"
    run, copy = parse(text).instructions
    assert [(it.name, it.content.text, it.content.line(0), it.literal) for it in run.heredocs] == [
        ("A", "FROM x\n", 2, False),
        ("B", "tab\n", 4, True),
    ]
    assert (run.end, copy.line, copy.heredocs[0].name) == (5, 6, "C D")


def test_the_exec_form_is_json_or_nothing() -> None:
    """What is no array of strings is a command for the shell."""
    assert only('RUN ["pip", "install", "a\\"b"]').words == ("pip", "install", 'a"b')
    for shell in ("RUN ['pip']", 'RUN ["a", 1]', 'RUN ["a"] && b', "RUN [ -f x ]", "RUN " + "[" * 100_000):
        assert only(shell).words is None


def test_onbuild_is_the_instruction_that_it_holds() -> None:
    """Its flags and heredocs too."""
    run = only("ONBUILD RUN --network=none cat <<E\nx\nE\n")
    assert (run.keyword, run.onbuild, run.flags, run.heredocs[0].content.text) == (
        *("RUN", True, ("--network=none",)),
        "x\n",
    )


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map("".join))
@settings(max_examples=500, deadline=None)
def test_reads_anything(text: str) -> None:
    """Whatever the file, reading ends, and all lines that are told lie in the file, in order."""
    found = parse(text)
    last = 0
    for instruction in found.instructions:
        assert last < instruction.line <= instruction.end <= text.count("\n") + 1
        last = instruction.end
        places = [instruction.arguments, *(heredoc.content for heredoc in instruction.heredocs)]
        for place in places:
            lines = [place.line(offset) for offset in range(len(place.text) + 1)]
            assert lines == sorted(lines)
            assert instruction.line <= lines[0] <= lines[-1] <= instruction.end + 1


@given(st.lists(st.sampled_from(["a", "b c", "--x=y", "$V", "&&", "é"]), min_size=1), st.data())
@settings(deadline=None)
def test_a_word_is_told_on_the_line_that_it_is_on(words: list[str], data: st.DataObject) -> None:
    """However an instruction is broken into lines, with comments between them."""
    breaks = [data.draw(st.sampled_from([" ", " \\\n", " \\\n# c\n", "\\\n\n  ", " \\ \r\n"])) for _ in words]
    marked = [f"word{number}_{word}" for number, word in enumerate(words)]
    text = (
        "FROM x\nRUN " + "".join(f"{word}{gap}" for word, gap in zip(marked, breaks, strict=True)) + "end\n"
    )
    run = parse(text).instructions[1].arguments
    for number in range(len(words)):
        told = run.line(run.text.index(f"word{number}_"))
        assert told == text[: text.index(f"word{number}_")].count("\n") + 1


@pytest.mark.skipif(sys.platform != "linux", reason="BuildKit's parser is installed on Linux")
@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join))
@settings(max_examples=1000, deadline=None)
def test_reads_as_buildkit_does(text: str) -> None:
    """The same instructions, lines, flags and heredocs as BuildKit's own parser finds, where that takes the file."""
    theirs = _by_buildkit(text)
    if theirs is not None:
        assert [_told(instruction) for instruction in parse(text).instructions] == theirs


def _told(instruction: Instruction) -> tuple[Any, ...]:
    place = (instruction.keyword, instruction.line, instruction.end)
    if instruction.onbuild or instruction.keyword == "ONBUILD":
        return (*place, (), ())
    return (*place, instruction.flags, tuple((it.name, it.content.text) for it in instruction.heredocs))


def _by_buildkit(text: str) -> list[tuple[Any, ...]] | None:
    """What BuildKit's parser finds; None where it refuses the file.

    Of ONBUILD it gives neither flags nor heredocs.
    """
    dockerfile = pytest.importorskip("dockerfile")
    try:
        found = dockerfile.parse_string(text)
    except dockerfile.GoParseError:
        return None
    return [
        (
            (it.sub_cmd or it.cmd).upper(),
            *(it.start_line, it.end_line),
            () if it.cmd.upper() == "ONBUILD" else tuple(map(_of_bytes, it.flags)),
            () if it.cmd.upper() == "ONBUILD" else tuple((doc.name, doc.content) for doc in it.heredocs),
        )
        for it in found
        if it.cmd
    ]


def _of_bytes(flag: str) -> str:
    """Of flags BuildKit makes characters byte by byte."""
    return flag.encode("latin-1").decode()

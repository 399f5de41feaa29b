"""Shell scripts are taken apart as a shell does it: commands, what is expanded in them, where output goes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carrack.model.shell import Command, within
from carrack.model.shell_parser import parse


def lines(text: str) -> list[str]:
    """The words of every command, those first whose output another one takes."""
    return [" ".join(word.text for word in command.words) for command in within(parse(text).commands)]


def only(text: str) -> Command:
    """The one command of a script."""
    (command,) = parse(text).commands
    return command


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("a b && c || d; e & f\ng", ["a b", "c", "d", "e", "f", "g"]),
        ("if [ -f x ]; then a; elif b; then c; else d; fi", ["[ -f x ]", "a", "b", "c", "d"]),
        ("for x in $(a) b; do c $x; done", ["a", "for x in $(a) b", "c $x"]),
        ("while a; do b; done; ! c", ["a", "b", "c"]),
        ("case $x in a|b) c;; (d) (e; f);; esac; g", ["case $x in", "c", "e", "f", "g"]),
        ("f() { a; }; function g { b; }; f", ["a", "b", "f"]),
        (
            "a $(b \"$(c 'd)')\") `e \\`f\\``",
            ["c 'd)'", "b \"$(c 'd)')\"", "f", "e `f`", "a $(b \"$(c 'd)')\") `e \\`f\\``"],
        ),
        ("a <(b) >(c)", ["b", "c", "a <(b) >(c)"]),
        ("a # b; c\nd#e", ["a", "d#e"]),
        ("a 'b;c' \"d && e\" f\\;g", ["a 'b;c' \"d && e\" f\\;g"]),
        ("a \\\n b", ["a b"]),
        ("x=$(a) y=b c", ["a", "c"]),
        ("", []),
    ],
)
def test_finds_the_commands(script: str, commands: list[str]) -> None:
    """In their order, without reserved words; quotes and comments hide operators."""
    assert lines(script) == commands


def test_knows_what_is_expanded() -> None:
    """Not in single quotes, not where only the length is, or another word instead; in nested quotes too."""
    words = only("""x '$a' "$b'$c'" ${d:-$e} ${f:+$g} ${#h} $1 \\$i $'$j' "$(k "$l")" $((m))""").words
    found = [sorted(word.variables) for word in words]
    assert found == [[], [], ["b", "c"], ["d", "e"], ["g"], [], ["1"], [], [], [], []]
    assert words[9].inner[0].words[1].variables == {"l"}


def test_knows_assignments_and_redirects() -> None:
    """Before a command; `2>&1` and a number before an operator are no words."""
    command = only("A=1 B+=\"$x\" cmd C=3 >out 2>>err <in <<<'x' 2>&1")
    assert [(name, word.text) for name, word in command.assignments] == [("A", "A=1"), ("B", 'B+="$x"')]
    assert [word.text for word in command.words] == ["cmd", "C=3"]
    assert [(it.operator, it.target.text) for it in command.redirects] == [
        *((">", "out"), (">>", "err"), ("<", "in"), ("<<<", "'x'"), (">&", "1")),
    ]


@pytest.mark.parametrize(
    "group",
    ["{ a; b; }", "(a; b)", "if a; then b; fi", "for x in y; do a; b; done", "case x in y) a; b;; esac"],
)
def test_a_groups_redirect_is_each_ones(group: str) -> None:
    """Also its pipe."""
    commands = [command for command in parse(f"{group} >out | c").commands if command.line in ("a", "b")]
    assert [(command.redirects[-1].target.text, command.piped) for command in commands] == [("out", True)] * 2


def test_reads_documents() -> None:
    """A quoted name keeps variables as they are; two documents come in their order; the script goes on below."""
    first, second, last = parse("a <<X >f; b <<-'Y'\n$v $(w)\nX\n\t$z\n\tY\nc").commands
    assert [(it.operator, it.target.text) for it in first.redirects] == [("<<", "$v $(w)\n"), (">", "f")]
    assert first.redirects[0].target.variables == {"v"}
    assert first.redirects[0].target.inner[0].line == "w"
    assert (second.redirects[0].target.text, second.redirects[0].target.variables) == ("\t$z\n", frozenset())
    assert last.line == "c"


@pytest.mark.parametrize(
    ("line", "program"),
    [
        ("/usr/bin/pip install x", "pip"),
        ("python3.12 -m pip install x", "pip"),
        ("sudo env A=b 'curl' x", "curl"),
        ("A=b", ""),
        ("python -m", "python"),
        ("env", "env"),
    ],
)
def test_knows_the_program(line: str, program: str) -> None:
    """Whatever stands before it."""
    assert only(line).program == program


PIECES = [
    *"$(){}[]<>|&;'\"`\\#=! \n\t",
    "a",
    "$a",
    "${",
    "$(",
    "$((",
    "<<E",
    "\nE\n",
    "case x in",
    "esac",
    "if",
    "fi",
    "f()",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=2), max_size=40).map("".join))
@settings(max_examples=500, deadline=None)
def test_reads_anything(script: str) -> None:
    """Whatever the script, reading ends, and each word stands where it says that it does."""
    for command in within(parse(script).commands):
        for word in command.all_words:
            if "`" not in script:  # in backquotes a backslash before one is taken away
                assert script.startswith(word.text, word.offset)


@given(st.lists(st.sampled_from(["a", "b c", "$d", "'e;f'", '"g && h"', "$(i; j)"]), min_size=1))
@settings(deadline=None)
def test_commands_that_are_joined_are_found_again(commands: list[str]) -> None:
    """By any operator."""
    for operator in (" && ", "; ", " | ", "\n", " || ", " & "):
        assert [
            " ".join(word.text for word in it.words) for it in parse(operator.join(commands)).commands
        ] == commands

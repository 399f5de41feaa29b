"""The flags: known ones in full, everything else a usage error that repeats no value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from tests.batch_params.unhurried import UNHURRIED

from batch_params import ConfigError, load_config, read_config
from batch_params.command_line import Action, parse_arguments

MORE = "--help lists the flags and the keys"
FILE = "--param-json needs one file, an s3:// or ssm:// address, or - for standard input"


class Parameters(BaseModel):
    """No keys."""


class Sized(BaseModel):
    """One key."""

    size: int = 1


def usage_error(*argv: str) -> list[str]:
    """Give the lines of the usage error; CONFIG_JSON is set, so that nothing else is wrong."""
    with pytest.raises(ConfigError) as refusal:
        read_config(Parameters, argv, {"CONFIG_JSON": "{}"})
    assert refusal.value.exit_code == 64
    return str(refusal.value).splitlines()


def test_an_unknown_flag_is_refused_with_the_nearest_known_one() -> None:
    """A mistyped flag is not ignored in favour of CONFIG_JSON."""
    expected = "command line: unknown flag --params_json; did you mean --param-json?"
    assert usage_error("--params_json", "job.json") == [expected]


def test_a_flag_is_never_abbreviated() -> None:
    """A prefix of a flag is an unknown flag."""
    assert usage_error("--param", "job.json") == [
        "command line: unknown flag --param; did you mean --param-json?"
    ]
    assert usage_error("--hel") == ["command line: unknown flag --hel; did you mean --help?"]


def test_every_unknown_flag_is_named_at_once() -> None:
    """Each has its own line, and one that resembles nothing is led to --help."""
    assert usage_error("--params-json=a", "--verbose", "--param-json=") == [
        "command line: unknown flag --params-json; did you mean --param-json?",
        f"command line: unknown flag --verbose; {MORE}",
        f"command line: {FILE}",
    ]


@pytest.mark.parametrize(
    "argv",
    [
        ["--param-json"],
        ["--param-json="],
        ["--param-json", ""],
        ["--param-json", "a", "--param-json", "b"],
        ["--param_json=a", "--param-json=a"],
    ],
)
def test_the_flag_needs_exactly_one_file(argv: list[str]) -> None:
    """No value, an empty one and two of them are refused; none wins silently."""
    assert usage_error(*argv) == [f"command line: {FILE}"]


@pytest.mark.parametrize(
    "argv",
    [
        ["--token", "hunter2"],
        ["--token=hunter2"],
        ["hunter2"],
        ["--help=hunter2"],
        ["-hunter2"],
        ["--", "hunter2"],
        ["-p", "hunter2"],
    ],
)
def test_no_value_on_the_command_line_is_repeated(argv: list[str]) -> None:
    """An argument may be a secret in the wrong place: messages show the names of flags only."""
    (line,) = usage_error(*argv)
    assert "hunter" not in line


def test_help_is_found_among_other_flags(capsys: pytest.CaptureFixture[str]) -> None:
    """Who asks for help gets it, whatever else is on the line."""
    for argv in (["--debug", "--help"], ["-h"], ["--explain", "--param-json", "--help"]):
        assert parse_arguments(argv, {}).action is Action.HELP
        with pytest.raises(SystemExit) as ended:
            load_config(Parameters, argv=argv, environ={})
        assert ended.value.code == 0
        assert capsys.readouterr().out.startswith("usage: ")
    assert parse_arguments(["--param-json", "-"], {}).action is None


@pytest.mark.parametrize("action", ["--help", "-h", "--explain", "--schema"])
def test_a_program_that_reads_acts_on_no_help(action: str) -> None:
    """With one of these flags everything else counts as without it: what is given, and what is wrong."""
    assert read_config(Sized, [action, "--size", "7"], {}).size == 7
    assert usage_error(action, "--params-json=a", "stray") == [
        "command line: unknown flag --params-json; did you mean --param-json?"
    ]


@UNHURRIED
@given(st.lists(st.text() | st.sampled_from(["--param-json", "--help", "-h", "--", "-", "--param_json=x"])))
def test_no_command_line_raises_anything(argv: list[str]) -> None:
    """Whatever the arguments are, they are understood or refused as usage."""
    assert all(problem.exit_code == 64 for problem in parse_arguments(argv, {}).problems)

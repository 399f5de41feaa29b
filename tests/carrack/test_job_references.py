"""`Ref::NAME` is a whole argument, and every one is filled."""

from __future__ import annotations

import pytest

from carrack.model.jobs.references import command_faults, parameter_faults, references, substituted


@pytest.mark.parametrize(
    ("command", "defaults", "said"),
    [
        (("--in=Ref::input",), {}, "must be a whole argument"),
        (("Ref::a Ref::b",), {}, "must be a whole argument"),
        (("Ref::",), {}, "must be a whole argument"),
        (("Ref::Ref::a",), {}, "must be a whole argument"),
        (("Ref::in", "Ref::input"), {}, "the parameter 'in' begins 'input'"),
        (("Ref::a",), {"b": "1"}, "nothing in the command refers to 'b' (as Ref::b)"),
        (("Ref::a",), {"a": ""}, "a is empty"),
        (("Ref::a",), {"a": "Ref::a"}, "the value of a has Ref:: in it"),
    ],
)
def test_a_command_that_nobody_knows_the_meaning_of(
    command: tuple[str, ...], defaults: dict[str, str], said: str
) -> None:
    """AWS does not say what becomes of it, so it is refused."""
    (fault,) = command_faults(command, defaults)
    assert said in fault


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Ref::day has no default, and nothing was given for it"),
        ({"day": "1", "dya": "1"}, "the command has no Ref::dya; it has day, mode"),
        ({"day": ""}, "day is empty, and AWS Batch takes no empty argument"),
    ],
)
def test_parameters_that_aws_batch_takes_in_silence(given: dict[str, str], said: str) -> None:
    """Unknown ones are ignored there, and unfilled ones reach the program as they are."""
    (fault,) = parameter_faults(("--day", "Ref::day", "Ref::mode"), {"mode": "full"}, given)
    assert said in fault


def test_a_command_with_its_values() -> None:
    """Other arguments stay, also those that look alike."""
    command = ("Ref::day", "ref::day", "--x")
    assert references(command) == ("day",)
    assert substituted(command, {"day": "1"}) == ("1", "ref::day", "--x")
    assert list(command_faults(command, {"day": "1"})) == []

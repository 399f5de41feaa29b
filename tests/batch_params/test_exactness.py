"""Numbers are never rounded on the way into the model's types."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from pydantic import BaseModel

from batch_params import read_config


class Parameters(BaseModel):
    """Types that hold numbers differently."""

    ratio: float = 0
    rate: Decimal = Decimal(0)
    count: int = 0
    ratios: list[float] = []


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        ('"ratio": 9007199254740993', "ratio: is an integer that a float cannot hold exactly"),
        ('"ratio": 1' + "0" * 400, "ratio: is an integer that a float cannot hold exactly"),
        ('"ratios": [1, -9007199254740993]', "ratios[1]: is an integer that a float cannot hold exactly"),
        ('"ratio": 1e-99999999999999999999', "ratio: has an exponent that no number holds"),
        (
            '"rate": 0.1234567890123456789',
            "rate: is a number with a fraction or an exponent that would be rounded; write it as a string",
        ),
    ],
)
def test_a_number_that_would_be_rounded_is_refused(
    refused: Callable[[type[BaseModel], str], list[str]], member: str, problem: str
) -> None:
    """An integer that no double equals, and a decimal with more digits than a double, are named."""
    (line,) = refused(Parameters, f"{{{member}}}")
    assert line.endswith(problem)


@pytest.mark.parametrize(
    ("member", "key", "value"),
    [
        ('"ratio": 9007199254740992', "ratio", 2.0**53),
        ('"ratio": 9007199254740994', "ratio", 2.0**53 + 2),
        ('"ratio": 0.1234567890123456789', "ratio", 0.1234567890123456789),
        ('"count": 9007199254740993', "count", 2**53 + 1),
        ('"rate": 9007199254740993', "rate", Decimal(2**53 + 1)),
        ('"rate": 0.1', "rate", Decimal("0.1")),
        ('"rate": 1.50', "rate", Decimal("1.5")),
        ('"rate": "0.1234567890123456789"', "rate", Decimal("0.1234567890123456789")),
    ],
)
def test_a_number_that_its_type_holds_is_taken(member: str, key: str, value: object) -> None:
    """Digits beyond a double's own in a float are what floats are; a decimal in a string is exact."""
    assert getattr(read_config(Parameters, [], {"CONFIG_JSON": f"{{{member}}}"}), key) == value

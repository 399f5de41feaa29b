"""Shared by the tests of batch-params: what is wrong with a JSON text for a model."""

from collections.abc import Callable

import pytest
from pydantic import BaseModel

from batch_params import ConfigError, read_config


def _refused(model: type[BaseModel], text: str) -> list[str]:
    with pytest.raises(ConfigError) as refusal:
        read_config(model, [], {"CONFIG_JSON": text})
    assert refusal.value.exit_code == 78
    return [str(problem) for problem in refusal.value.problems]


@pytest.fixture
def refused() -> Callable[[type[BaseModel], str], list[str]]:
    """Give the lines that a user sees for a model and a text in `CONFIG_JSON`; fails without any."""
    return _refused

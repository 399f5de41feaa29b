"""Typed parameters for a batch job, from one pydantic model and one JSON document."""

from batch_params.load import load_config, read_config
from batch_params.problems import ConfigError, Position, Problem

__all__ = ["ConfigError", "Position", "Problem", "load_config", "read_config"]

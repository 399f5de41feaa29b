"""What the tables of a pyproject.toml have in common: keys as TOML spells them, values that nobody changes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Read(BaseModel):
    """A table of which the keys that are not named here are somebody else's."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=lambda name: name.replace("_", "-"),
        hide_input_in_errors=True,
        defer_build=True,  # most workspaces have some of these tables
    )


class Table(Read):
    """A table of ours: a key that is not named here is a mistake."""

    model_config = ConfigDict(extra="forbid")

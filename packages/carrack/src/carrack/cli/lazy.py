"""A group of verbs of which a module is loaded only when its verb is typed."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """`verbs` has each verb with its one line of help; the verb's command is `command` in the module `prefix` + verb.

    `--help` must not wait for boto3.
    """

    def __init__(self, *args: Any, verbs: Mapping[str, str], prefix: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._verbs = verbs
        self._prefix = prefix

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in the order of the table."""
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's own command."""
        if cmd_name not in self._verbs:
            return None
        module = importlib.import_module(f"{self._prefix}{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, but a verb that is not there is answered with the one that was probably meant."""
        if args[0] not in self._verbs and not args[0].startswith("-"):
            from batch_params.suggestion import nearest  # here, because pydantic comes with it

            meant = nearest(args[0], self._verbs)
            raise click.UsageError(
                f"there is no verb {args[0]!r}" + (f"; did you mean {meant}?" if meant else ""), ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of verbs, without loading any of them."""
        if self._verbs:
            with formatter.section("Verbs"):
                formatter.write_dl(list(self._verbs.items()))

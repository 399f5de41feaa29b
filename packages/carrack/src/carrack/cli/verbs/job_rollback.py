"""`carrack job rollback`."""

from __future__ import annotations

import click

from carrack.cli.options import index_option, on_option
from carrack.cli.wiring import Wiring


@click.command("rollback")
@index_option
@on_option
@click.option(
    "--queue", metavar="NAME", help="Where its jobs ran; if not said, the queue of the app that has it."
)
@click.option(
    "--to-revision", "revision", type=int, metavar="N", help="This one, whatever became of its jobs."
)
@click.argument("name")
@click.pass_obj
def command(
    wiring: Wiring, to: str | None, on: str, queue: str | None, revision: int | None, name: str
) -> None:
    """Have the last job definition of NAME whose jobs succeeded be the newest again; prints NAME:REVISION.

    Its content is registered once more, unless the newest revision has it already. Nothing is built, no revision is
    taken away, and jobs that were submitted go on. Batch lists jobs only for some time after they ended; of what it
    forgot, --to-revision takes your word.
    """
    from carrack.commands.job_rollback import roll_back
    from carrack.model.command_line import CommandLine

    settings = (wiring.job_settings(app) for app in wiring.workspace.apps.values())
    queue = queue or next((one.queue for one in settings if one.definition == name), None)
    click.echo(roll_back(name, queue, revision, wiring.batch(on, to), wiring.report, CommandLine(to)))

"""`carrack doctor`."""

from __future__ import annotations

import json

import click

from carrack.cli.options import index_option
from carrack.cli.output import show_checks
from carrack.cli.wiring import Wiring
from carrack.errors import ExitCode
from carrack.model.diagnosis import Check, Verdict


@click.command("doctor")
@index_option
@click.option("--json", "as_json", is_flag=True, help="The same facts for a program.")
@click.pass_obj
def command(wiring: Wiring, to: str | None, as_json: bool) -> int:
    """Look at everything between here and an index; change nothing, and say what to do.

    Exits with 0 only if nothing fails; a warning keeps no verb from working, or only some.
    """
    from carrack.commands.doctor import diagnose

    checks = diagnose(wiring.patient(wiring.index(to)))
    if as_json:
        click.echo(json.dumps([_facts(check) for check in checks], indent=2))
    else:
        show_checks(checks)
    return ExitCode.NOT_READY if any(check.verdict is Verdict.FAIL for check in checks) else ExitCode.DONE


def _facts(check: Check) -> dict[str, str | None]:
    return {
        "check": check.name,
        "verdict": check.verdict.value,
        "said": check.said,
        "remedy": check.remedy or None,
    }

"""`carrack index cost`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from carrack.cli.options import app_option, index_option
from carrack.cli.wiring import Wiring
from carrack.model.cost import Estimate
from carrack.model.habits import Habit, installs, other_requests, releases
from carrack.model.index import Index

_COUNT = click.IntRange(min=0, max=10**12)


@click.command("cost")
@index_option
@click.option(
    "--installs",
    "installed",
    metavar="N",
    type=_COUNT,
    help="How often a month an app is installed from its lock.",
)
@app_option
@click.option(
    "--releases", "released", metavar="N", type=_COUNT, help="How many versions a month are published."
)
@click.option(
    "--requests",
    "others",
    metavar="N",
    type=_COUNT,
    help="Requests a month besides, from a bill for example.",
)
@click.option(
    "--storage",
    "gb",
    metavar="GB",
    type=_COUNT,
    help="GB that the domain holds, instead of asking the index.",
)
@click.option("--json", "as_json", is_flag=True, help="The same facts for a program.")
@click.pass_obj
def cost(
    wiring: Wiring,
    to: str | None,
    installed: int | None,
    app_name: str | None,
    released: int | None,
    others: int | None,
    gb: int | None,
    as_json: bool,
) -> None:
    """Estimate the month's cost of the index's domain: what it holds, and the requests of your habits.

    Each line says whether it is measured or assumed. Prices are a dated table, which [tool.carrack.prices.REGION]
    replaces. Nothing is changed.
    """
    from carrack.commands.index_cost import estimate

    index = wiring.index(to)
    habits = list(_habits(wiring, index, installed, app_name, released, others))
    found = estimate(index, wiring.domain_size(index), habits, wiring.workspace.prices, said_gb=gb)
    if as_json:
        click.echo(json.dumps(_facts(found), indent=2))
    else:
        _show(found)


def _habits(
    wiring: Wiring,
    index: Index,
    installed: int | None,
    app_name: str | None,
    released: int | None,
    others: int | None,
) -> Iterator[Habit]:
    if installed is not None:
        yield installs(installed, wiring.present_lock(wiring.app(app_name), index))
    if released is not None:
        yield releases(released, len(wiring.workspace.packages))
    if others is not None:
        yield other_requests(others)


def _show(found: Estimate) -> None:
    """A line for each part on stdout, how it is known first, and one below it with why."""
    lines = (*found.lines(), found.bottom_line())
    basis, what, amount = (
        max(map(len, column))
        for column in zip(*((one.basis.value, one.what, one.amount) for one in lines), strict=True)
    )
    for one in lines:
        told = f"{one.basis.value:{basis}}  {one.what:{what}}  {one.amount:{amount}}  {one.cost}"
        click.echo(told.rstrip())
        if one.why:
            click.echo(f"{' ' * basis}  {one.why}")


def _facts(found: Estimate) -> dict[str, Any]:
    prices = found.prices
    return {
        "index": found.index.name,
        "domain": found.index.domain,
        "region": found.index.region,
        "estimate": {
            "currency": prices.currency,
            "storage": float(found.storage_cost),
            "requests": float(found.requests_cost),
            "total": float(found.total),
        },
        "storage": {"bytes": found.storage.size, "basis": found.storage.basis.value},
        "requests": [
            {
                "habit": one.name,
                "times": one.times,
                "each": one.each,
                "basis": one.basis.value,
                "why": one.why,
            }
            for one in found.habits
        ],
        "prices": {
            "basis": found.prices_basis.value,
            "region": prices.region,
            "read": prices.read.isoformat(),
            "source": prices.source,
            "gb-month": float(prices.gb_month),
            "ten-thousand-requests": float(prices.ten_thousand_requests),
            "free-gb": float(prices.free_gb),
            "free-requests": prices.free_requests,
        },
    }

"""How jobs are shown: facts on one screen, and the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import click

from carrack.cli.output import printable
from carrack.commands.inquiry import Inquiry
from carrack.commands.job_status import Standing, standing
from carrack.model.command_line import CARRACK
from carrack.model.jobs.explanation import Explanation
from carrack.model.jobs.failures import Failures, cause_of
from carrack.model.jobs.job import Attempt, Job
from carrack.model.jobs.progress import duration, line_of
from carrack.model.jobs.retrying import retry_of
from carrack.model.jobs.shards import format_ranges
from carrack.model.jobs.usage import Usage

RETRY = CARRACK("job retry")
"""The step that runs the very same again: what was asked for wrongly, or has a bug, would fail alike."""
_SHOWN = 12
_INDEXES = 60
"""Letters of a list of children on a screen; --json has all."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What an hour costs, where that was said."""

    vcpu_hour: float | None
    gb_hour: float | None

    def line(self, used: Usage) -> str:
        """The estimate, and its price where both prices were said."""
        if self.vcpu_hour is None or self.gb_hour is None:
            return str(used)
        return f"{used}, {used.cost(vcpu_hour=self.vcpu_hour, gb_hour=self.gb_hour):.2f} at these prices"


def show_each(
    jobs: Iterable[tuple[str, Inquiry]],
    show: Callable[[Standing, Prices], None],
    prices: Prices,
    *,
    as_json: bool,
) -> None:
    """What `show` makes of each job, asked for where it is; or all as one JSON list. Nothing before all are known."""
    found = [standing(job, inquiry) for job, inquiry in jobs]
    if as_json:
        click.echo(json.dumps([as_facts(one) for one in found], indent=1))
        return
    for number, one in enumerate(found):
        if number:
            click.echo()
        show(one, prices)


def show_facts(standing: Standing, prices: Prices) -> None:
    """One job on one screen."""
    for name, value in _facts(standing, prices):
        click.echo(f"{name.ljust(_SHOWN)}{printable(value)}")


def _facts(standing: Standing, prices: Prices) -> Iterator[tuple[str, str]]:
    job = standing.job
    yield "job", f"{job.id} ({job.name})"
    yield "state", line_of(job)
    yield "queue", job.queue
    yield "definition", job.definition
    if (first := retry_of(job)) is not None:
        yield "retry of", first
    yield "times", _times(job)
    for number, attempt in enumerate(job.attempts, 1):
        yield f"attempt {number}", _attempt(attempt)
    yield "why", standing.why.sentence
    for failures, why in standing.failures:
        yield "", f"{children_of(failures)}: {why.sentence}"
    if standing.why.next:
        yield "next", standing.why.next
    if standing.usage.attempts:
        yield "used", prices.line(standing.usage)


def children_of(failures: Failures) -> str:
    """`2 children (3,17)`."""
    indexes = format_ranges(failures.indexes)
    if len(indexes) > _INDEXES:
        indexes = f"{indexes[:_INDEXES].rpartition(',')[0]},…"
    return f"{len(failures.indexes)} child{'ren' if len(failures.indexes) > 1 else ''} ({indexes})"


def _times(job: Job) -> str:
    told = [f"created {moment(job.created)}"] if job.created is not None else []
    if job.started is not None:
        waited = f" after {duration(job.started - job.created)}" if job.created is not None else ""
        told.append(f"started{waited}")
        if job.stopped is not None:
            told.append(f"took {duration(job.stopped - job.started)}")
    return ", ".join(told) or "none told yet"


def moment(milliseconds: int | None) -> str:
    """A time of Batch's, in UTC."""
    if milliseconds is None:
        return ""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _attempt(attempt: Attempt) -> str:
    code = "no exit code" if attempt.exit_code is None else f"exit code {attempt.exit_code}"
    took = ""
    if attempt.started is not None and attempt.stopped is not None:
        took = f" after {duration(attempt.stopped - attempt.started)}"
    reasons = dict.fromkeys(text for text in (attempt.status_reason, attempt.reason) if text)
    return "; ".join([f"{code}{took}", *reasons])


def show_explanation(standing: Standing, prices: Prices) -> None:
    """Why a job stands so, cause by cause, each with its next step and where that meaning is from."""
    click.echo(printable(f"{standing.job.id} {line_of(standing.job)}"))
    groups = [(children_of(failures), failures, why) for failures, why in standing.failures]
    if not groups:
        _show_why(standing.why, cause_of(standing.job).said if standing.job.has_failed else "")
    for title, failures, why in groups:
        click.echo(f"\n{title}")
        _show_why(why, failures.cause.said)
    if standing.why.next and any(RETRY in why.next for _, _, why in groups):
        click.echo(f"\nagain: {standing.why.next}")
    if standing.usage.attempts:
        click.echo(f"\nused: {prices.line(standing.usage)}")


def _show_why(why: Explanation, said: str) -> None:
    click.echo(printable(f"  {why.sentence}"))
    if said and said not in why.sentence:
        click.echo(printable(f"  told: {said}"))
    if why.next:
        click.echo(printable(f"  next: {why.next}"))
    if why.source:
        click.echo(f"  source: {why.source}")


def as_facts(standing: Standing) -> dict[str, Any]:
    """A job's standing for a program; its environment, which may hold what is nobody's business, is left out."""
    job = standing.job
    return {
        **summary(job),
        "retry_of": retry_of(job),
        "attempts": [asdict(attempt) for attempt in job.attempts],
        "why": asdict(standing.why),
        "failures": [
            {
                "children": format_ranges(one.indexes),
                "count": len(one.indexes),
                **asdict(one.cause),
                **asdict(why),
            }
            for one, why in standing.failures
        ],
        "usage": asdict(standing.usage),
    }


def summary(job: Job) -> dict[str, Any]:
    """The facts that a list shows of a job."""
    return {
        "job": job.id,
        "name": job.name,
        "queue": job.queue,
        "definition": job.definition,
        "status": job.status,
        "ended": job.has_ended,
        "failed": job.has_failed,
        "status_reason": job.status_reason,
        "exit_code": job.exit_code,
        "created": job.created,
        "started": job.started,
        "stopped": job.stopped,
        "size": job.array_size,
        "children": dict(job.counts),
    }

"""A table of jobs that stays in its place on a terminal; elsewhere a line for each change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from carrack.cli.output import printable
from carrack.commands.job_watch import Look, Show
from carrack.model.jobs.job import Job
from carrack.model.jobs.progress import done, duration, line_of
from carrack.ports import Report

_BAR = 20


@contextmanager
def shown(report: Report, *, live: bool) -> Iterator[Show]:
    """Give what shows each look at jobs, on stderr: `live` in one place, else a line where a job's state changed."""
    if not live:
        yield _Lines(report)
        return
    with Live(console=Console(stderr=True), auto_refresh=False) as table:
        yield lambda look: table.update(table_of(look), refresh=True)


def table_of(look: Look) -> Group:
    """A row for each job, and below the rows the last line of each log."""
    table = Table(box=None, pad_edge=False)
    for heading in ("job", "done", "for", "state"):
        table.add_column(heading, overflow="fold" if heading == "state" else "ellipsis")
    for job in look.jobs:
        bar = ProgressBar(total=1, completed=done(job), width=_BAR)
        table.add_row(job.id, bar, _age(job, look.now), Text(line_of(job)))
    alone = len(look.jobs) == 1
    return Group(table, *(_last(job, line, alone=alone) for job, line in look.lines.items()))


def _last(job: str, line: str, *, alone: bool) -> Text:
    whose = "" if alone else f"{job} "
    return Text(f"{whose}{printable(line)}", style="dim", no_wrap=True, overflow="ellipsis")


def _age(job: Job, now: int) -> str:
    if job.created is None:
        return ""
    return duration((job.stopped if job.stopped is not None else now) - job.created)


class _Lines:
    """Tells a report what changed since the look before."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._before: dict[str, str] = {}

    def __call__(self, look: Look) -> None:
        """Tell each job whose state, or whose children's, is another now."""
        for job in look.jobs:
            line = line_of(job)
            if self._before.get(job.id) != line:
                self._before[job.id] = line
                self._report.step("Watching", f"{job.id} {line} ({_age(job, look.now)})")

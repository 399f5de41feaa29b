"""`job logs`: what jobs wrote, to their end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from carrack.commands.inquiry import Inquiry
from carrack.errors import JobError
from carrack.model.jobs.job import Job
from carrack.ports import Report

_GENTLY = 0.25
"""Seconds between two questions to a log: GetLogEvents allows 25 a second to a whole account, in most regions."""
_FIRST, _LONGEST = 1.0, 5.0
_DRAINS = 3
"""How many empty answers end the log of a job that has ended: its last lines come some seconds later."""
_APPEARS = 30
"""For how many seconds a job that has started may be without a log stream."""

Tell = Callable[[Job, str], None]
"""Is given each line, with the job that wrote it."""


def read_logs(
    job: Job, inquiry: Inquiry, tell: Tell, *, attempt: int | None = None, follow: bool = False
) -> None:
    """Tell the lines of one job: of its last attempt, or of that which is said; with `follow`, until it has ended.

    Followed attempts come one after the other. Raises JobError where there is no such attempt, or it never started.
    """
    if attempt is not None:
        _read_to_end(job, _stream_of(job, attempt, inquiry), inquiry, tell)
    elif follow:
        _follow(job, inquiry, tell)
    else:
        _read_to_end(job, _last_stream(job, inquiry), inquiry, tell)


def read_each(
    array: Job, children: Sequence[Job], inquiry: Inquiry, tell: Tell, report: Report, attempt: int | None
) -> None:
    """Tell the lines of several children one after the other; those without a log are noted.

    Raises JobError where none of them has one.
    """
    silent = 0
    for child in children:
        try:
            read_logs(child, inquiry, tell, attempt=attempt)
        except JobError as error:
            report.note(str(error))
            silent += 1
    if silent == len(children):
        of = f" of attempt {attempt}" if attempt else ""
        raise JobError(
            f"none of these {silent} children has a log{of}",
            address=f"job {array.id}",
            hint=inquiry.command("job explain", array.id),
        )


def _stream_of(job: Job, attempt: int, inquiry: Inquiry) -> str:
    streams = streams_of(job)
    if not 1 <= attempt <= len(streams):
        raise JobError(
            f"it has {len(streams)} attempts with a log, and no attempt {attempt}",
            address=f"job {job.id}",
            hint=f"{inquiry.command('job status', job.id)} shows its attempts",
        )
    return streams[attempt - 1]


def streams_of(job: Job) -> list[str]:
    """The log of each attempt, in their order; the one that runs is in no list of attempts yet."""
    streams = [*(one.log_stream for one in job.attempts), job.log_stream]
    return list(dict.fromkeys(stream for stream in streams if stream))


def _last_stream(job: Job, inquiry: Inquiry) -> str:
    """The stream of the newest attempt. One that has just started has none for some seconds, which are waited for."""
    until = inquiry.clock.now() + _APPEARS
    while not streams_of(job):
        waits = job.status in ("STARTING", "RUNNING") and inquiry.clock.now() < until
        if not waits:
            raise _silent(job, inquiry)
        inquiry.clock.sleep(_FIRST)
        job = inquiry.job(job.id)
    return streams_of(job)[-1]


def _silent(job: Job, inquiry: Inquiry) -> JobError:
    if job.has_ended:
        hint = inquiry.command("job explain", job.id)
        return JobError("it ended without writing a log", address=f"job {job.id}", hint=hint)
    hint = f"{inquiry.command('job logs', job.id, '--follow')} waits for it"
    return JobError(f"it has not started ({job.status})", address=f"job {job.id}", hint=hint)


def _read_to_end(job: Job, stream: str, inquiry: Inquiry, tell: Tell) -> None:
    for line in lines_of(stream, inquiry):
        tell(job, line)


def lines_of(stream: str, inquiry: Inquiry) -> Iterator[str]:
    """What a log has now. A page may be empty and not the last: only the same token again is the end."""
    token = None
    while True:
        page = inquiry.log(stream, token)
        yield from (text for _, text in page.lines)
        if page.token == token:
            return
        token = page.token
        inquiry.clock.sleep(_GENTLY)


def _follow(job: Job, inquiry: Inquiry, tell: Tell) -> None:
    """Tell the log of each attempt as it grows, until the job has ended and its last lines have come."""
    tokens: dict[str, str | None] = {}
    drained: set[str] = set()
    empty, pause = 0, _FIRST
    while empty < _DRAINS:
        streams = streams_of(job)
        news = False
        for stream in streams:
            if stream not in drained:
                news = _read_on(job, stream, tokens, inquiry, tell) or news
        drained.update(streams[:-2])  # an attempt's last lines may come when the next has begun
        ended = job.has_ended
        empty = empty + 1 if ended and not news else 0
        if ended and not streams:
            raise _silent(job, inquiry)
        if empty < _DRAINS:
            pause = _FIRST if news or ended else min(_LONGEST, pause * 1.5)
            inquiry.clock.sleep(pause)
            job = job if ended else inquiry.job(job.id)


def _read_on(job: Job, stream: str, tokens: dict[str, str | None], inquiry: Inquiry, tell: Tell) -> bool:
    """Tell what a log has new; whether that was anything."""
    news = False
    while True:
        page = inquiry.log(stream, tokens.get(stream))
        for _, text in page.lines:
            tell(job, text)
        news = news or bool(page.lines)
        if page.token == tokens.get(stream):
            return news
        tokens[stream] = page.token
        inquiry.clock.sleep(_GENTLY)

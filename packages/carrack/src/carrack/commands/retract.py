"""`retract`: takes versions back from an index, or brings them back, after showing what that breaks.

Nothing is deleted: Unlisted and Archived can both be undone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.errors import CarrackError, LockError, StoppedError, WorkspaceError
from carrack.model.index import Index
from carrack.model.lock import Lock
from carrack.model.lockfile import parse
from carrack.model.retraction import HERE, Pinned, Status, Withdrawal, in_order, pins, plan_withdrawal
from carrack.model.workspace import App, Workspace
from carrack.ports import CommittedTexts, IndexReader, Listing, Report, Withdrawer

_NOTHING_WRITTEN = "the index; nothing was written"
_PAUSES = (0.25, 0.5, 1.0)


@dataclass(frozen=True, kw_only=True)
class Witnesses:
    """What knows who still uses a version: the index, its pages, the locks of this checkout and of git's history."""

    workspace: Workspace
    index: Index
    reader: IndexReader
    listing: Listing
    history: CommittedTexts
    locks: Mapping[str, Lock]
    """The checkout's lock of each app that has one."""


Versions = Sequence[tuple[NormalizedName, Version]]


def examine(witnesses: Witnesses, versions: Versions, after: Status) -> tuple[Withdrawal, ...]:
    """What would be done, and what it would break. Writes nothing.

    Raises WorkspaceError where the index does not have a version, or has it in a status that nobody can leave.
    """
    gone = () if after is Status.PUBLISHED else versions
    return tuple(
        _withdrawal(witnesses, name, version, after, gone)
        for name, version in in_order(witnesses.workspace, versions, after)
    )


def _withdrawal(
    witnesses: Witnesses, name: NormalizedName, version: Version, after: Status, gone: Versions
) -> Withdrawal:
    current = witnesses.reader.version(name, version)
    if current is None or current.status not in [status.value for status in Status]:
        state = "is not there" if current is None else f"is {current.status}, and stays so"
        raise WorkspaceError(
            f"{name} {version} {state}",
            address=f"index {witnesses.index.name}",
            untouched=_NOTHING_WRITTEN,
            hint=f"carrack status --to {witnesses.index.name}",
        )
    listed = {file.version for file in witnesses.listing.files(name) if file.version and not file.yanked}
    left = {one for one in listed if (name, one) not in gone}
    pinned = _pinned(witnesses, (name, version), gone)
    return plan_withdrawal(witnesses.workspace, name, current, left, after, pinned)


def _pinned(witnesses: Witnesses, one: tuple[NormalizedName, Version], gone: Versions) -> Iterator[Pinned]:
    for app in witnesses.workspace.apps.values():
        lock = witnesses.locks.get(app.name)
        refs = [HERE] if lock and pins(lock, *one) else []
        texts = witnesses.history.at_refs(app.lock)
        refs += sorted(ref for ref, text in texts.items() if _pins(text, app, [one]))
        if refs:
            yield Pinned(path=str(app.lock), refs=tuple(refs), good=_good(witnesses, app, gone))


def _good(witnesses: Witnesses, app: App, gone: Versions) -> str | None:
    changes = witnesses.history.changes(app.lock)
    return next((commit for commit, text in changes if _pins(text, app, gone) is False), None)


def _pins(text: str, app: App, versions: Versions) -> bool | None:
    """Whether a lock of the past pins one of the versions; None where it cannot be read."""
    try:
        lock = parse(text, str(app.lock))
    except LockError:
        return None
    return any(pins(lock, name, version) for name, version in versions)


def check(withdrawals: Sequence[Withdrawal], *, break_locks: bool) -> None:
    """Raise LockError where a lock of the checkout pins a version, unless that is wanted."""
    pinned = [(one, pin) for one in withdrawals for pin in one.pinned if pin.is_here and not one.is_there]
    if pinned and not break_locks:
        goods = dict.fromkeys(f"git checkout {pin.good} -- {pin.path}" for _, pin in pinned if pin.good)
        raise LockError(
            "a lock of this checkout pins what would be taken back",
            faults=tuple(f"{pin.path} pins {one}" for one, pin in pinned),
            untouched=_NOTHING_WRITTEN,
            hint="; ".join(goods) or "lock without it first, or say --break-locks",
        )


def retract(
    withdrawals: Sequence[Withdrawal],
    index: Index,
    reader: IndexReader,
    withdrawer: Withdrawer,
    report: Report,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Set each status and read it back; what has it already is left.

    Raises StoppedError, with what is done and what is not; the same command goes on.
    """
    todo = [one for one in withdrawals if not one.is_there]
    for number, one in enumerate(todo):
        try:
            report.step("Setting", f"{one}: {one.before} to {one.after.value}")
            withdrawer.set_status(one.name, one.version, one.revision, one.before, one.after)
            _prove(one, reader, sleep)
        except CarrackError as error:
            raise StoppedError(
                error.message,
                address=error.address or f"index {index.name}",
                done=f"{todo[0].after.value} on {index.name}: {_named(todo[:number])}; perhaps {one}",
                untouched=f"as it was: {_named(todo[number + 1 :])}",
                hint="run the same command again; it goes on where this one stopped",
            ) from error


def _prove(one: Withdrawal, reader: IndexReader, sleep: Callable[[float], None]) -> None:
    for pause in (*_PAUSES, None):
        current = reader.version(one.name, one.version)
        if current is not None and current.status == one.after.value:
            return
        if pause is not None:
            sleep(pause)
    raise StoppedError(f"{one} does not show the status {one.after.value}")


def _named(some: Sequence[Withdrawal]) -> str:
    return ", ".join(map(str, some)) or "nothing"

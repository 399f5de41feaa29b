"""`index create`: the first set-up, as often as one likes."""

from __future__ import annotations

from collections.abc import Collection

from carrack.errors import CarrackError, IndexAccessError, StoppedError
from carrack.model.domain import Change, Setup, plan_setup, sources
from carrack.model.index import Index
from carrack.ports import DomainAdmin, Report

_NOTHING_CHANGED = "everything; nothing was changed"


def examine(indexes: Collection[Index], domain: DomainAdmin) -> Setup:
    """Compare the one domain of `indexes` with what they need. Changes nothing."""
    return plan_setup(indexes, domain.state(sources(indexes)))


def carry_out(setup: Setup, indexes: Collection[Index], domain: DomainAdmin, report: Report) -> Setup:
    """Make the changes of `setup`, read the domain again, and return what it then is: a Setup without changes.

    Raises IndexAccessError, with nothing written, where an obstacle stands in the way, where the domain is not
    as `examine` saw it any more, and where the first change is refused; StoppedError, with what is done and what
    is not, where a later one is refused or the domain does not show a change that it took.
    """
    if setup.obstacles:
        raise _blocked(setup)
    if setup.changes and examine(indexes, domain) != setup:
        raise IndexAccessError(
            "somebody else changed the domain just now",
            untouched=_NOTHING_CHANGED,
            hint="run the same command again, and look at what it would change now",
        )
    _make(setup.changes, domain, report)
    proof = examine(indexes, domain)
    if proof.changes or proof.obstacles:
        raise StoppedError(
            f"the domain does not show it yet: {_listed(proof.changes)}",
            done=_listed(setup.changes),
            hint="run the same command again",
        )
    return proof


def _make(changes: tuple[Change, ...], domain: DomainAdmin, report: Report) -> None:
    for position, change in enumerate(changes):
        report.step("Changing", str(change))
        try:
            domain.make(change)
        except CarrackError as error:
            if position == 0:
                error.untouched = _NOTHING_CHANGED
                raise
            raise StoppedError(
                error.message,
                address=error.address,
                done=_listed(changes[:position]),
                untouched=f"not done: {_listed(changes[position:])}",
                hint=f"{error.hint}; then run the same command again".lstrip("; "),
            ) from error


def _blocked(setup: Setup) -> IndexAccessError:
    return IndexAccessError(
        "; ".join(str(obstacle) for obstacle in setup.obstacles),
        untouched=_NOTHING_CHANGED,
        hint="name other repositories in pyproject.toml ([tool.carrack.indexes], repository and store), "
        "or take that away by hand",
    )


def _listed(changes: tuple[Change, ...]) -> str:
    return "; ".join(str(change) for change in changes)

"""`index create`: the first set-up, as often as one likes."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from carrack.errors import CarrackError, DeniedError, IndexAccessError, NotReadyError, StoppedError
from carrack.model.changes import Change, Finding, sentences
from carrack.model.controls import Claims
from carrack.model.domain import NO_POLICIES, Policies, Setup, plan_setup, sources
from carrack.model.index import Index
from carrack.model.request import request
from carrack.ports import DomainAdmin, Report

_NOTHING_CHANGED = "everything; nothing was changed"
_NO_CLAIMS = Claims()


def examine(
    indexes: Collection[Index],
    domain: DomainAdmin,
    claims: Claims = _NO_CLAIMS,
    policies: Policies = NO_POLICIES,
) -> Setup:
    """Compare the one domain of `indexes` with what they need, names to be closed, and policies. Changes nothing."""
    state = domain.state(sources(indexes), claims.names, list(policies))
    return plan_setup(indexes, state, claims, policies)


def check(setup: Setup, index: Index) -> None:
    """Return if the domain is ready. Raises as `carry_out` does for obstacles, and NotReadyError for the rest."""
    if setup.obstacles:
        raise _blocked(setup)
    if setup.changes or setup.unseen:
        raise _not_ready(
            f"{len(setup.changes)} changes are missing" if setup.changes else "not all of it can be seen",
            index,
            setup,
            setup.changes,
            untouched=_NOTHING_CHANGED,
        )


def carry_out(
    setup: Setup,
    indexes: Collection[Index],
    domain: DomainAdmin,
    report: Report,
    claims: Claims = _NO_CLAIMS,
    policies: Policies = NO_POLICIES,
) -> Setup:
    """Make the changes of `setup`, read the domain again, and return what it then is: a Setup without changes.

    Raises IndexAccessError, with nothing written, where an obstacle stands in the way, where the domain is not
    as `examine` saw it any more, and where the first change fails; StoppedError, with what is done and what
    is not, where a later one fails or the domain does not show a change that it took; NotReadyError, with a request
    for the domain's owner, where the service denies a change or a look.
    """
    if setup.obstacles:
        raise _blocked(setup)
    if setup.changes and examine(indexes, domain, claims, policies) != setup:
        raise IndexAccessError(
            "somebody else changed the domain just now",
            untouched=_NOTHING_CHANGED,
            hint="run the same command again, and look at what it would change now",
        )
    _make(setup, next(iter(indexes)), domain, report)
    proof = examine(indexes, domain, claims, policies)
    if proof.changes or proof.obstacles:
        raise StoppedError(
            f"the domain does not show it yet: {_listed(proof.changes)}",
            done=_listed(setup.changes),
            hint="run the same command again",
        )
    if proof.unseen:
        raise _not_ready(
            "not all of it can be seen", next(iter(indexes)), proof, (), done=_listed(setup.changes)
        )
    return proof


def _make(setup: Setup, index: Index, domain: DomainAdmin, report: Report) -> None:
    changes = setup.changes
    for position, change in enumerate(changes):
        report.step("Changing", str(change))
        done, rest = _listed(changes[:position]), changes[position:]
        untouched = f"not done: {_listed(rest)}" if position else _NOTHING_CHANGED
        try:
            domain.make(change)
        except DeniedError as error:
            raise _not_ready(
                error.message, index, setup, rest, done=error.done or done, untouched=untouched
            ) from error
        except CarrackError as error:
            if position == 0:
                error.untouched = untouched
                raise
            raise StoppedError(
                error.message,
                address=error.address,
                done=done,
                untouched=untouched,
                hint=f"{error.hint}; then run the same command again".lstrip("; "),
            ) from error


def _not_ready(
    message: str, index: Index, setup: Setup, rest: tuple[Change, ...], **told: str
) -> NotReadyError:
    return NotReadyError(
        message,
        address=f"index {index.name}",
        request=request(index, rest, setup.unseen),
        hint="give the request on stdout to whoever administers the domain; "
        "then run the same command again, which proves it",
        **told,
    )


def _blocked(setup: Setup) -> IndexAccessError:
    return IndexAccessError(
        "; ".join(str(obstacle) for obstacle in setup.obstacles),
        untouched=_NOTHING_CHANGED,
        hint="; ".join(dict.fromkeys(obstacle.hint for obstacle in setup.obstacles)),
    )


def _listed(findings: Iterable[Finding]) -> str:
    return "; ".join(sentences(findings))

"""What `doctor` finds about an index: each check a sentence, a verdict, and what to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from carrack.model.access import Token
from carrack.model.changes import CloseName, sentences
from carrack.model.domain import Setup
from carrack.model.index import Index

_TOO_SKEWED, _SKEWED = timedelta(minutes=5), timedelta(minutes=1)
"""A signature is good for five minutes (IAM User Guide, "AWS Signature Version 4 for API requests")."""
_TICK = 3
"""Seconds: a Date header has whole ones, and an answer takes its time."""
_SHORT = timedelta(minutes=15)


class Verdict(Enum):
    """How bad it is; only a failure keeps verbs from working."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line: what was looked at, what is so, and what to do about it."""

    name: str
    verdict: Verdict
    said: str
    remedy: str = ""


def ok(name: str, said: str) -> Check:
    """It is as it should be."""
    return Check(name=name, verdict=Verdict.OK, said=said)


def warn(name: str, said: str, remedy: str) -> Check:
    """It can surprise somebody, or keeps only some verbs from working."""
    return Check(name=name, verdict=Verdict.WARN, said=said, remedy=remedy)


def fail(name: str, said: str, remedy: str) -> Check:
    """It keeps verbs from working."""
    return Check(name=name, verdict=Verdict.FAIL, said=said, remedy=remedy)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Whose credentials these are: `arn` is None where the endpoint has no STS that could say."""

    source: str
    account: str | None = None
    arn: str | None = None


@dataclass(frozen=True, kw_only=True)
class Answered:
    """An answer of the control plane to somebody without credentials: its status, its clock and ours."""

    address: str
    status: int
    there: datetime | None
    here: datetime


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Where one file of ours came from: the endpoint itself, or the host that it sent us to."""

    file: str
    elsewhere: str | None = None


def region(index: Index, known: Collection[str]) -> Check:
    """Whether the index's region has CodeArtifact, by the table of the AWS SDK that is installed."""
    if index.endpoint or index.region in known:
        return ok("region", index.region)
    return warn(
        "region",
        f"{index.region} is not among the {len(known)} regions that the AWS SDK knows to have CodeArtifact",
        "correct region in pyproject.toml; or update boto3, if the region is new",
    )


def control_plane(answered: Answered) -> Check:
    """Whether the service answers at all; that it refuses who shows no credentials is as it should be."""
    if answered.status < 500:
        return ok("control plane", answered.address)
    return fail(
        "control plane",
        f"{answered.address} answers {answered.status}",
        "try again in a minute; where it stays so, look at the proxy, and at health.aws.amazon.com",
    )


def clock(answered: Answered) -> Check:
    """How far this machine's clock is from the service's."""
    if answered.there is None:
        return warn(
            "clock", "the service does not say what time it is", "look whether a proxy takes its Date away"
        )
    seconds = round((answered.here - answered.there).total_seconds())
    said = f"{abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} the service's"
    if abs(seconds) >= _TOO_SKEWED.total_seconds():
        return fail(
            "clock", said, "set this machine's clock; AWS refuses signatures that are five minutes off"
        )
    if abs(seconds) >= _SKEWED.total_seconds():
        return warn("clock", said, "set this machine's clock, before it is five minutes off")
    return ok("clock", "the service's" if abs(seconds) < _TICK else said)


def credentials(identity: Identity, index: Index) -> Check:
    """Whose they are."""
    if identity.arn is None:
        return ok("credentials", f"from {identity.source}; this endpoint has no STS to say whose")
    elsewhere = "" if identity.account == index.owner else f"; the domain is account {index.owner}'s"
    return ok("credentials", f"{identity.arn}, from {identity.source}{elsewhere}")


def permissions(refused: Mapping[str, str], needed: Collection[str], tried: Collection[str]) -> Check:
    """What the service denies: `refused` by action; `needed` by everybody who installs."""
    missing = sorted(set(refused) & set(needed))
    others = sorted(set(refused) - set(needed))
    if missing:
        return fail(
            "permissions",
            f"denied: {', '.join([*missing, *others])}",
            "give the domain's owner what `carrack index policies` prints",
        )
    if others:
        return warn(
            "permissions",
            f"denied: {', '.join(others)}, which installing does not need",
            "if you publish or set up, give the domain's owner what `carrack index policies` prints",
        )
    return ok(
        "permissions", f"{len(tried)} actions tried; writing is not, since it cannot be tried without writing"
    )


def token(found: Token, now: datetime) -> Check:
    """How long the token is good."""
    origin = f"the one in {found.variable}" if found.variable else "a new one"
    if found.expires is None:
        return ok("token", f"{origin}, which does not say how long it is good")
    left = found.expires - now
    said = f"{origin}, good until {found.expires.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    remedy = f"unset {found.variable}; without it every verb asks for its own"
    if left <= timedelta(0):
        return fail("token", f"{said}: it has expired", remedy)
    if found.variable and left < _SHORT:
        return warn("token", f"{said}: {round(left.total_seconds() / 60)} minutes", remedy)
    return ok("token", said)


def index_state(index: Index, setup: Setup) -> Check:
    """Whether the repository is there, gets public packages, and its names are closed to strangers."""
    wrong = [change for change in setup.changes if not isinstance(change, CloseName)]
    create = f"carrack index create --to {index.name}"
    if wrong:
        return fail("index", f"missing: {_listed(sentences(wrong))}", create)
    if setup.obstacles:
        return warn("index", _listed(map(str, setup.obstacles)), setup.obstacles[0].hint)
    if setup.changes:
        return warn("index", f"names that a stranger can feed: {_listed(sentences(setup.changes))}", create)
    if setup.unseen:
        return warn("index", _listed(map(str, setup.unseen)), f"{create} --check, by the domain's owner")
    return ok("index", _listed(sentences(setup.findings)))


def files(delivery: Delivery | None) -> Check:
    """Where files come from: for Python the endpoint itself, no S3 endpoint is needed in a private network.

    That is what AWS says (CodeArtifact User Guide, "Create the Amazon S3 gateway endpoint"); other formats need one.
    """
    if delivery is None:
        return ok("files", "none of ours is there yet to be downloaded; for Python no S3 endpoint is needed")
    if delivery.elsewhere is None:
        return ok("files", f"{delivery.file} comes from the endpoint itself")
    return ok("files", f"{delivery.file} comes from {delivery.elsewhere}, which is reached")


def not_looked_at(names: Iterable[str], cause: str) -> tuple[Check, ...]:
    """What cannot be looked at while `cause` fails."""
    return tuple(warn(name, f"not looked at, since {cause} fails", f"first mend {cause}") for name in names)


def _listed(texts: Iterable[str]) -> str:
    return "; ".join(texts)

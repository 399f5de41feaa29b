"""A domain made ready: what a first set-up needs, what is there, and the difference."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from packaging.utils import NormalizedName

from carrack.model.changes import (
    PUBLIC,
    AddUpstreams,
    Change,
    CloseName,
    Connect,
    CreateDomain,
    CreateRepository,
    Finding,
    Left,
    Obstacle,
    PutPolicy,
    Right,
    Unseen,
    place,
)
from carrack.model.controls import Claims, Controls, is_exposed
from carrack.model.index import Index
from carrack.model.policy import Document, difference


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository as the domain has it. `upstreams` are in order of priority."""

    upstreams: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DomainState:
    """What is there now: the domain or not, and those of the repositories asked for that it has.

    `controls` has the origin controls of the names asked for, by repository and name, where a repository knows them;
    `policies` those permissions policies asked for that are there, None for the domain's own; `unseen` is what these
    credentials may not look at.
    """

    exists: bool
    repositories: Mapping[str, Repository] = field(default_factory=dict)
    controls: Mapping[tuple[str, NormalizedName], Controls] = field(default_factory=dict)
    policies: Mapping[str | None, Document] = field(default_factory=dict)
    unseen: tuple[Unseen, ...] = ()


_NONE = Claims()
Policies = Mapping[str | None, Document]
"""Permissions policies by repository; None is the domain itself."""
NO_POLICIES: Policies = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Setup:
    """The difference, in the order in which its changes can be made. No change takes anything away."""

    findings: tuple[Finding, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is to be done."""
        return tuple(finding for finding in self.findings if isinstance(finding, Change))

    @property
    def obstacles(self) -> tuple[Obstacle, ...]:
        """What stands in the way."""
        return tuple(finding for finding in self.findings if isinstance(finding, Obstacle))

    @property
    def unseen(self) -> tuple[Unseen, ...]:
        """What could not be looked at."""
        return tuple(finding for finding in self.findings if isinstance(finding, Unseen))


def sources(indexes: Collection[Index]) -> dict[str, tuple[str, ...]]:
    """For each repository that the indexes of one domain need, the stores it takes public packages from.

    Stores come first, and have none: they are connected to the public index.
    """
    found: dict[str, tuple[str, ...]] = {index.store: () for index in indexes}
    stores = frozenset(found)
    for index in indexes:
        if index.repository not in stores:
            found[index.repository] = tuple(sorted({*found.get(index.repository, ()), index.store}))
    return found


def plan_setup(
    indexes: Collection[Index],
    state: DomainState,
    claims: Claims = _NONE,
    policies: Policies = NO_POLICIES,
) -> Setup:
    """Plan how the one domain of `indexes` gets from `state` to ready.

    Ready is the shape that AWS recommends (CodeArtifact User Guide, "Connect a CodeArtifact repository to a public
    repository"): a store has the domain's connection to the public index, and the others have it upstream. The names
    of `claims` are closed in every one of these repositories before anything is published under them, which
    PutPackageOriginConfiguration allows for packages that do not exist yet (API reference). `policies` are put where
    there are none; other statements are never overwritten.
    """
    closings, put = _closings(indexes, state, claims), _policies(state, policies)
    return Setup(findings=(*_findings(indexes, state), *closings, *put))


def _findings(indexes: Collection[Index], state: DomainState) -> Iterator[Finding]:
    domain = next(iter(indexes)).domain
    hidden = {unseen.repository: unseen for unseen in state.unseen if not unseen.part}
    yield hidden.get(None) or (
        Right(text=f"domain {domain}") if state.exists else CreateDomain(domain=domain)
    )
    for name, stores in sources(indexes).items():
        if name in hidden:
            yield hidden[name]
            continue
        present = state.repositories.get(name)
        if present is None:
            yield CreateRepository(repository=name, upstreams=stores)
        if stores:
            yield from () if present is None else [_behind_stores(name, present, stores)]
        else:
            yield _connected(name, present or Repository())


def _connected(name: str, present: Repository) -> Finding:
    if PUBLIC in present.connections:
        return Right(text=f"repository {name}, connected to {PUBLIC}")
    return _in_the_way(name, present.connections or present.upstreams) or Connect(repository=name)


def _behind_stores(name: str, present: Repository, stores: tuple[str, ...]) -> Finding:
    added = tuple(store for store in stores if store not in present.upstreams)
    if not added:
        return Right(text=f"repository {name}, with upstream {', '.join(present.upstreams)}")
    if PUBLIC in present.connections:
        return Right(text=f"repository {name}, connected to {PUBLIC} itself and left so")
    return _in_the_way(name, present.connections) or AddUpstreams(
        repository=name, added=added, present=present.upstreams
    )


def _in_the_way(name: str, others: tuple[str, ...]) -> Obstacle | None:
    # "A repository can have one or more upstream repositories, or an external connection" (CreateRepository).
    if not others:
        return None
    return Obstacle(
        text=f"repository {name} has {', '.join(others)}, and can have upstreams or one connection"
    )


def _closings(indexes: Collection[Index], state: DomainState, claims: Claims) -> Iterator[Finding]:
    hidden = {unseen.repository: unseen for unseen in state.unseen if unseen.part != "policy"}
    for repository in sources(indexes):
        if repository in hidden:
            yield from [hidden[repository]] if hidden[repository].part else []
            continue
        known = {name: state.controls.get((repository, name)) for name in claims.names}
        closed = [name for name, controls in known.items() if controls and not is_exposed(controls)]
        if closed:
            yield Right(text=f"names in repository {repository} closed to upstream: {', '.join(closed)}")
        for name, controls in known.items():
            if name not in closed:
                yield _closing(repository, name, controls, claims)


def _closing(repository: str, name: NormalizedName, now: Controls | None, claims: Claims) -> Finding:
    if now and name in claims.assumed:
        return Left(
            text=f"name {name} in repository {repository} comes from upstream already, and is left open: "
            "private-names in pyproject.toml says whether it is yours"
        )
    return CloseName(repository=repository, name=name, now=now)


def _policies(state: DomainState, policies: Policies) -> Iterator[Finding]:
    hidden = {unseen.repository: unseen for unseen in state.unseen if unseen.part == "policy"}
    for repository, wanted in policies.items():
        present = state.policies.get(repository)
        if repository in hidden:
            yield hidden[repository]
        elif present is None:
            yield PutPolicy(repository=repository, document=wanted)
        elif not (lines := difference(present, wanted)):
            yield Right(text=f"permissions policy of {place(repository)}")
        else:
            yield Obstacle(
                text=f"{place(repository)} has a permissions policy with other statements",
                hint="merge the two by hand, and put the result with aws codeartifact put-"
                f"{'repository' if repository else 'domain'}-permissions-policy",
                details=lines,
            )

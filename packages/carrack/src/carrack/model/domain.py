"""A domain made ready: what a first set-up needs, what is there, and the difference."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from carrack.model.index import Index

PUBLIC = "public:pypi"
"""CodeArtifact's name for the connection to the public index."""


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository as the domain has it. `upstreams` are in order of priority."""

    upstreams: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DomainState:
    """What is there now: the domain or not, and those of the repositories asked for that it has."""

    exists: bool
    repositories: Mapping[str, Repository] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CreateDomain:
    """Create the domain itself, in the account of its owner."""

    domain: str

    def __str__(self) -> str:
        return f"create domain {self.domain}"


@dataclass(frozen=True, kw_only=True)
class CreateRepository:
    """Create a repository with these upstreams."""

    repository: str
    upstreams: tuple[str, ...] = ()

    def __str__(self) -> str:
        upstream = f" with upstream {', '.join(self.upstreams)}" if self.upstreams else ""
        return f"create repository {self.repository}{upstream}"


@dataclass(frozen=True, kw_only=True)
class Connect:
    """Give a repository its external connection to the public index."""

    repository: str

    def __str__(self) -> str:
        return f"connect repository {self.repository} to {PUBLIC}"


@dataclass(frozen=True, kw_only=True)
class AddUpstreams:
    """Add upstreams after the `present` ones, which keep their priority."""

    repository: str
    added: tuple[str, ...]
    present: tuple[str, ...] = ()

    def __str__(self) -> str:
        behind = f", after {', '.join(self.present)}" if self.present else ""
        return f"add upstream {', '.join(self.added)} to repository {self.repository}{behind}"


Change = CreateDomain | CreateRepository | Connect | AddUpstreams


@dataclass(frozen=True, kw_only=True)
class Right:
    """Something that is as it should be already."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Something that can only be put right by taking something else away, which is for a person to decide."""

    text: str

    def __str__(self) -> str:
        return self.text


Finding = Change | Right | Obstacle


@dataclass(frozen=True, kw_only=True)
class Setup:
    """The difference, in the order in which its changes can be made. No change takes anything away."""

    findings: tuple[Finding, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is to be done."""
        return tuple(finding for finding in self.findings if not isinstance(finding, Right | Obstacle))

    @property
    def obstacles(self) -> tuple[Obstacle, ...]:
        """What stands in the way."""
        return tuple(finding for finding in self.findings if isinstance(finding, Obstacle))


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


def plan_setup(indexes: Collection[Index], state: DomainState) -> Setup:
    """Plan how the one domain of `indexes` gets from `state` to ready.

    Ready is the shape that AWS recommends (CodeArtifact User Guide, "Connect a CodeArtifact repository to a public
    repository"): a store has the domain's connection to the public index, and the others have it upstream.
    """
    return Setup(findings=tuple(_findings(indexes, state)))


def _findings(indexes: Collection[Index], state: DomainState) -> Iterator[Finding]:
    domain = next(iter(indexes)).domain
    yield Right(text=f"domain {domain}") if state.exists else CreateDomain(domain=domain)
    for name, stores in sources(indexes).items():
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

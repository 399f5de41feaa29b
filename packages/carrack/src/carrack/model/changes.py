"""What a first set-up finds and changes in a domain, each with the sentence that says it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from packaging.utils import NormalizedName

from carrack.model.controls import OURS, Controls
from carrack.model.policy import Document

PUBLIC = "public:pypi"
"""CodeArtifact's name for the connection to the public index."""


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


@dataclass(frozen=True, kw_only=True)
class CloseName:
    """Close a name to upstream in one repository; `now` are its controls where the repository knows it."""

    repository: str
    name: NormalizedName
    now: Controls | None = None

    def __str__(self) -> str:
        return _closing([self])


@dataclass(frozen=True, kw_only=True)
class PutPolicy:
    """Put a permissions policy where there is none; `repository` None is the domain itself."""

    repository: str | None
    document: Document

    def __str__(self) -> str:
        return f"put a permissions policy on {place(self.repository)}"


def place(repository: str | None) -> str:
    """A repository, or the domain itself, in a sentence."""
    return f"repository {repository}" if repository else "the domain"


Change = CreateDomain | CreateRepository | Connect | AddUpstreams | CloseName | PutPolicy


@dataclass(frozen=True, kw_only=True)
class Right:
    """Something that is as it should be already."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Something that can only be put right by taking something else away, which is for a person to decide.

    `details` show it line by line; `hint` is what that person can do.
    """

    text: str
    hint: str = (
        "name other repositories in pyproject.toml ([tool.carrack.indexes], repository and store), "
        "or take that away by hand"
    )
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True)
class Left:
    """Something that is not as it should be, and is left so until a person says more in the settings."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """Something that these credentials may not look at; `repository` None is the domain itself.

    `part` is `names` or `policy`, or empty for the thing as a whole.
    """

    repository: str | None
    refusal: str
    part: str = ""

    def __str__(self) -> str:
        part = {"": "", "names": "the names in ", "policy": "the policy of "}[self.part]
        return f"{part}{place(self.repository)} cannot be seen: {self.refusal}"


Finding = Change | Right | Obstacle | Left | Unseen


def sentences(findings: Iterable[Finding]) -> tuple[str, ...]:
    """One for each finding; names that are closed alike in one repository share one."""
    said: list[str] = []
    for _, group in groupby(findings, _alike):
        alike = list(group)
        closings = [finding for finding in alike if isinstance(finding, CloseName)]
        said += [_closing(closings)] if closings else map(str, alike)
    return tuple(said)


def _alike(finding: Finding) -> tuple[str, Controls | None] | None:
    return (finding.repository, finding.now) if isinstance(finding, CloseName) else None


def _closing(alike: Sequence[CloseName]) -> str:
    first, names = alike[0], ", ".join(change.name for change in alike)
    now = f" (now {first.now})" if first.now else ""
    return (
        f"close {'names' if len(alike) > 1 else 'name'} {names} in repository {first.repository}: {OURS}{now}"
    )

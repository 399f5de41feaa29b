"""What a plan stands on: the commit, and the index's word on its packages and on those that they need."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from packaging.utils import NormalizedName

from carrack.model.index import Index
from carrack.model.plan import Plan, State, Step
from carrack.model.published import IndexState, PublishedPackage
from carrack.model.workspace import Workspace

SCHEMA: Final = 1


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a step stands on: the version in the tree, every version on the index, and the revision of the tree's."""

    state: str
    version: str
    versions: tuple[str, ...]
    revision: str | None


@dataclass(frozen=True, kw_only=True)
class Binding:
    """A plan's ground.

    `index` is the place of the index (account, region, domain, repository); `asked` are the packages that were named,
    none for all; `packages` has those that would be written, and those that they need.
    """

    commit: str
    index: str
    asked: tuple[NormalizedName, ...]
    packages: Mapping[NormalizedName, Ground]


def bind(
    workspace: Workspace,
    index: Index,
    plan: Plan,
    published: IndexState,
    asked: Collection[NormalizedName],
    also: Collection[NormalizedName] = (),
) -> Binding:
    """The ground of what `plan` would write for `asked`, and of the packages in `also`."""
    wanted = set(workspace.closure(asked or workspace.packages))
    writing = [step.package.name for step in plan.writing if step.package.name in wanted]
    concerned = {*workspace.closure(writing), *also}
    return Binding(
        commit=plan.commit,
        index=index.place,
        asked=tuple(sorted(asked)),
        packages={
            step.package.name: _ground(step, published[step.package.name])
            for step in plan.steps
            if step.package.name in concerned
        },
    )


def _ground(step: Step, there: PublishedPackage) -> Ground:
    return Ground(
        state=step.state.value,
        version=str(step.after),
        versions=tuple(map(str, sorted(there.versions))),
        revision=there.current.revision if there.current else None,
    )


def moved(then: Binding, now: Binding, begun: Collection[NormalizedName] = ()) -> tuple[str, ...]:
    """A sentence for each thing that is not as it was; none where the plan still holds.

    `begun` are the packages whose version the index has, in part or whole, from the very files that the tree has: what
    it got of them since is the plan carried out, by a run that stopped for example, and no move.
    """
    return tuple(_moves(then, now, begun))


def _moves(then: Binding, now: Binding, begun: Collection[NormalizedName]) -> Iterator[str]:
    if then.index != now.index:
        yield f"the index: the plan is for {then.index}, and this is {now.index}"
    if then.commit != now.commit:
        yield f"the commit: the plan is for {then.commit[:12]}, and HEAD is {now.commit[:12]}"
    for name in sorted({*then.packages, *now.packages}):
        before, after = then.packages.get(name), now.packages.get(name)
        if not (before and after and name in begun and _is_carried_out(before, after)):
            yield from _package_moves(name, before, after)


def _is_carried_out(then: Ground, now: Ground) -> bool:
    """Whether the index got nothing but files of the version that was to be written, or nothing at all."""
    others = [set(ground.versions) - {ground.version} for ground in (then, now)]
    stays = then.revision == now.revision and now.state not in _WRITTEN
    return then.version == now.version and others[0] == others[1] and (then.state in _WRITTEN or stays)


_WRITTEN = frozenset(state.value for state in State if state.writes)


def _package_moves(name: NormalizedName, then: Ground | None, now: Ground | None) -> Iterator[str]:
    if then is None or now is None:
        yield f"{name}: " + (
            "the plan does not have it" if then is None else "there is nothing to do for it now"
        )
    elif then.version != now.version:
        yield f"{name}: the tree had {then.version}, and has {now.version}"
    elif then.versions != now.versions:
        come, gone = set(now.versions) - set(then.versions), set(then.versions) - set(now.versions)
        said = [f"{', '.join(sorted(come))} came"] * bool(come) + [f"{', '.join(sorted(gone))} went"] * bool(
            gone
        )
        yield f"{name}: on the index {' and '.join(said)}"
    elif then.revision != now.revision:
        yield f"{name} {now.version}: its revision on the index is another one (files were added or removed)"
    elif then.state != now.state:
        yield f"{name} {now.version}: it was {then.state}, and is {now.state}"

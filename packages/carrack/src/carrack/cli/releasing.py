"""What `plan` and `publish` have in common: learning, the tools where they are needed, and the packages left alone."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from packaging.utils import NormalizedName

from carrack.cli.output import tell_shallow
from carrack.cli.wiring import Wiring
from carrack.commands.knowledge import Knowledge, Sources, learn
from carrack.commands.publish import chosen
from carrack.commands.tools import Tools
from carrack.model.binding import Binding, bind
from carrack.model.index import Index
from carrack.model.plan import Plan, State, Step


def know(wiring: Wiring, index: Index, names: Collection[NormalizedName] = ()) -> tuple[Sources, Knowledge]:
    """What git and the index say now, of `names` and what they need where given."""
    sources = wiring.sources(index)
    knowledge = learn(sources, wiring.workspace.closure(names))
    tell_shallow(wiring.report, knowledge.tree)
    return sources, knowledge


def tools_for(
    wiring: Wiring,
    sources: Sources,
    knowledge: Knowledge,
    wanted: Collection[NormalizedName],
    *,
    close_names: bool = False,
    artifacts: Path | None = None,
    anew: bool = False,
) -> Tools | None:
    """The tools of a release; None where nothing would be written or compared, so that no token is asked for."""
    if not (wanted or chosen(sources.workspace, knowledge, wanted)):
        return None
    access = wiring.open(sources.index)
    return Tools(
        builder=wiring.prebuilt(artifacts) if artifacts else wiring.builder(access),
        uploader=wiring.uploader(access),
        report=wiring.report,
        room=wiring.room,
        kept=None if artifacts or anew else wiring.kept,
        controls=wiring.promoter(sources.index),
        listing=wiring.listing(access),
        close_names=close_names,
    )


def binding_of(sources: Sources, knowledge: Knowledge, wanted: Collection[NormalizedName]) -> Binding:
    """What a plan of this knowledge stands on."""
    return bind(sources.workspace, sources.index, knowledge.plan, knowledge.published, wanted)


def tell_left_alone(wiring: Wiring, plan: Plan, wanted: Collection[NormalizedName]) -> int:
    """Say which packages may have changed and are left alone, and what would release them; how many they are."""
    states = _LEFT if not wanted else _LEFT - {State.UNTRACED}  # what is named was built and compared
    left = [
        step for step in plan.steps if step.state in states and (not wanted or step.package.name in wanted)
    ]
    for step in left:
        wiring.report.note(
            f"{step.package} is {step.state.value} and left alone: {step.reason}; {_way_out(step)}"
        )
    return len(left)


_LEFT = frozenset({State.UNRELEASED, State.UNTRACED, State.BLOCKED, State.MISTAGGED})


def _way_out(step: Step) -> str:
    if step.state is State.MISTAGGED:
        return f"to release it: git tag --delete {step.tag}, also at the remote, or raise the version"
    if step.state is State.UNTRACED:
        name = step.package.name
        return f"to see whether it changed: git fetch --unshallow --tags, or carrack publish {name}, which builds it"
    return f"to release it: carrack bump {step.package.name} patch, and commit"

"""The order in which packages go to the index: what is needed goes first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter

from packaging.utils import NormalizedName


def waves(
    edges: Mapping[NormalizedName, Collection[NormalizedName]],
) -> tuple[tuple[NormalizedName, ...], ...]:
    """Groups of names such that each name's dependencies lie in earlier groups; each group is sorted.

    `edges` maps a name to the names that it needs. Needed names that are not keys are left out.

    Raises `graphlib.CycleError` where names need each other in a circle; see `cycle`.
    """
    sorter = TopologicalSorter({name: [n for n in needs if n in edges] for name, needs in edges.items()})
    sorter.prepare()
    groups: list[tuple[NormalizedName, ...]] = []
    while sorter.is_active():
        group = tuple(sorted(sorter.get_ready()))
        groups.append(group)
        sorter.done(*group)
    return tuple(groups)


def cycle(edges: Mapping[NormalizedName, Collection[NormalizedName]]) -> tuple[NormalizedName, ...]:
    """One circle of names that need each other, first and last the same; empty where there is none."""
    try:
        waves(edges)
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()

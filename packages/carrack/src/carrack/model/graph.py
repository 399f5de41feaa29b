"""The order in which packages go to the index: what is needed goes first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter

from packaging.utils import NormalizedName

Edges = Mapping[NormalizedName, Collection[NormalizedName]]
"""A name, and the names that it needs."""


def waves(edges: Edges, wishes: Edges | None = None) -> tuple[tuple[NormalizedName, ...], ...]:
    """Groups of names such that each name's dependencies lie in earlier groups; each group is sorted.

    Needed names that are not keys of `edges` are left out. What `wishes` has comes earlier too, unless that would
    close a circle.

    Raises `graphlib.CycleError` where names need each other in a circle; see `cycle`.
    """
    needs = {name: {need for need in found if need in edges} for name, found in edges.items()}
    wished = {
        name: {need for need in found if need in edges} - {name} for name, found in (wishes or {}).items()
    }
    try:
        return _groups({name: found | wished.get(name, set()) for name, found in needs.items()})
    except CycleError:
        for name in sorted(wished):
            for need in sorted(wished[name]):
                if name not in _reached(needs, need):
                    needs[name].add(need)
    return _groups(needs)


def _groups(needs: Edges) -> tuple[tuple[NormalizedName, ...], ...]:
    sorter = TopologicalSorter(needs)
    sorter.prepare()
    groups: list[tuple[NormalizedName, ...]] = []
    while sorter.is_active():
        group = tuple(sorted(sorter.get_ready()))
        groups.append(group)
        sorter.done(*group)
    return tuple(groups)


def _reached(edges: Edges, start: NormalizedName) -> set[NormalizedName]:
    found, waiting = {start}, [start]
    while waiting:
        new = set(edges.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return found


def cycle(edges: Edges) -> tuple[NormalizedName, ...]:
    """One circle of names that need each other, first and last the same; empty where there is none."""
    try:
        waves(edges)
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()

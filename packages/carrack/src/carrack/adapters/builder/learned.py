"""What is learned of a backend from a package's build: what to have loaded before the next one's."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Learned:
    """Which modules a backend loads, in their order; and which looked at what is a package's own meanwhile."""

    modules: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()

    def and_(self, other: Learned) -> Learned:
        """Both."""
        unfit = tuple(sorted({*self.unfit, *other.unfit}))
        modules = dict.fromkeys((*self.modules, *other.modules))
        return Learned(tuple(name for name in modules if name not in unfit), unfit)


def read_learned(file: Path) -> Learned:
    """What was learned; nothing where a package's code wrote something else."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        facts = json.loads(file.read_text(encoding="utf-8"))
        return Learned(*(tuple(str(name) for name in facts[key]) for key in ("modules", "unfit")))
    return Learned()


def write_learned(file: Path, learned: Learned) -> None:
    """Keep it, for the runs to come."""
    beside = file.with_suffix(f".{os.getpid()}.new")
    beside.write_text(json.dumps({"modules": learned.modules, "unfit": learned.unfit}), encoding="utf-8")
    os.replace(beside, file)

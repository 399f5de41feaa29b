"""From versions that a resolver chose to the wheels that the targets install."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from packaging.utils import NormalizedName

from carrack.model.listing import ListedFile
from carrack.model.lock import Candidate, Pin
from carrack.model.target import Target


def needed(candidates: Iterable[Candidate], wanted: Sequence[Target]) -> tuple[Candidate, ...]:
    """The candidates that some target may install; a marker that holds on all of them is left out."""
    return tuple(
        Candidate(name=c.name, version=c.version)
        if all(target.always_needs(c.marker) for target in wanted)
        else c
        for c in candidates
        if any(target.may_need(c.marker) for target in wanted)
    )


def pins(
    candidates: Iterable[Candidate],
    pages: Mapping[NormalizedName, Sequence[ListedFile]],
    wanted: Sequence[Target],
) -> tuple[frozenset[Pin], tuple[str, ...]]:
    """Each candidate with the hashes of its wheels, and every fault that keeps a target from installing one.

    Yanked files (PEP 592) are left out, and so are sdists: a lock holds only what installs without a build.
    """
    made: set[Pin] = set()
    faults: list[str] = []
    for candidate in candidates:
        listed = [file for file in pages[candidate.name] if file.version == candidate.version]
        serving = {
            target: [file for file in listed if not file.yanked and target.installs(file)]
            for target in wanted
            if target.may_need(candidate.marker)
        }
        faults += _faults(candidate, listed, serving)
        hashes = frozenset(file.sha256 for files in serving.values() for file in files if file.sha256)
        made.add(Pin(candidate=candidate, hashes=hashes))
    return frozenset(made), tuple(faults)


def _faults(
    candidate: Candidate, listed: Sequence[ListedFile], serving: Mapping[Target, Sequence[ListedFile]]
) -> list[str]:
    faults = [
        f"{candidate.name} {candidate.version}: the index gives no sha256 for {name}"
        for name in sorted({file.name for files in serving.values() for file in files if not file.sha256})
    ]
    unserved = [str(target) for target, files in serving.items() if not files]
    if unserved:
        faults.append(
            f"{candidate.name} {candidate.version}: no wheel for {', '.join(unserved)}{_instead(listed)}"
        )
    return faults


def _instead(listed: Sequence[ListedFile]) -> str:
    if not listed:
        return " (the index lists no file of this version)"
    if all(file.yanked for file in listed):
        return " (every file of this version was yanked)"
    if not any(file.tags for file in listed):
        return " (only an sdist)"
    return ""

"""What is different between two images, by their manifests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.utils import NormalizedName

from carrack.model.image_manifest import Distribution, Manifest

_FACTS = ("app", "version", "commit", "dirty", "lock", "receipt", "base", "base_id", "platform")


@dataclass(frozen=True, kw_only=True)
class Change:
    """One distribution that is not the same in both images; None where one of them does not have it."""

    name: NormalizedName
    before: Distribution | None
    after: Distribution | None

    @property
    def kind(self) -> str:
        """`added`, `removed`, `changed`, or `rebuilt`: other bytes under the same version."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "changed" if self.before.version != self.after.version else "rebuilt"


def changed_facts(before: Manifest, after: Manifest) -> Iterator[tuple[str, str, str]]:
    """What the two were built from, where it differs: the fact's name, and its value before and after."""
    for fact in _FACTS:
        old, new = getattr(before, fact), getattr(after, fact)
        if old != new:
            yield fact.replace("_", "-"), str(old), str(new)


def changes(before: Manifest, after: Manifest) -> tuple[Change, ...]:
    """The distributions that differ, by name. The app's own, which no lock has, differs with its version only."""
    old, new = before.installed(), after.installed()
    both = (
        Change(name=name, before=old.get(name), after=new.get(name))
        for name in sorted(old.keys() | new.keys())
    )
    return tuple(one for one in both if _differs(one))


def _differs(change: Change) -> bool:
    one, other = change.before, change.after
    if one is None or other is None or one.version != other.version:
        return True
    return set(one.wheels).isdisjoint(other.wheels) and bool(one.wheels or other.wheels)

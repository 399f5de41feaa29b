"""Requirements of a wheel's METADATA as `[project]` says them: the base, and those of each extra."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from carrack.model.requirements import formatted

_TOKEN = re.compile(r"""\(|\)|"[^"]*"|'[^']*'|[^\s()"']+""")
Residue = bool | str
"""What is left of a marker when the extra is known: whether it holds, or the rest of it."""


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """What a distribution requires always, and with each extra, as PEP 508 texts in their order."""

    base: tuple[str, ...]
    extras: Mapping[str, tuple[str, ...]]


def by_extra(requires: Iterable[str], extras: Sequence[str]) -> Requirements:
    """`Requires-Dist` lines, told apart by the `extra == "…"` in their markers (core metadata, Provides-Extra)."""
    read = [Requirement(text) for text in requires]
    base = tuple(said for one in read if (said := _with(one, None)))
    return Requirements(
        base=base,
        extras={
            extra: tuple(said for one in read if (said := _with(one, extra)) and said != _with(one, None))
            for extra in extras
        },
    )


def said(requirement: Requirement) -> str:
    """A requirement as people write it."""
    return str(requirement) if requirement.url else formatted(requirement)


def _with(requirement: Requirement, extra: str | None) -> str | None:
    """The requirement where `extra` alone is wanted; None where it is not required then."""
    rest = residue(str(requirement.marker), extra) if requirement.marker else True
    if rest is False:
        return None
    changed = Requirement(str(requirement))
    changed.marker = Marker(rest) if isinstance(rest, str) else None
    return said(changed)


def residue(marker: str, extra: str | None) -> Residue:
    """`marker` with `extra` known, None for none at all."""
    return _Reader(_TOKEN.findall(marker), extra).either()


class _Reader:
    """Reads PEP 508's grammar of markers: `or` binds less than `and`, which binds less than a comparison."""

    def __init__(self, tokens: list[str], extra: str | None) -> None:
        self._tokens = tokens
        self._extra = extra and canonicalize_name(extra)

    def either(self) -> Residue:
        parts = [self._both()]
        while self._next_is("or"):
            parts.append(self._both())
        if any(part is True for part in parts):
            return True
        return " or ".join(part for part in parts if isinstance(part, str)) or False

    def _both(self) -> Residue:
        parts = [self._one()]
        while self._next_is("and"):
            parts.append(self._one())
        if any(part is False for part in parts):
            return False
        rest = [part for part in parts if isinstance(part, str)]
        return (
            " and ".join(f"({part})" if " or " in part and len(rest) > 1 else part for part in rest) or True
        )

    def _one(self) -> Residue:
        if self._next_is("("):
            inner = self.either()
            self._tokens.pop(0)
            return inner
        left, operator = self._tokens.pop(0), self._tokens.pop(0)
        if operator == "not":
            operator += f" {self._tokens.pop(0)}"
        right = self._tokens.pop(0)
        if "extra" not in (left, right):
            return f"{left} {operator} {right}"
        told = canonicalize_name((right if left == "extra" else left).strip("\"'"))
        return (told == self._extra) is (operator == "==")

    def _next_is(self, token: str) -> bool:
        found = self._tokens[:1] == [token]
        del self._tokens[: int(found)]
        return found

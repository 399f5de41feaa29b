"""pydantic's errors as problems: each led back to the key and the line that it is about."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic_core import ErrorDetails

from batch_params.document import kind
from batch_params.merge import Merged
from batch_params.messages import UNKNOWN_KEY, sentence
from batch_params.problems import KeyPath, Problem
from batch_params.shape import Shape
from batch_params.suggestion import nearest

_KEY_ITSELF = "[key]"  # pydantic's mark for an error in a dictionary's key instead of its value


@dataclass(frozen=True, kw_only=True)
class Spot:
    """What an error is about: a value or its key, and as which alternative of a union it was read."""

    path: KeyPath
    is_key: bool
    branch: str | None


def locate(error: ErrorDetails, merged: Merged, shape: Shape) -> Spot:
    """Lead an error's location back to a key path: it names union members and validators as well as keys."""
    path: KeyPath = ()
    branch = label = None
    for step in error["loc"]:
        if (*path, step) in merged or step in shape.keys(path):
            path, branch = (*path, step), label
        elif isinstance(step, str) and step.isidentifier():
            label = step
    if error["type"] == "missing" and path[-1:] != error["loc"][-1:]:
        path = (*path, *error["loc"][-1:])
    is_key = error["type"] in UNKNOWN_KEY or error["loc"][-1:] == (_KEY_ITSELF,)
    return Spot(path=path, is_key=is_key, branch=branch)


def explain(errors: Iterable[ErrorDetails], merged: Merged, shape: Shape) -> Iterator[Problem]:
    """Make one problem of all that pydantic says about the same spot (a union fails once for each member)."""
    secrets = [*shape.secrets(merged.value)]
    spots: dict[Spot, list[ErrorDetails]] = {}
    for error in errors:
        spots.setdefault(locate(error, merged, shape), []).append(error)
    for spot, group in spots.items():
        is_secret = shape.is_secret(spot.path)
        sentences = (sentence(error, is_secret=is_secret, secrets=secrets) for error in group)
        source, position = merged.address(spot.path, of_key=spot.is_key)
        yield Problem(
            source=source,
            position=position,
            key=shape.public(spot.path),
            message=" or ".join(dict.fromkeys(sentences)) + _addition(spot, group, merged, shape),
        )


def _addition(spot: Spot, group: list[ErrorDetails], merged: Merged, shape: Shape) -> str:
    reading = f" (read as {spot.branch})" if spot.branch else ""
    if group[0]["type"] in UNKNOWN_KEY:
        return _hint(str(spot.path[-1]), shape.keys(spot.path[:-1])) + reading
    if spot.is_key:
        return " (the key, not its value)"
    if spot.path in merged and all(error["type"].endswith("_type") for error in group):
        value = merged.at(spot.path)
        # A text that is not what is expected is not a string that somebody wrote.
        is_unread = isinstance(value, str) and merged.is_text(spot.path)
        return reading if is_unread else f", not {kind(value)}{reading}"
    return reading


def _hint(key: str, known: list[str]) -> str:
    if key in known:  # by another member of the union
        return ""
    if match := nearest(key, known):
        return f"; did you mean {match!r}?"
    return f"; the keys here are {', '.join(dict.fromkeys(known))}" if known else ""

"""pydantic's errors in one plain sentence each: what is expected, and nothing of what was given."""

import json
from collections.abc import Iterable, Iterator
from typing import get_args

from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from batch_params.shape import texts
from batch_params.strict_json import JsonValue

UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")
"""pydantic's types for a key that a model or typed dictionary, and a dataclass, does not have."""

_WITHHELD = "is refused by the model; the reason is withheld because it could show a secret"
_BUILT_IN = frozenset(get_args(ErrorType))
_OWN = ("value_error", "assertion_error")
_ABOUT_KIND_OR_LENGTH = ("_type", "_too_short", "_too_long", "missing", *UNKNOWN_KEY)
_RUN = 8
"""A message that shares this many characters in a row with a secret is taken to quote it, if only in part."""


def sentence(error: ErrorDetails, *, is_secret: bool, secrets: Iterable[JsonValue]) -> str:
    """Say what is expected where an error stands.

    Of a secret only kind and length are spoken of. A model's own validators may put anything into their
    messages: one that quotes a part of one of `secrets` is withheld.
    """
    message, is_own = _message(error), error["type"] in _OWN or error["type"] not in _BUILT_IN
    shows_value = is_own or not error["type"].endswith(_ABOUT_KIND_OR_LENGTH)
    return _WITHHELD if (is_secret and shows_value) or (is_own and _quotes(message, secrets)) else message


def _message(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "missing required key"
        case unknown if unknown in UNKNOWN_KEY:
            return "unknown key"
        case "union_tag_invalid":  # pydantic's own text shows the tag that was given
            return f"{context['discriminator']} must be one of {context['expected_tags']}"
        case "union_tag_not_found":
            return f"must have the key {context['discriminator']}, which tells the kinds apart"
        case own if own in _OWN:
            return error["msg"].partition(", ")[2].strip() or "is refused by the model"
        case _:
            return _obliged(error["msg"])


def _obliged(message: str) -> str:
    if message.startswith("Input should "):
        return f"must {message.removeprefix('Input should ')}"
    return f"{message[:1].lower()}{message[1:]}" if message[1:2].islower() else message


def _quotes(message: str, secrets: Iterable[JsonValue]) -> bool:
    said = message.casefold()
    return any(run in said for secret in secrets for text in texts(secret) for run in _runs(text))


def _runs(text: str) -> Iterator[str]:
    """Cut a text, as it is and as Python and JSON quote it, into all its runs of `_RUN` characters."""
    for form in {text, repr(text)[1:-1], json.dumps(text)[1:-1]}:
        folded = form.casefold()
        yield from (folded[start : start + _RUN] for start in range(max(1, len(folded) - _RUN + 1)) if folded)

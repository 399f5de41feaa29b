"""Lists in pages; a token names the last item of a page, so that items may come and go between pages."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from codeartifact_local.operations.lookup import ServiceCall
from codeartifact_local.protocol.errors import ValidationError

Item = TypeVar("Item")
Key = tuple[str | float, ...]
_PAGE = 1000


@dataclass(frozen=True, kw_only=True)
class Page(Generic[Item]):
    """Some of the items, and the token for those after them (None: these are the last)."""

    items: list[Item]
    next_token: str | None


def paginate(call: ServiceCall, items: Iterable[Item], key: Callable[[Item], Key]) -> Page[Item]:
    """Return the page of `items`, in the order of `key`, that the request asks for.

    Raises:
        ValidationError: its nextToken is not one of this server's.
    """
    after = _decoded(call.input["nextToken"]) if "nextToken" in call.input else None
    try:
        left = [item for item in sorted(items, key=key) if after is None or key(item) > after]
    except TypeError as error:
        raise _foreign() from error
    size = call.input.get("maxResults", _PAGE)
    chosen = left[:size]
    return Page(items=chosen, next_token=_encoded(key(chosen[-1])) if len(left) > size else None)


def _encoded(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _decoded(token: str) -> Key:
    try:
        return tuple(json.loads(base64.urlsafe_b64decode(token)))
    except (ValueError, TypeError, binascii.Error) as error:
        raise _foreign() from error


def _foreign() -> ValidationError:
    return ValidationError("The nextToken is not one that this service gave for this list.")

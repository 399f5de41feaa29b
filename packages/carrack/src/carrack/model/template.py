"""Templates: files with places in them for values."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACE = re.compile(r"@@([a-z-]+)@@")


def rendered(template: str, values: Mapping[str, str | tuple[str, ...]]) -> str:
    """The template with each `@@name@@` replaced; a line with several values is repeated for each.

    Raises KeyError for a name that has no value.
    """
    return "".join(_line(line, values) for line in template.splitlines(keepends=True))


def _line(line: str, values: Mapping[str, str | tuple[str, ...]]) -> str:
    found = _PLACE.search(line)
    if found is None:
        return line
    value = values[found[1]]
    several = (value,) if isinstance(value, str) else value
    return "".join(_line(line.replace(found[0], one), values) for one in several)

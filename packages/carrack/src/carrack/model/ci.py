"""The files that CI runs: templates, and what is put into them."""

from __future__ import annotations

import re
from collections.abc import Mapping

ACTIONS = {
    "checkout": "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2",
    "setup-python": "actions/setup-python@0b93645e9fea7318ecaed2b359559ac225c90a2b # v5.3.0",
    "upload-artifact": "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2",
    "download-artifact": "actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093 # v4.3.0",
    "credentials": "aws-actions/configure-aws-credentials@e3dd6a429d7300a6a4c196c26e071d42e0343502 # v4.0.2",
}
"""Actions by commit: a tag can be moved by whoever holds the action's repository."""

_PLACE = re.compile(r"@@([a-z-]+)@@")


def rendered(template: str, values: Mapping[str, str | tuple[str, ...]]) -> str:
    """The template with each `@@name@@` replaced; a line with several values is repeated for each.

    Raises KeyError for a name that has no value.
    """
    return "".join(_line(line, {**ACTIONS, **values}) for line in template.splitlines(keepends=True))


def _line(line: str, values: Mapping[str, str | tuple[str, ...]]) -> str:
    found = _PLACE.search(line)
    if found is None:
        return line
    value = values[found[1]]
    several = (value,) if isinstance(value, str) else value
    return "".join(_line(line.replace(found[0], one), values) for one in several)

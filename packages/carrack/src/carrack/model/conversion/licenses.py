"""The SPDX expression (PEP 639) of a distribution's licence, where what it says leaves no doubt."""

from __future__ import annotations

import re

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.metadata import RawMetadata

PREFIX = "License ::"

_CLASSIFIERS = {
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "The Unlicense (Unlicense)": "Unlicense",
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    "zlib/libpng License": "Zlib",
    "European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
}
"""Classifiers that name one licence. `BSD License`, `Apache Software License`, `Python Software Foundation License`
and their like are not here: each stands for several (PEP 639, "Mapping License Classifiers to SPDX Identifiers")."""

_FAMILIES = {
    "Academic Free License (AFL)": ("AFL-",),
    "Apache Software License": ("Apache-",),
    "BSD License": ("BSD-", "0BSD"),
    "GNU General Public License (GPL)": ("GPL-",),
    "GNU Library or Lesser General Public License (LGPL)": ("LGPL-",),
    "Python Software Foundation License": ("PSF-", "Python-"),
    "Zope Public License": ("ZPL-",),
}
"""Classifiers of several licences, each with how the expressions of those begin."""

_WORDS = {
    "mit": "MIT",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache v2": "Apache-2.0",
    "apache v2.0": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0",
    "isc": "ISC",
    "mpl 2.0": "MPL-2.0",
    "mpl2": "MPL-2.0",
    "mozilla public license 2.0": "MPL-2.0",
    "new bsd": "BSD-3-Clause",
    "modified bsd": "BSD-3-Clause",
    "3-clause bsd": "BSD-3-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3 clause": "BSD-3-Clause",
    "2-clause bsd": "BSD-2-Clause",
    "bsd 2-clause": "BSD-2-Clause",
    "simplified bsd": "BSD-2-Clause",
}
"""What people write in `license`, in lower case and without `the`, `license` at the ends."""

_NOT_SAID = ("UNKNOWN", "None", "")


def text_of(raw: RawMetadata) -> str:
    """What the License field says; empty where it says nothing."""
    text = raw.get("license", "").strip()
    return "" if text in _NOT_SAID else text


def expression(raw: RawMetadata) -> str | None:
    """The licence as an expression; None where the text, or text and classifiers together, could mean several.

    One classifier alone is enough; so is a text, where no classifier speaks against it.
    """
    if said := raw.get("license_expression"):
        return said
    text, own = text_of(raw), _classifiers(raw)
    if text:
        worded = _worded(text)
        return worded if worded and all(_goes_with(name, worded) for name in own) and len(own) <= 1 else None
    return _CLASSIFIERS.get(own[0]) if len(own) == 1 else None


def _classifiers(raw: RawMetadata) -> list[str]:
    """The last parts of the licence classifiers, without `OSI Approved` alone, which names none."""
    own = [text.rpartition(" :: ")[2] for text in raw.get("classifiers", ()) if text.startswith(PREFIX)]
    return [name for name in own if name != "OSI Approved"]


def _goes_with(classifier: str, worded: str) -> bool:
    """Whether a classifier means what the text says, or is a name of several licences of which that is one."""
    families = _FAMILIES.get(classifier)
    return worded.startswith(families) if families else _CLASSIFIERS.get(classifier) == worded


def _worded(text: str) -> str | None:
    if not text or "\n" in text:
        return None
    words = re.sub(r"^the\s+|\s+licen[cs]e$|\s*\([^)]*\)$", "", text.strip().lower())
    if words in _WORDS:
        return _WORDS[words]
    try:
        found = canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return None
    return (
        None if re.search(r"GPL-[\d.]+(\+|\s|\)|$)", found) else found
    )  # SPDX: only that one, or later ones?

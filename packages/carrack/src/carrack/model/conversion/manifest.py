"""MANIFEST.in for files that setuptools found through git before."""

from __future__ import annotations

from carrack.model.conversion.folder import Folder

MANIFEST = "MANIFEST.in"
_ALWAYS = frozenset({"setup.py", "setup.cfg", "pyproject.toml", "MANIFEST.in"})
"""What setuptools puts into every sdist."""


def listing_files(folder: Folder) -> str:
    """Every file of the folder, as a plugin for git listed them; what MANIFEST.in said goes after, and wins."""
    tops = sorted({name.split("/")[0] for name in folder.names if "/" in name})
    files = sorted(name for name in folder.names if "/" not in name and name not in _ALWAYS)
    lines = [*(f"graft {top}" for top in tops), *(f"include {name}" for name in files)]
    lines.append("global-exclude __pycache__ *.py[cod]")
    before = folder.text(MANIFEST)
    return "\n".join(lines) + "\n" + (f"\n{before}" if before else "")

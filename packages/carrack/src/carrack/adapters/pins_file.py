"""Requirements files in which each version has its hashes, made by uv."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import uv
from packaging.utils import NormalizedName, canonicalize_name

_OPTIONS = (
    *("--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate"),
    *("--quiet", "--no-progress", "--color", "never"),
)
PIN = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;\\]+)")
_WEAK = re.compile(r"^ +--hash=md5:.*\n", re.MULTILINE)
"""pip's --require-hashes wants sha256 or stronger; uv sorts hashes, so that one of those comes last."""


def compile_pins(
    requires: Sequence[str], constraints: str, environ: Mapping[str, str], *options: str
) -> subprocess.CompletedProcess[str]:
    """Let uv write the pins of `requires`, and of what they require, on stdout; `environ` names the index.

    Of the hashes only those stay that pip takes: an index may give md5 too, and uv writes down what it is given.
    """
    with tempfile.TemporaryDirectory(prefix="carrack-pins-") as scratch:
        given = Path(scratch) / "constraints.txt"
        given.write_text(constraints, encoding="utf-8")
        done = subprocess.run(
            [
                *(uv.find_uv_bin(), "pip", "compile", *_OPTIONS, *options),
                *("--python", sys.executable, "--constraints", given.name, "-"),
            ],
            cwd=scratch,
            env=dict(environ),
            input="".join(f"{text}\n" for text in requires),
            capture_output=True,
            text=True,
            check=False,
        )
    done.stdout = _WEAK.sub("", done.stdout)
    return done


def entries(text: str) -> Iterator[str]:
    """Each pin with its lines of hashes."""
    found = re.finditer(r"^\S.*\n(?:[ \t].*\n?)*", text, re.MULTILINE)
    return (match[0] for match in found if not match[0].startswith("#"))


def entry_name(entry: str) -> NormalizedName:
    """Whose pin it is."""
    found = PIN.match(entry)
    return canonicalize_name(found["name"] if found else entry)

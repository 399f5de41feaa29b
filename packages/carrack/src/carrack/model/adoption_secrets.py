"""Credentials that stand in files: few patterns, each of a form that nothing else has.

Not a search for whatever looks random: what is found here is worth a person's look. The patterns are bytes and are
looked for in whole files, so that a history of many thousand versions is read once and fast.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A kind of credential: its form, and short texts of which each file with one has at least one."""

    what: str
    marks: tuple[bytes, ...]
    form: re.Pattern[bytes]


_BEGIN: Final = rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
_HEADERS: Final = rb"(?:\r?\n|\\n)(?:[\w-]+: [^\n]*\r?\n|\r?\n)*[ \t]*"

PATTERNS: Final = (
    Pattern(  # IAM User Guide, "IAM identifiers": AKIA long-term, ASIA temporary; base32. The guide's own is no key.
        what="AWS access key id",
        marks=(b"AKIA", b"ASIA"),
        form=re.compile(
            rb"(?<![A-Za-z0-9/+])(?:AKIA|ASIA)(?!IOSFODNN7EXAMPLE)[A-Z2-7]{16}(?![A-Za-z0-9/+=])"
        ),
    ),
    Pattern(  # RFC 7468, sections 10 and 11, and what OpenSSH and PGP write: with its first line of base64
        what="private key",
        marks=(b" PRIVATE KEY",),
        form=re.compile(_BEGIN + _HEADERS + rb"[A-Za-z0-9+/=]{32,}"),
    ),
    Pattern(  # GitHub's documentation, "About authentication to GitHub": token formats
        what="GitHub token",
        marks=(b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_"),
        form=re.compile(rb"\b(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{82})\b"),
    ),
    Pattern(  # GitLab's documentation, "Token prefixes"
        what="GitLab token",
        marks=(b"glpat-", b"gldt-", b"glrt-", b"glptt-", b"glsoat-"),
        form=re.compile(rb"\bgl(?:pat|dt|rt|ptt|soat)-[A-Za-z0-9_-]{20,}"),
    ),
    Pattern(  # Slack's documentation, "Token types"
        what="Slack token",
        marks=(b"xoxb-", b"xoxp-", b"xoxa-", b"xoxo-", b"xoxr-", b"xoxs-"),
        form=re.compile(rb"\bxox[abopsr]-(?:\d+-)+[A-Za-z0-9-]{20,}"),
    ),
    Pattern(  # an incoming webhook's address is its own password
        what="Slack webhook",
        marks=(b"hooks.slack.com/",),
        form=re.compile(rb"hooks\.slack\.com/services/T[A-Za-z0-9]{6,}/B[A-Za-z0-9]{6,}/[A-Za-z0-9]{20,}"),
    ),
    Pattern(  # a macaroon; base64 of its fixed head
        what="package index token",
        marks=(b"pypi-AgE",),
        form=re.compile(rb"\bpypi-AgE[A-Za-z0-9_-]{50,}"),
    ),
    Pattern(  # RFC 3986, section 3.2.1: user:password before a host that has a dot; placeholders are none
        what="password in a URL",
        marks=(b"://",),
        form=re.compile(
            rb"://[A-Za-z0-9._~%-]{1,64}:"
            rb"(?!(?:my|your)?-?_?(?:pass(?:w(?:or)?d)?|pwd|pw|secret|token|x+|foo|bar|user(?:name)?)@)"
            rb"[A-Za-z0-9._~%!-]{6,128}@(?!example\.|localhost)[A-Za-z0-9-]+\.[A-Za-z]"
        ),
    ),
)


def secrets_in(content: bytes) -> Iterator[tuple[int, str, str]]:
    """Line and kind of each credential in a file, and a digest that tells two apart; never the credential itself.

    A file with NUL bytes at its beginning is no text, and has none.
    """
    if b"\0" in content[:8000]:
        return
    for pattern in PATTERNS:
        if any(mark in content for mark in pattern.marks):
            for match in pattern.form.finditer(content):
                line = content.count(b"\n", 0, match.start()) + 1
                yield line, pattern.what, hashlib.sha256(match[0]).hexdigest()

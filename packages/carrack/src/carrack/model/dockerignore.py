"""Which files of a folder a build gets, by its .dockerignore (Dockerfile reference, ".dockerignore files")."""

from __future__ import annotations

import re

_PIECE = re.compile(r"\*\*/|/\*\*$|\*\*|\*|\?|\[\^?[^\]]+\]|\\.|.", re.DOTALL)
_MEANS = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def ignored(path: str, patterns: str) -> bool:
    """Whether a file, or a folder that it is in, is left out of the context; the last pattern that fits decides."""
    parts = path.split("/")
    inside = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    out = False
    for line in patterns.splitlines():
        pattern = line.strip()
        if not pattern or line.startswith("#"):
            continue
        brings_back = pattern.startswith("!")
        meant = _expression(pattern.removeprefix("!").strip())
        if out is brings_back and any(meant.fullmatch(name) for name in inside):
            out = not brings_back
    return out


def _expression(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    for part in pattern.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return re.compile("".join(map(_meaning, _PIECE.findall("/".join(parts)))), re.DOTALL)


def _meaning(piece: str) -> str:
    if piece in _MEANS:
        return _MEANS[piece]
    if len(piece) > 2 and piece.startswith("["):
        return _class(piece.strip("[]"))
    return re.escape(piece[-1])


def _class(inside: str) -> str:
    """A set of characters; a range that is none, which Docker refuses, is left out."""
    negated, members = inside.startswith("^"), ""
    for first, last, single in re.findall(r"(.)-(.)|(.)", inside.removeprefix("^"), re.DOTALL):
        if single or first <= last:
            members += re.escape(single) if single else f"{re.escape(first)}-{re.escape(last)}"
    return f"[{'^' if negated else ''}{members}]" if members else "(?!)"

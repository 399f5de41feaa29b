"""Every version of every file in a history, read once: credentials, LFS pointers, and what is too big."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from carrack.adapters.git_command import GitCommand
from carrack.model.adoption import Found
from carrack.model.adoption_secrets import secrets_in

BIG = 50 * 1024 * 1024
"""From here on GitHub warns; it refuses files of more than twice that ("About large files on GitHub")."""
_READ = 4 * 1024 * 1024
_POINTER = b"version https://git-lfs.github.com/spec/"
Secret = tuple[int, str, str]
"""Line, kind and digest."""


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What was found. `pointers` are paths that were LFS pointers in some commit; `unread` counts files too long."""

    secrets: tuple[Found, ...]
    big: tuple[Found, ...]
    pointers: tuple[str, ...]
    unread: int


def scan(git: GitCommand, subdir: PurePosixPath) -> Scan:
    """Look into every version of every file that HEAD or a tag leads to, below `subdir`."""
    where = ["--", str(subdir)] if subdir.parts else []
    listed = git.ask("rev-list", "--objects", "--branches", "--tags", *where).splitlines()
    paths = dict(row.partition(" ")[::2] for row in listed)
    form = "--batch-check=%(objecttype) %(objectsize) %(objectname)"
    rows = (
        row.split()
        for row in git.ask("cat-file", form, told="".join(f"{one}\n" for one in paths)).splitlines()
    )
    sizes = {name: int(size) for kind, size, name in rows if kind == "blob"}
    secrets, pointers = _read(git, [name for name, size in sizes.items() if size <= _READ])
    big = {name: size for name, size in sizes.items() if size > BIG}
    first = _first_commits(git, {*secrets, *big})
    return Scan(
        secrets=tuple(_once(secrets, first, paths)),
        big=tuple(
            Found(what=f"{size // 1024 // 1024} MB", commit=first.get(name, ("", ""))[0], path=paths[name])
            for name, size in big.items()
        ),
        pointers=tuple(sorted({paths[name] for name in pointers})),
        unread=sum(size > _READ for size in sizes.values()),
    )


def _once(
    secrets: Mapping[str, list[Secret]], first: Mapping[str, tuple[str, str]], paths: Mapping[str, str]
) -> Iterator[Found]:
    """Each credential where it came first in each file; later versions of that file have it too."""
    seen = set()
    for name in [
        *(name for name in first if name in secrets),
        *(name for name in secrets if name not in first),
    ]:
        commit, path = first.get(name, ("", paths[name]))
        for line, what, digest in secrets[name]:
            if (path, digest) not in seen:
                seen.add((path, digest))
                yield Found(what=what, line=line, commit=commit, path=path)


def _read(git: GitCommand, names: list[str]) -> tuple[Mapping[str, list[Secret]], list[str]]:
    secrets, pointers = {}, []
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as told:
        told.writelines(f"{name}\n" for name in names)
        told.flush()
        for name, content in git.contents(Path(told.name)):
            if found := sorted(secrets_in(content)):
                secrets[name] = found
            if content.startswith(_POINTER):
                pointers.append(name)
    return secrets, pointers


def _first_commits(git: GitCommand, wanted: set[str]) -> Mapping[str, tuple[str, str]]:
    """The oldest commit that brought each object, and its path there; one walk for all of them."""
    found: dict[str, tuple[str, str]] = {}
    if wanted:
        for commit, name, path in _changes(git):
            if name in wanted:
                found.setdefault(name, (commit, path))
    return found


def _changes(git: GitCommand) -> Iterator[tuple[str, str, str]]:
    """Commit, object and path of every file that a commit brought, the oldest first (git-diff's raw format)."""
    options = ("--reverse", "--topo-order", "--root", "-m", "--raw", "--no-renames", "--no-abbrev", "-z")
    told = git.ask("log", "--format=%x00%H", *options, "--branches", "--tags").split("\0")
    commit, words = "", iter(told)
    for word in words:
        word = word.strip("\n")
        if word.startswith(":"):
            yield commit, word.split()[3], next(words)
        elif len(word) in (40, 64):
            commit = word

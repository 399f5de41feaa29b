"""When folders last changed, as seen from commits: one walk through history for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from carrack.adapters.git_command import GitCommand

_END = b".\n"
"""What is no object id: `git diff-tree --stdin` repeats such a line, after all that came before."""


@dataclass(frozen=True)
class LastChanges:
    """Finds for each folder what `git rev-list -1 COMMIT -- FOLDER` finds; paths are relative to git's folder.

    As git does (git-rev-list, "History Simplification"), a line is followed to the first parent that has the folder
    alike; where none has it so, the commit is the answer.
    """

    git: GitCommand

    def find(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """The time of that commit, in seconds since 1970, for each commit and folder in it; the folders are there."""
        at: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        for commit, folder in wanted:
            at[commit].add((commit, folder))
        found: dict[tuple[str, str], int] = {}
        told = "".join(f"{commit}\n" for commit in at)
        rows = self.git.ask("rev-list", "--topo-order", "--timestamp", "--parents", "--stdin", told=told)
        places = sum(map(len, at.values()))
        with self._differ({folder for places in at.values() for _, folder in places}) as differ:
            for epoch, commit, *parents in map(str.split, rows.splitlines()):
                here = at.pop(commit, set())
                for parent in parents:
                    if here:
                        changed = differ.changed(commit, parent, {folder for _, folder in here})
                        at[parent] |= {place for place in here if place[1] not in changed}
                        here = {place for place in here if place[1] in changed}
                found |= dict.fromkeys(here, int(epoch))
                if len(found) == places:
                    break
        return found

    @contextmanager
    def _differ(self, folders: Collection[str]) -> Iterator[_Differ]:
        options = ("--stdin", "--no-commit-id", "-r", "-z", "--name-only", "--no-renames", "--relative")
        within = sorted({folder.rpartition("/")[0] or folder for folder in folders})
        with self.git.start("diff-tree", *options, "--", *within) as process:
            assert process.stdin  # noqa: S101 - PIPE
            assert process.stdout  # noqa: S101 - PIPE
            yield _Differ(process.stdin, process.stdout)
            process.stdin.close()


@dataclass(frozen=True)
class _Differ:
    told: IO[bytes]
    said: IO[bytes]

    def changed(self, commit: str, parent: str, folders: Collection[str]) -> frozenset[str]:
        """Which of the folders differ between two commits."""
        self.told.write(f"{commit} {parent}\n".encode() + _END)
        self.told.flush()
        names = self._names()
        return frozenset(one for name in names for one in _with_parents(name) if one in folders)

    def _names(self) -> Sequence[str]:
        text = b""
        while not (text == _END or text.endswith(b"\0" + _END)):
            piece = self.said.readline()
            if not piece:
                raise EOFError("git diff-tree ended before it answered")
            text += piece
        return text.removesuffix(_END).decode("utf-8", "surrogateescape").split("\0")[:-1]


def _with_parents(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition("/")[0]

"""Brings a history of another repository onto the workspace's branch: made and looked at apart, then all at once."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from carrack.adapters.git_command import GitCommand, reason
from carrack.errors import CarrackError, StoppedError, WorkspaceError
from carrack.model.adoption_landing import Ground, Merged

_UNDER_WAY = {
    "MERGE_HEAD": "a merge",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_LOG": "a bisection",
}
_REF = "refs/heads/landing"
_AS_BEFORE = "branch, tags and files are as they were"


@dataclass(frozen=True, kw_only=True)
class Landing:
    """The workspace at `root`, and beside it the bare repository `apart` with the history that comes.

    Until `land`, every object that is made goes into `apart`, by git's own object directories; the workspace's
    configuration counts all the same, so that commits are by who works there.
    """

    root: Path
    apart: Path
    environ: Mapping[str, str] = field(repr=False)

    @cached_property
    def _git(self) -> GitCommand:
        # LFS's filter would ask the workspace's server for files that it does not have.
        return GitCommand(
            self.root, {**self.environ, "GIT_NO_REPLACE_OBJECTS": "1", "GIT_LFS_SKIP_SMUDGE": "1"}
        )

    @cached_property
    def _top(self) -> GitCommand:
        """At the top of the work tree, where paths are the repository's."""
        return GitCommand(
            Path(self._git.ask("rev-parse", "--show-toplevel").removesuffix("\n")), self._git.environ
        )

    @cached_property
    def prefix(self) -> PurePosixPath:
        """The workspace's folder in its repository."""
        return PurePosixPath(self._git.ask("rev-parse", "--show-prefix").removesuffix("\n"))

    def ground(self, path: PurePosixPath) -> Ground:
        """How things stand before `path` comes. Raises WorkspaceError without a repository or a first commit."""
        head = self._git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        if head.returncode:
            raise WorkspaceError(
                "the workspace has no commit to merge with",
                address=str(self.root),
                hint="git init, git add, git commit",
            )
        branch = self._git.run("symbolic-ref", "--quiet", "HEAD").stdout.strip()
        changed = self._top.ask("status", "--porcelain", "-z", "--no-renames", "--untracked-files=no")
        return Ground(
            branch=branch or None,
            commit=head.stdout.strip(),
            under_way=next(
                (what for name, what in _UNDER_WAY.items() if self._git_path(name).exists()), None
            ),
            changed=tuple(row[3:] for row in changed.split("\0") if row),
            occupied=(self.root / path).exists() or self.tree("HEAD", path) is not None,
            tags=self._refs(self._git),
        )

    def tree(self, commit: str, path: PurePosixPath) -> str | None:
        """The tree of a folder of the workspace in a commit, which may be one that is only apart."""
        answer = self._git.run(
            "rev-parse", "--verify", "--quiet", f"{commit}:{self.prefix / path}", environ=self._quarantine
        )
        return answer.stdout.strip() or None

    def leads_to(self, ancestor: str, commit: str = "HEAD") -> bool:
        """Whether `commit` has `ancestor` in its history."""
        answer = self._git.run("merge-base", "--is-ancestor", ancestor, commit, environ=self._quarantine)
        return answer.returncode == 0

    def record(self, trailer: str) -> str | None:
        """The message of the newest commit that HEAD leads to and that has this line."""
        found = self._git.ask("log", "-1", "--fixed-strings", f"--grep={trailer}", "--format=%B", "HEAD")
        return found if trailer in found.splitlines() else None

    def text(self, commit: str, path: PurePosixPath) -> str | None:
        """A file's text in a commit; None where it has none."""
        answer = self._git.run("cat-file", "blob", f"{commit}:{path}", environ=self._quarantine)
        return None if answer.returncode else answer.stdout

    def tags_apart(self) -> Mapping[str, str]:
        """The object of every tag that comes."""
        return self._refs(GitCommand(self.apart, self.environ))

    def add(self, history: str, path: PurePosixPath, files: Mapping[PurePosixPath, str], message: str) -> str:
        """A merge of HEAD and `history`: HEAD's tree, with `path` as `history` has it, and `files`; its id."""
        where = self.prefix / path
        with self._index("HEAD") as index:
            self._top.ask("read-tree", f"--prefix={where}/", f"{history}:{where}", environ=index)
            return self._commit(index, files, message, "HEAD", history)

    def merge(self, history: str, files: Mapping[PurePosixPath, str], message: str) -> Merged:
        """An ordinary merge of HEAD and `history`, with `files`; or the paths that conflict. Nothing is checked out."""
        answer = self._top.run(
            "merge-tree", "--write-tree", "-z", "--messages", "--name-only", "HEAD", history,
            environ=self._quarantine,
        )  # fmt: skip
        if answer.returncode not in (0, 1):
            raise WorkspaceError(
                f"git cannot merge it: {reason(answer)}",
                untouched="everything; nothing was written",
                hint="git 2.38 or newer is needed for this" if "usage" in answer.stderr else "",
            )
        tree, *words = answer.stdout.split("\0")
        if answer.returncode:
            return Merged(conflicts=tuple(_conflicts(words)))
        with self._index(tree) as index:
            return Merged(commit=self._commit(index, files, message, "HEAD", history))

    def follow(
        self, commit: str, files: Mapping[PurePosixPath, str], removed: PurePosixPath | None, message: str
    ) -> str:
        """One more commit on `commit`, with `files` and without `removed`; its id."""
        with self._index(commit) as index:
            if removed is not None:
                self._top.ask("update-index", "--force-remove", "--", str(removed), environ=index)
            return self._commit(index, files, message, commit)

    def changes(self, old: str, new: str) -> tuple[PurePosixPath, ...]:
        """The paths that differ between two commits."""
        told = self._top.ask(
            "diff-tree", "-r", "-z", "--name-only", "--no-renames", old, new, environ=self._quarantine
        )
        return tuple(PurePosixPath(path) for path in told.split("\0") if path)

    def land(
        self, ground: Ground, tip: str, tags: Mapping[str, str], why: str, new: PurePosixPath | None
    ) -> None:
        """Move the branch, the files and the tags, all or none. `new` is a folder that was not there.

        Raises StoppedError only where not even the way back could be gone; else the error that came in the way.
        """
        self._refuse_overwriting(ground.commit, tip)
        self._give(tip)
        lines = [f"update {ground.branch} {tip} {ground.commit}"]
        lines += (f"create refs/tags/{name} {value}" for name, value in tags.items())
        with _undisturbed():
            try:
                self._top.ask("read-tree", "-m", "-u", ground.commit, tip)
                self._git.ask("update-ref", "-m", why, "--stdin", told="\n".join(lines) + "\n")
            except BaseException as error:
                self._back(ground, new)
                if isinstance(error, CarrackError):
                    error.untouched = _AS_BEFORE
                raise

    def keep(self, tip: str, ref: str) -> None:
        """Have `ref` on a commit that is apart, for somebody to merge by hand."""
        self._give(tip)
        self._git.ask("update-ref", ref, tip)

    def changed_under(self, path: PurePosixPath) -> tuple[str, ...]:
        """What git calls changed below a folder that was just checked out."""
        told = self._git.ask(
            "status", "--porcelain", "-z", "--no-renames", "--untracked-files=no", "--", str(path)
        )
        return tuple(row[3:] for row in told.split("\0") if row)

    def _give(self, tip: str) -> None:
        """Have the objects of `tip` and of the tags in the workspace's own repository; no ref knows them yet."""
        apart = GitCommand(self.apart, self.environ)
        (self.apart / "objects" / "info" / "alternates").write_text(f"{self._objects}\n", encoding="utf-8")
        apart.ask("update-ref", _REF, tip)
        wanted = [_REF, *(f"refs/tags/{name}" for name in self.tags_apart())]
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--stdin")
        self._git.ask("fetch", *options, "--", str(self.apart), told="\n".join(wanted) + "\n")

    def _refuse_overwriting(self, old: str, tip: str) -> None:
        """Files that come new must not be there: git would take an ignored one for worthless."""
        told = self._top.ask(
            *("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=A", old, tip),
            environ=self._quarantine,
        )
        there = [path for path in told.split("\0") if path and os.path.lexists(self._top.folder / path)]
        if there:
            raise WorkspaceError(
                "files that git does not track are where the import has some",
                faults=tuple(there[:10]),
                untouched=_AS_BEFORE,
                hint="move them away",
            )

    def _back(self, ground: Ground, new: PurePosixPath | None) -> None:
        """The files as they were: there was no change in them, and `new` was not there."""
        now = self._git.run("rev-parse", "HEAD").stdout.strip()
        with suppress(CarrackError):
            if (
                now == ground.commit
                and self._git.run("reset", "--hard", "--quiet", ground.commit).returncode == 0
            ):
                if new is not None:
                    shutil.rmtree(self.root / new, ignore_errors=True)
                return
        raise StoppedError(
            "the import failed, and so did the way back",
            address=str(self.root),
            done="perhaps the branch, the tags, or some files",
            hint=f"git reset --hard {ground.commit}",
        )

    @cached_property
    def _objects(self) -> str:
        return str(
            (self.root / self._git.ask("rev-parse", "--git-path", "objects").removesuffix("\n")).resolve()
        )

    @property
    def _quarantine(self) -> Mapping[str, str]:
        """Where git reads and writes objects; nothing else than usual as long as nothing is apart."""
        if not self.apart.exists():
            return {}
        quoted = self._objects.replace("\\", "\\\\").replace('"', '\\"')
        return {
            "GIT_OBJECT_DIRECTORY": str(self.apart / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{quoted}"',
        }

    @contextmanager
    def _index(self, tree: str) -> Iterator[Mapping[str, str]]:
        environ = {**self._quarantine, "GIT_INDEX_FILE": str(self.apart / "landing-index")}
        self._top.ask("read-tree", tree, environ=environ)
        yield environ

    def _commit(
        self, index: Mapping[str, str], files: Mapping[PurePosixPath, str], message: str, *parents: str
    ) -> str:
        for path, text in files.items():
            blob = self._top.ask("hash-object", "-w", "--stdin", environ=index, told=text).strip()
            self._top.ask("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", environ=index)
        tree = self._top.ask("write-tree", environ=index).strip()
        signed = self._git.run("config", "--type=bool", "commit.gpgSign").stdout.strip() == "true"
        options = [part for parent in parents for part in ("-p", parent)] + ["-S"] * signed
        return self._top.ask("commit-tree", tree, *options, environ=index, told=message).strip()

    def _git_path(self, name: str) -> Path:
        return self.root / self._git.ask("rev-parse", "--git-path", name).removesuffix("\n")

    def _refs(self, git: GitCommand) -> Mapping[str, str]:
        told = git.ask("for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/tags")
        return {name: value for value, _, name in (line.partition(" ") for line in told.splitlines())}


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Signals that end us wait, for us and for git: one that dies half way leaves its locks."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _conflicts(words: list[str]) -> Iterator[str]:
    """git-merge-tree's informational messages: how many paths, the paths, a kind, and a sentence."""
    place = words.index("") + 1 if "" in words else len(words)
    while place < len(words) and words[place].isdigit():
        paths = int(words[place])
        kind, sentence = words[place + paths + 1], words[place + paths + 2]
        if kind.startswith("CONFLICT"):
            yield sentence.strip()
        place += paths + 3

"""The workspace's git repository, asked through git's own plumbing."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import subprocess
import tempfile
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from carrack.adapters.exported import refuse_incomplete
from carrack.adapters.git_command import GitCommand, reason
from carrack.adapters.last_changes import LastChanges
from carrack.errors import WorkspaceError
from carrack.model.history import Place, TreeState, is_below

if TYPE_CHECKING:
    from carrack.model.commits import Commit

_FILE, _PROGRAM, _FOLDER = 0o644, 0o755, 0o755
_FULL = ("No space left on device", "Out of diskspace")
"""What git says on a full disk."""
_SAME_EVERYWHERE = (
    "core.autocrlf=false",
    "core.eol=lf",
    "core.symlinks=true",
    f"core.attributesFile={os.devnull}",
    f"core.hooksPath={os.devnull}",
)
"""What a user's configuration may not say about exported files: it would change their bytes.

Nor may a post-checkout hook: it runs in the folder that is exported.
"""


@dataclass(frozen=True)
class Git:
    """Implements `ports.History`, `Log`, `ReachedTags` and `CommittedTexts` for the repository around `root`.

    `root` may be a folder inside it.

    `environ` is git's environment, of which the variables that name a repository (git sets them for its hooks) are
    left out: the repository is the one around `root`.
    """

    root: Path
    environ: Mapping[str, str] = field(repr=False)
    apart: tuple[PurePosixPath, ...] = ()
    """What is not of a package at the root itself (`Workspace.apart`)."""

    def state(self, paths: Iterable[PurePosixPath]) -> TreeState:
        """See `ports.History`. Raises WorkspaceError without git, a repository, or a first commit."""
        paths = tuple(paths)
        shallow, commit = self._head("--is-shallow-repository")
        with ThreadPoolExecutor(1) as beside:
            uncommitted = beside.submit(self._uncommitted, paths)
            trees = self.trees((commit, path) for path in paths)
        return TreeState(
            commit=commit,
            shallow=shallow == "true",
            trees={path: tree for (_, path), tree in trees.items()},
            uncommitted=uncommitted.result(),
            apart=self.apart,
        )

    def place(self) -> PurePosixPath | None:
        """See `ports.Log`."""
        answer = self.run("rev-parse", "--show-prefix")
        return None if answer.returncode else PurePosixPath(answer.stdout.removesuffix("\n"))

    def merge_base(self, ref: str) -> str:
        """See `ports.Log`. Raises WorkspaceError where there is no such commit, or none in common."""
        answer = self.run("merge-base", "HEAD", ref)
        if answer.returncode:
            raise WorkspaceError(
                f"HEAD and {ref!r} have no commit in common: {reason(answer)}",
                address=str(self.root),
                hint=f"git fetch --unshallow origin (in a workflow: fetch-depth: 0), then say --since with {ref} "
                "as git knows it, for example origin/main",
            )
        return answer.stdout.strip()

    def trees(self, wanted: Iterable[Place]) -> Mapping[Place, str]:
        """See `ports.History`."""
        asked = tuple(wanted)
        roots = {place: tree for place in asked if not place[1].parts and (tree := self._root_tree(place[0]))}
        found = self._objects(place for place in asked if place[1].parts)
        return roots | {place: name for place, (kind, name) in found.items() if kind == "tree"}

    def checkouts(self, wanted: Iterable[Place]) -> Mapping[Place, str]:
        """See `ports.History`."""
        asked, prefix = tuple(wanted), PurePosixPath(self._prefix)
        roots = {place: tree for place in asked if not place[1].parts and (tree := self._root_tree(place[0]))}
        above = {
            (commit, path): [(commit, folder / ".gitattributes") for folder in (prefix / path).parents]
            for commit, path in asked
        }
        folders = {(commit, path): (commit, prefix / path) for commit, path in asked if path.parts}
        rows = dict.fromkeys([*folders.values(), *(one for ones in above.values() for one in ones)])
        found = self._objects(rows, "")
        trees = roots | {
            place: found[one][1] for place, one in folders.items() if found.get(one, ("", ""))[0] == "tree"
        }
        return {
            place: _with_attributes(
                tree, prefix / place[1], [found[one][1] for one in above[place] if one in found]
            )
            for place, tree in trees.items()
        }

    def _objects(self, wanted: Iterable[Place], prefix: str | None = None) -> Mapping[Place, tuple[str, str]]:
        """Kind and id of what each commit has at a path; what is not there is missing."""
        places, prefix = tuple(wanted), self._prefix if prefix is None else prefix
        lines = "".join(f"{commit}:{prefix}{path}\n" for commit, path in places)
        form = "%(objecttype) %(objectname)"
        answers = self._ask("cat-file", "--buffer", f"--batch-check={form}", told=lines).splitlines()
        rows = zip(places, map(str.split, answers), strict=True)
        return {place: (facts[0], facts[1]) for place, facts in rows if facts[-1] != "missing"}

    def _root_tree(self, commit: str) -> str | None:
        """An id of what a package at the root has: of all files but those apart, since git has no tree of those."""
        answer = self.run("ls-tree", "-r", "-z", "--full-tree", f"{commit}:{self._prefix.rstrip('/')}")
        rows = (row for row in answer.stdout.split("\0") if row)
        own = (row for row in rows if not is_below(PurePosixPath(row.partition("\t")[2]), self.apart))
        text = "\0".join(own).encode("utf-8", "surrogateescape")
        return None if answer.returncode else hashlib.sha1(text, usedforsecurity=False).hexdigest()

    def tags(self) -> Mapping[str, str]:
        """See `ports.History`."""
        # Of a tag with a message the commit is what it points to (`*`); of a light one it is the object itself.
        form = "%(refname:lstrip=2)%00%(objectname)%00%(*objectname)"
        rows = (
            row.split("\0") for row in self._ask("for-each-ref", f"--format={form}", "refs/tags").splitlines()
        )
        return {name: pointed or own for name, own, pointed in rows}

    def reached_tags(self, prefix: str) -> tuple[str, ...]:
        """See `ports.ReachedTags`."""
        form = "--format=%(refname:lstrip=2)"
        names = self._ask("for-each-ref", form, "--merged=HEAD", "refs/tags").splitlines()
        return tuple(name for name in names if name.startswith(prefix))

    def tag(self, name: str, commit: str) -> None:
        """See `ports.History`. Raises WorkspaceError where it is on another commit, or cannot be made."""
        made = self.run("update-ref", f"refs/tags/{name}", commit, "0" * len(commit))
        if made.returncode and self.tags().get(name) != commit:
            raise WorkspaceError(
                f"the tag cannot be made: {reason(made)}",
                address=f"tag {name}",
                hint=f"git tag {name} {commit}",
            )

    def commits_at(self, wanted: Mapping[PurePosixPath, int]) -> Mapping[PurePosixPath, str]:
        """See `ports.History`."""
        by_time: dict[int, list[list[str]]] = {}
        for line in self._ask("rev-list", "--timestamp", "--parents", "HEAD").splitlines():
            epoch, *commits = line.split()
            by_time.setdefault(int(epoch), []).append(commits)
        then = [(path, commits) for path, epoch in wanted.items() for commits in by_time.get(epoch, ())]
        trees = self.trees({(commit, path) for path, commits in then for commit in commits})
        found: dict[PurePosixPath, str] = {}
        for path, (commit, *parents) in then:
            tree = trees.get((commit, path))
            if tree and all(trees.get((parent, path)) != tree for parent in parents):
                found.setdefault(path, commit)
        return found

    def log(self, since: str, path: PurePosixPath) -> tuple[Commit, ...]:
        """See `ports.Log`."""
        from carrack.model.commits import Commit  # here, because few verbs read what people wrote

        form = "--format=tformat:%H%x00%s%x00%b%x00"
        told = self._ask_of(path, "log", "--reverse", "--no-merges", "-z", form, f"{since}..HEAD")
        fields = iter(told.split("\0"))
        rows = zip(fields, fields, fields, fields, strict=False)  # -z ends each commit with one more NUL
        return tuple(Commit(id=id, subject=subject, body=body.strip()) for id, subject, body, _ in rows)

    def at_refs(self, path: PurePosixPath) -> Mapping[str, str]:
        """See `ports.CommittedTexts`."""
        refs = self._ask(
            "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads", "refs/remotes", "refs/tags"
        ).splitlines()
        texts = {ref: self.text(ref, path) for ref in refs}
        return {ref: text for ref, text in texts.items() if text is not None}

    def changes(self, path: PurePosixPath) -> Iterator[tuple[str, str]]:
        """See `ports.CommittedTexts`."""
        for commit in self._ask("rev-list", "HEAD", "--", str(path)).splitlines():
            if (text := self.text(commit, path)) is not None:
                yield commit, text

    def version(self, revision: str, manifest: PurePosixPath) -> Version | None:
        """See `ports.CommittedTexts`."""
        try:
            return Version(tomllib.loads(self.text(revision, manifest) or "")["project"]["version"])
        except (tomllib.TOMLDecodeError, KeyError, TypeError, InvalidVersion):
            return None

    def text(self, revision: str, path: PurePosixPath) -> str | None:
        """See `ports.History`."""
        answer = self.run("cat-file", "blob", f"{revision}:{self._prefix}{path}")
        return None if answer.returncode else answer.stdout

    def texts(self, wanted: Iterable[Place]) -> Mapping[Place, str]:
        """See `ports.History`."""
        ids = {place: id for place, (kind, id) in self._objects(wanted).items() if kind == "blob"}
        with tempfile.NamedTemporaryFile("w", prefix="carrack-", suffix=".ids", encoding="ascii") as file:
            file.write("".join(f"{id}\n" for id in dict.fromkeys(ids.values())))
            file.flush()
            found = dict(self._command.contents(Path(file.name)))
        return {place: _decoded(found[id]) for place, id in ids.items()}

    def size(self, wanted: Iterable[Place]) -> int:
        """See `ports.History`."""
        folders: dict[str, list[PurePosixPath]] = {}
        for commit, path in wanted:
            folders.setdefault(commit, []).append(path)
        rows = (
            row
            for commit, paths in folders.items()
            for row in self._ask("ls-tree", "-r", "-l", "-z", commit, "--", *map(str, paths)).split("\0")
        )
        sizes = (row.split("\t", 1)[0].split()[3] for row in rows if row)
        return sum(int(size) for size in sizes if size != "-")  # a submodule has none

    def make_commit(self, paths: Iterable[PurePosixPath], message: str) -> str:
        """See `ports.Log`. Raises WorkspaceError where git, or a hook of the repository, refuses."""
        names = [str(path) for path in paths]
        self._ask("add", "--all", "--force", "--", *names)
        self._ask("commit", "--quiet", "--file=-", "--only", "--", *names, told=message)
        return self._head()[-1]

    def push_commit(self, branch: str, paths: Iterable[PurePosixPath], message: str) -> bool:
        """See `ports.Log`. The checkout, its branch and its index stay as they are.

        Raises WorkspaceError where somebody else committed to the branch, or the remote refuses.
        """
        ref, head = f"refs/heads/{branch}", self._head()[-1]
        there = self._ask("ls-remote", "origin", ref).partition("\t")[0]
        tree = self._tree_with(paths)
        if there:
            self._ask("fetch", "--quiet", "origin", there)
            self._only_ours(there, branch)
            if self._ask("rev-parse", f"{there}^{{tree}}", f"{there}^").split() == [tree, head]:
                return False
        words = f"{message}{_TREE}{tree}\n"
        made = self._ask("commit-tree", tree, "-p", head, told=words).strip()
        self._ask("push", "--quiet", f"--force-with-lease={ref}:{there}", "origin", f"{made}:{ref}")
        return True

    def _tree_with(self, paths: Iterable[PurePosixPath]) -> str:
        """HEAD's tree, with `paths` as they are in the checkout."""
        with tempfile.TemporaryDirectory() as scratch:
            environ = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
            self._ask("read-tree", "HEAD", environ=environ)
            self._ask("add", "--all", "--", *map(str, paths), environ=environ)
            return self._ask("write-tree", environ=environ).strip()

    def _only_ours(self, commit: str, branch: str) -> None:
        """What we push says which tree it has: whoever commits on top, or amends it, has another one."""
        tree, parents = self._ask("show", "--no-patch", "--format=%T %P", commit).strip().split(" ", 1)
        words = self._ask("show", "--no-patch", "--format=%B", commit).splitlines()
        if f"{_TREE}{tree}" not in words or " " in parents:
            raise WorkspaceError(
                f"somebody else committed to it: {commit[:12]}",
                address=f"branch {branch}",
                untouched="the branch and its pull request",
                hint=f"merge that pull request, or git push origin --delete {branch}",
            )

    def commit_count(self) -> int:
        """See `ports.Log`."""
        return int(self._ask("rev-list", "--count", "HEAD"))

    def last_changes(self, wanted: Iterable[Place]) -> Mapping[Place, int]:
        """See `ports.History`. Raises WorkspaceError where a commit has no such folder."""
        asked = tuple(dict.fromkeys(wanted))
        there = self._objects(place for place in asked if place[1].parts)
        for commit, path in asked:
            if path.parts and (commit, path) not in there:
                raise _no_such_folder(commit, path)
        known = {place: self._root_change(place[0]) for place in asked if not place[1].parts}
        ids = self._commit_ids({commit for commit, path in asked if path.parts})
        within = {(commit, path): (ids[commit], str(path)) for commit, path in asked if path.parts}
        found = LastChanges(self._command).find(within.values()) if within else {}
        return known | {place: found[one] for place, one in within.items()}

    def _commit_ids(self, names: Collection[str]) -> Mapping[str, str]:
        told = "".join(f"{name}^{{commit}}\n" for name in names)
        answers = self._ask("cat-file", "--buffer", "--batch-check=%(objectname)", told=told).splitlines()
        return dict(zip(names, answers, strict=True))

    def export(self, commit: str, path: PurePosixPath, to: Path) -> int:
        """See `ports.History`. Raises WorkspaceError where `commit` has no such folder, or not all of it.

        Not `git archive`, which leaves out what `export-ignore` marks and a checkout has. Modes are 0644 or 0755
        and every time is the returned epoch, because sdists carry both.
        """
        epochs = self.last_changes([(commit, path)])
        self.export_all({to: (commit, path)}, epochs)
        return epochs[commit, path]

    def export_as_of(self, epoch: int, commit: str, path: PurePosixPath, to: Path) -> None:
        """The same, with times that are said. Raises WorkspaceError where `commit` has not all of the folder."""
        self.export_all({to: (commit, path)}, {(commit, path): epoch})

    def export_all(self, wanted: Mapping[Path, Place], epochs: Mapping[Place, int]) -> None:
        """See `ports.History`. Raises WorkspaceError where a commit has not all of a folder."""
        for commit, folders in _side_by_side(wanted):
            self._refuse_submodules(commit, folders.values())
            prefix = PurePosixPath(self._prefix)
            with tempfile.TemporaryDirectory(dir=next(iter(folders)).parent) as scratch:
                self._check_out(commit, [prefix / path for path in folders.values()], Path(scratch))
                for to, path in folders.items():
                    (Path(scratch) / "tree" / prefix / path).rename(to)
            for to, path in folders.items():
                refuse_incomplete(to, path)
                _settle(to, epochs[commit, path])

    def described(self, commit: str) -> tuple[int, str]:
        """When a commit was made, in seconds since 1970, and its tree's id."""
        epoch, tree = self._ask("show", "--no-patch", "--format=%ct %T", commit).split()
        return int(epoch), tree

    def _root_change(self, commit: str) -> int:
        answer = self._ask_of(PurePosixPath(), "rev-list", "-1", "--timestamp", commit)
        if not answer:
            raise _no_such_folder(commit, PurePosixPath())
        return int(answer.split()[0])

    def _refuse_submodules(self, commit: str, paths: Collection[PurePosixPath]) -> None:
        """A submodule's files are another repository's: they would be missing from what is built, unsaid."""
        rows = self._ask("ls-tree", "-r", "-z", commit, "--", *map(str, paths)).split("\0")
        links = [PurePosixPath(row.split("\t", 1)[1]) for row in rows if row.startswith("160000 ")]
        for path in paths:
            inside = (link for link in links if not path.parts or path in link.parents)
            found = tuple(link for link in inside if path.parts or not is_below(link, self.apart))
            if found:
                raise WorkspaceError(
                    "a package has a submodule in it, and the files in that are not in this repository's commits",
                    address=str(path),
                    faults=tuple(f"{submodule}: is a submodule" for submodule in found),
                    untouched="the index",
                    hint="commit its files themselves, or make it a package of its own",
                )

    def _check_out(self, commit: str, paths: Collection[PurePosixPath], scratch: Path) -> None:
        """Lay out `paths`, the repository's, under `scratch`/tree, by the attributes that `commit` has.

        Those of the work tree do not count.
        """
        tree = scratch / "tree"
        tree.mkdir()
        environ = {
            "GIT_DIR": self._ask("rev-parse", "--absolute-git-dir").removesuffix("\n"),
            "GIT_WORK_TREE": str(tree),
            "GIT_INDEX_FILE": str(scratch / "index"),
        }
        settings = [part for setting in _SAME_EVERYWHERE for part in ("-c", setting)]
        prefix = PurePosixPath(self._prefix)
        spared = _but(prefix / one for one in self.apart if prefix in paths)
        told = "\0".join([*(f":(literal){path}" for path in paths), *spared])
        from_stdin = ("--pathspec-from-file=-", "--pathspec-file-nul")
        words = ("--no-literal-pathspecs", *settings, "checkout", "--quiet", *from_stdin, commit)
        try:
            self._ask("-C", str(tree), "read-tree", commit, environ=environ)
            self._ask("-C", str(tree), *words, environ=environ, told=told)
        except WorkspaceError as error:
            if any(words in error.message for words in _FULL):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(scratch)) from None
            raise

    def _head(self, *questions: str) -> list[str]:
        """What `git rev-parse` says to `questions`, and at last HEAD's commit."""
        answer = self.run("rev-parse", *questions, "--verify", "HEAD^{commit}")
        if answer.returncode:
            raise WorkspaceError(
                f"builds are made from commits, and git finds none: {reason(answer)}",
                address=str(self.root),
                hint="git init, git add, git commit; or clone the repository instead of copying its files "
                "(CodePipeline: the source action's output as a full clone, CODEBUILD_CLONE_REF)",
            )
        return answer.stdout.split()

    def files(self, paths: Iterable[PurePosixPath]) -> tuple[PurePosixPath, ...]:
        """The files under `paths` that are tracked, or could be: those that are ignored are left out."""
        names = [str(path) for path in paths]
        kinds = ("--cached", "--others", "--exclude-standard")
        listed = self._ask("ls-files", "-z", *kinds, "--", *names) if names else ""
        return tuple(PurePosixPath(name) for name in sorted(set(listed.split("\0"))) if name)

    def _uncommitted(self, paths: Collection[PurePosixPath]) -> tuple[PurePosixPath, ...]:
        options = ("--porcelain", "-z", "--no-renames", "--untracked-files=all")
        answer = self._ask("status", *options, "--", *_few(paths))
        rows = (PurePosixPath(row[3:].removeprefix(self._prefix)) for row in answer.split("\0") if row)
        wanted = frozenset(paths)
        return tuple(file for file in rows if not wanted.isdisjoint((file, *file.parents)))

    @cached_property
    def _prefix(self) -> str:
        """The folder of `root` in its repository, with a slash at its end; empty where it is the top one."""
        return self._ask("rev-parse", "--show-prefix").removesuffix("\n")

    def _ask_of(self, path: PurePosixPath, *arguments: str) -> str:
        """What git says of a folder's history; of the root's without what is apart."""
        spared = () if path.parts else _but(self.apart)
        return self._ask("--no-literal-pathspecs", *arguments, "--", f":(literal){path}", *spared)

    def _ask(self, *arguments: str, environ: Mapping[str, str] | None = None, told: str = "") -> str:
        return self._command.ask(*arguments, environ=environ, told=told)

    def run(
        self, *arguments: str, environ: Mapping[str, str] | None = None, told: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run git to its end, whatever it ends with. Raises WorkspaceError where there is no git."""
        return self._command.run(*arguments, environ=environ, told=told)

    @property
    def _command(self) -> GitCommand:
        return GitCommand(self.root, self.environ)


_TREE = "Carrack-Tree: "
"""The trailer of a commit that we pushed, with the id of its tree."""


def _with_attributes(tree: str, path: PurePosixPath, attributes: Sequence[str]) -> str:
    """The tree and the attributes above it, whose patterns go by where the folder is; the nearest ones first."""
    return " ".join((tree, *attributes, str(path))) if attributes else tree


def _decoded(content: bytes) -> str:
    """As git's other answers are read: any end of a line is one, and what is no UTF-8 is surrogates."""
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", errors="surrogateescape").read()


def _no_such_folder(commit: str, path: PurePosixPath) -> WorkspaceError:
    return WorkspaceError(
        f"commit {commit[:12]} has no such folder; builds are made from commits",
        address=str(path),
        hint=f"git add {path}, git commit",
    )


def _side_by_side(wanted: Mapping[Path, Place]) -> Iterator[tuple[str, dict[Path, PurePosixPath]]]:
    """Groups of one commit each, in which no folder lies in another one."""
    waiting = dict(wanted)
    while waiting:
        commit = next(iter(waiting.values()))[0]
        of_it = {to: path for to, (its, path) in waiting.items() if its == commit}
        paths = set(of_it.values())
        taken = {to: path for to, path in of_it.items() if paths.isdisjoint(path.parents)}
        yield commit, taken
        waiting = {to: place for to, place in waiting.items() if to not in taken}


def _few(paths: Iterable[PurePosixPath]) -> set[str]:
    """The paths, or the folder that several of them are in: git tries each of its files with each path it is told."""
    paths = tuple(paths)
    beside = Counter(path.parent for path in paths)
    return {str(path.parent if path.parent.parts and beside[path.parent] > 1 else path) for path in paths}


def _but(paths: Iterable[PurePosixPath]) -> tuple[str, ...]:
    return tuple(f":(exclude,literal){path}" for path in paths)


def _settle(folder: Path, epoch: int) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            program = path.stat().st_mode & 0o100
            path.chmod(_FOLDER if path.is_dir() else _PROGRAM if program else _FILE)
        os.utime(path, (epoch, epoch), follow_symlinks=False)

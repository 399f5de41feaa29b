"""A former repository that was fetched: its tags and commits, and what it is like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from carrack.adapters.former_packaging import FILES, read_former
from carrack.adapters.git_command import GitCommand
from carrack.adapters.history_scan import scan
from carrack.errors import WorkspaceError
from carrack.model.adoption import Entry, HistoryFacts, Refs, Source, SourceTag, Submodule
from carrack.model.adoption_proof import Graph, Side
from carrack.model.source_address import SourceAddress
from carrack.ports import Report

BRANCH = "refs/heads/adopted"
"""The one branch there: the source's HEAD."""
_NOTHING_WRITTEN = "everything; nothing was written"
_WORKSPACE = re.compile(r"^\[tool\.carrack(\]|\.apps|\.indexes)", re.MULTILINE)
_NUMBERED = re.compile(r"(?:^|[\s(\[,:])(?:#|GH-)\d+\b")


@dataclass(frozen=True, kw_only=True)
class SourceRepository:
    """Implements `ports.FormerRepository`: a source's HEAD and tags in the bare repository `folder`."""

    folder: Path
    address: SourceAddress
    environ: Mapping[str, str] = field(repr=False)
    refs: Refs

    @cached_property
    def git(self) -> GitCommand:
        """Git in that repository; what somebody's replace refs say of commits does not count."""
        return GitCommand(self.folder, {**self.environ, "GIT_NO_REPLACE_OBJECTS": "1"})

    def look(self, subdir: PurePosixPath, report: Report) -> Source:
        """See `ports.FormerRepository`. Raises WorkspaceError where HEAD has no folder `subdir`."""
        entries = self._entries(subdir)
        texts = self._texts(entries)
        report.step("Reading", f"every version of every file of {self.address.name}")
        scanned, graph = scan(self.git, subdir), self.graph()
        return Source(
            address=self.address.url,
            subdir=subdir,
            refs=self.refs,
            tags=self.tags(),
            entries=entries,
            history=self._history(subdir),
            package=read_former(texts),
            unmerged=tuple(name for name, commit in self.refs.branches.items() if commit not in graph),
            submodules=self._submodules(entries, subdir),
            macros=self._attributes(entries, r"\[attr\]"),
            lfs_patterns=self._attributes(entries, r".*\sfilter=lfs\b"),
            lfs_pointers=scanned.pointers,
            links={entry.path: self._text(entry) for entry in entries if entry.mode == "120000"},
            secrets=scanned.secrets,
            big=scanned.big,
            is_workspace=bool(_WORKSPACE.search(texts.get("pyproject.toml", ""))),
        )

    def tags(self) -> tuple[SourceTag, ...]:
        """Every tag."""
        form = "%(refname:lstrip=2)%00%(objecttype)%00%(if)%(contents:signature)%(then)signed%(end)"
        rows = [
            row.split("\0")
            for row in self.git.ask("for-each-ref", f"--format={form}", "refs/tags").splitlines()
        ]
        reached = set(
            self.git.ask(
                "for-each-ref", "--merged=HEAD", "--format=%(refname:lstrip=2)", "refs/tags"
            ).splitlines()
        )
        names = "".join(f"refs/tags/{name}^{{commit}}\n" for name, *_ in rows)
        peeled = self.git.ask("cat-file", "--batch-check=%(objectname)", told=names).splitlines()
        return tuple(
            SourceTag(
                name=name,
                commit=None if commit.endswith(" missing") else commit,
                annotated=kind == "tag",
                signed=bool(signed),
                reachable=name in reached,
            )
            for (name, kind, signed), commit in zip(rows, peeled, strict=True)
        )

    def _entries(self, subdir: PurePosixPath) -> tuple[Entry, ...]:
        """The files of `subdir` at HEAD. Raises WorkspaceError where HEAD has no such folder."""
        answer = self.git.run("ls-tree", "-r", "-z", f"HEAD:{'' if not subdir.parts else subdir}")
        if answer.returncode:
            raise WorkspaceError(
                f"HEAD has no folder {subdir}", address=self.address.url, untouched=_NOTHING_WRITTEN
            )
        rows = (row.partition("\t") for row in answer.stdout.split("\0") if row)
        facts = ((head.split(), path) for head, _, path in rows)
        return tuple(Entry(mode=mode, object=name, path=path) for (mode, _, name), path in facts)

    def _text(self, entry: Entry) -> str:
        return self.git.ask("cat-file", "blob", entry.object)

    def _texts(self, entries: Iterable[Entry]) -> dict[str, str]:
        return {
            entry.path: self._text(entry)
            for entry in entries
            if entry.path in FILES and entry.mode[:3] == "100"
        }

    def _attributes(self, entries: Iterable[Entry], pattern: str) -> tuple[str, ...]:
        """The lines of every .gitattributes that match, each with its file."""
        files = (entry for entry in entries if PurePosixPath(entry.path).name == ".gitattributes")
        lines = ((file.path, line.strip()) for file in files for line in self._text(file).splitlines())
        return tuple(f"{path}: {line}" for path, line in lines if re.match(pattern, line))

    def _submodules(self, entries: Iterable[Entry], subdir: PurePosixPath) -> tuple[Submodule, ...]:
        """The submodules among `entries`, with what the .gitmodules of the repository's root says of them."""
        links = [entry for entry in entries if entry.mode == "160000"]
        known = _modules(self.git) if links else {}
        return tuple(
            Submodule(path=entry.path, commit=entry.object, **known.get(str(subdir / entry.path), {}))
            for entry in links
        )

    def _history(self, subdir: PurePosixPath) -> HistoryFacts:
        """Counts over all commits that come."""
        graph = self.graph()
        where = ["--", str(subdir)] if subdir.parts else []
        messages = self.git.ask("log", "--format=%B%x00", "--branches", "--tags", *where).split("\0")
        parents = [len(parents) for parents in graph.values()]
        sizes = dict(
            line.split(": ") for line in self.git.ask("count-objects", "-v").splitlines() if ": " in line
        )
        return HistoryFacts(
            commits=len(graph),
            merges=sum(count > 1 for count in parents),
            octopuses=sum(count > 2 for count in parents),
            roots=sum(count == 0 for count in parents),
            numbered=sum(bool(_NUMBERED.search(message)) for message in messages),
            packed=(int(sizes["size-pack"]) + int(sizes["size"])) * 1024,
        )

    def graph(self) -> Graph:
        """Every commit that comes, with its parents."""
        return _graph(self.git)

    def side(self, folder: PurePosixPath) -> Side:
        """This history as it is now, seen through `folder`."""
        graph = self.graph()
        tags = {tag.name: tag.commit or "" for tag in self.tags()}
        return Side(
            graph=graph,
            trees=folder_trees(self.git, graph, folder),
            tip=self.git.ask("rev-parse", BRANCH).strip(),
            tags=tags,
        )

    def tree(self, commit: str, folder: PurePosixPath) -> str | None:
        """See `ports.FormerRepository`."""
        return folder_trees(self.git, [commit], folder)[commit]

    def tips(self, commits: Iterable[str]) -> frozenset[str]:
        """Those of `commits` to which no other of them leads."""
        wanted = tuple(commits)
        return (
            frozenset(self.git.ask("merge-base", "--independent", *wanted).split()) if wanted else frozenset()
        )

    def drop_tags(self, names: Iterable[str]) -> None:
        """Forget tags that do not come."""
        lines = "".join(f"delete refs/tags/{name}\n" for name in names)
        self.git.ask("update-ref", "--stdin", told=lines)

    def same_files(self, pairs: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Those pairs of trees that have the same files, though git wrote them down otherwise."""
        return frozenset(pair for pair in pairs if self._listing(pair[0]) == self._listing(pair[1]))

    def _listing(self, tree: str) -> str:
        return self.git.ask("ls-tree", "-r", "-z", "--full-tree", tree)


def _graph(git: GitCommand) -> Graph:
    rows = (line.split() for line in git.ask("rev-list", "--parents", "--branches", "--tags").splitlines())
    return {commit: tuple(parents) for commit, *parents in rows}


def folder_trees(git: GitCommand, commits: Iterable[str], folder: PurePosixPath) -> dict[str, str | None]:
    """The tree of `folder` in each commit; None where it has no such folder."""
    wanted = list(commits)
    told = "".join(f"{commit}:{folder if folder.parts else ''}\n" for commit in wanted)
    answers = git.ask("cat-file", "--batch-check=%(objecttype) %(objectname)", told=told).splitlines()
    return {
        commit: answer.split()[1] if answer.startswith("tree ") else None
        for commit, answer in zip(wanted, answers, strict=True)
    }


def _modules(git: GitCommand) -> dict[str, dict[str, str]]:
    """`name` and `url` of each path in HEAD's .gitmodules."""
    answer = git.run("config", "--blob=HEAD:.gitmodules", "--list", "-z")
    values: dict[str, dict[str, str]] = {}
    for key, _, value in (row.partition("\n") for row in answer.stdout.split("\0") if row):
        name, _, what = key.removeprefix("submodule.").rpartition(".")
        values.setdefault(name, {})[what] = value
    return {
        said["path"].rstrip("/"): {"name": name, "url": said["url"]}
        for name, said in values.items()
        if "path" in said and "url" in said
    }

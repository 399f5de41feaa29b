"""A former repository, fetched fresh into a bare one of our own: what comes of it, and what it is like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from carrack.adapters.former_packaging import FILES, read_former
from carrack.adapters.git_command import GitCommand, reason
from carrack.adapters.history_scan import scan
from carrack.errors import WorkspaceError
from carrack.model.adoption import Entry, HistoryFacts, Refs, Source, SourceTag, Submodule
from carrack.model.adoption_proof import Graph, Side
from carrack.model.source_address import SourceAddress
from carrack.ports import Report

BRANCH = "refs/heads/adopted"
_HELPER = (
    '!f() { test "$1" = get && '
    'printf "username=%s\\npassword=%s\\n" "$CARRACK_SOURCE_USER" "$CARRACK_SOURCE_PASSWORD"; }; f'
)
"""A credential helper (gitcredentials' manual): what it answers stands in its environment, not in its words."""
_NOTHING_WRITTEN = "everything; nothing was written"
_WORKSPACE = re.compile(r"^\[tool\.carrack(\]|\.apps|\.indexes)", re.MULTILINE)
_NUMBERED = re.compile(r"(?:^|[\s(\[,:])(?:#|GH-)\d+\b")


@dataclass(frozen=True, kw_only=True)
class SourceRepository:
    """A source's HEAD and tags in the bare repository `folder`, which `fetched` made."""

    folder: Path
    address: SourceAddress
    environ: Mapping[str, str] = field(repr=False)
    refs: Refs

    @classmethod
    def fetched(
        cls, address: SourceAddress, folder: Path, environ: Mapping[str, str], start: Path
    ) -> SourceRepository:
        """Fetch what comes: the commits that HEAD or a tag leads to. Nothing is shared with a source on this machine.

        A relative path is relative to `start`.

        Raises WorkspaceError where there is no such repository, no commit at its HEAD, or not all of its history.
        """
        environ = {**environ, **_credentials(address)}
        address = _local(address, start, environ)
        git = GitCommand(folder, environ)
        folder.mkdir(parents=True)
        git.ask("init", "--quiet", "--bare", "--template=")
        refs = _offered(git, address)
        wanted = (f"+HEAD:{BRANCH}", "+refs/tags/*:refs/tags/*")
        answer = git.run("fetch", "--quiet", "--update-shallow", "--no-tags", "--", address.url, *wanted)
        if answer.returncode:
            raise _unreachable(address, reason(answer))
        git.ask("symbolic-ref", "HEAD", BRANCH)
        if git.ask("rev-parse", "--is-shallow-repository").strip() == "true":
            raise WorkspaceError(
                "the source is a shallow clone, and its history ends where the clone begins",
                address=address.url,
                untouched=_NOTHING_WRITTEN,
                hint=f"git -C {address.url} fetch --unshallow --tags; or adopt the repository that it was cloned from",
            )
        return cls(folder=folder, address=address, environ=environ, refs=refs)

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
            lfs_patterns=self._lfs_patterns(entries),
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

    def _lfs_patterns(self, entries: Iterable[Entry]) -> tuple[str, ...]:
        texts = (
            (entry.path, self._text(entry))
            for entry in entries
            if PurePosixPath(entry.path).name == ".gitattributes"
        )
        lines = ((path, line.strip()) for path, text in texts for line in text.splitlines())
        return tuple(f"{path}: {line}" for path, line in lines if re.search(r"\sfilter=lfs\b", line))

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


def _credentials(address: SourceAddress) -> dict[str, str]:
    """What gives git the credentials of an address, for its host alone, without a word in any command line."""
    if not address.had_secret:
        return {}
    scheme, _, rest = address.url.partition("://")
    return {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"credential.{scheme}://{rest.partition('/')[0]}.helper",
        "GIT_CONFIG_VALUE_0": "",  # the user's own helpers would store what they are told
        "GIT_CONFIG_KEY_1": f"credential.{scheme}://{rest.partition('/')[0]}.helper",
        "GIT_CONFIG_VALUE_1": _HELPER,
        "CARRACK_SOURCE_USER": address.user,
        "CARRACK_SOURCE_PASSWORD": address.password,
    }


def _local(address: SourceAddress, start: Path, environ: Mapping[str, str]) -> SourceAddress:
    """An absolute path for a source of this machine, which must be the repository's own folder."""
    path = start / address.url
    if not path.exists():
        return address
    path = path.resolve()
    if path.is_dir():
        git = GitCommand(path, environ)
        answer = git.run("rev-parse", "--show-prefix")
        if prefix := answer.stdout.strip().rstrip("/"):
            root = git.ask("rev-parse", "--show-toplevel").strip()
            raise WorkspaceError(
                "is a folder of a repository, not the repository",
                address=str(path),
                untouched=_NOTHING_WRITTEN,
                hint=f"carrack adopt {root} --subdir {prefix}",
            )
        common = Path(git.run("rev-parse", "--git-common-dir").stdout.strip() or ".")
        if not answer.returncode and (path / common / "info" / "grafts").exists():
            raise WorkspaceError(
                "has grafts, which make git show other parents than the commits have",
                address=str(path / common / "info" / "grafts"),
                untouched=_NOTHING_WRITTEN,
                hint="remove that file: the true history comes; or write it for good: git replace "
                "--convert-graft-file, git filter-repo --force",
            )
    return SourceAddress(url=str(path))


def _offered(git: GitCommand, address: SourceAddress) -> Refs:
    answer = git.run("ls-remote", "--symref", "--", address.url)
    if answer.returncode:
        raise _unreachable(address, reason(answer))
    branch, refs = None, {}
    for value, _, name in (line.partition("\t") for line in answer.stdout.splitlines()):
        if value.startswith("ref: "):
            branch = value.removeprefix("ref: refs/heads/") if name == "HEAD" else branch
        else:
            refs[name] = value
    if "HEAD" not in refs:
        raise WorkspaceError(
            "its HEAD is on no commit" if refs else "the repository is empty",
            address=address.url,
            untouched=_NOTHING_WRITTEN,
            hint="clone it, git switch to the branch that is to come, and adopt the clone's path"
            if refs
            else "",
        )
    return Refs(
        head=refs["HEAD"],
        branch=branch,
        branches={
            name.removeprefix("refs/heads/"): commit
            for name, commit in refs.items()
            if name.startswith("refs/heads/")
        },
        pull_requests=sum(bool(re.match(r"refs/(?:pull|merge-requests)/\d+/head$", name)) for name in refs),
        replaced=sum(name.startswith("refs/replace/") for name in refs),
        tags=sum(name.startswith("refs/tags/") and not name.endswith("^{}") for name in refs),
    )


def _unreachable(address: SourceAddress, said: str) -> WorkspaceError:
    return WorkspaceError(
        f"git cannot fetch it: {said}",
        address=address.url,
        untouched=_NOTHING_WRITTEN,
        hint=f"git ls-remote {address.url} must work here first",
    )

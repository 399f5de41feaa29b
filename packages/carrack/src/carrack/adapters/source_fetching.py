"""Fetches a former repository into a bare one of our own: all that comes of it, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from carrack.adapters.git_command import GitCommand, reason
from carrack.adapters.source_repository import BRANCH, SourceRepository
from carrack.errors import WorkspaceError
from carrack.model.adoption import Refs
from carrack.model.source_address import SourceAddress

_HELPER = (
    '!f() { test "$1" = get && '
    'printf "username=%s\\npassword=%s\\n" "$CARRACK_SOURCE_USER" "$CARRACK_SOURCE_PASSWORD"; }; f'
)
"""A credential helper (gitcredentials' manual): what it answers stands in its environment, not in its words."""
_NOTHING_WRITTEN = "everything; nothing was written"


def fetch_source(
    address: SourceAddress, folder: Path, environ: Mapping[str, str], start: Path
) -> SourceRepository:
    """Fetch what comes: the commits that HEAD or a tag leads to. Nothing is shared with a source on this machine.

    A relative path is relative to `start`.

    Raises WorkspaceError where there is no such repository, no commit at its HEAD, or not all of its history.
    """
    environ = {**environ, **_credentials(address, int(environ.get("GIT_CONFIG_COUNT") or 0))}
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
    return SourceRepository(folder=folder, address=address, environ=environ, refs=refs)


def _credentials(address: SourceAddress, count: int) -> dict[str, str]:
    """What gives git the credentials of an address, for its host alone, without a word in any command line.

    `count` settings are in its environment already (git-config's manual, "GIT_CONFIG_COUNT").
    """
    if not address.had_secret:
        return {}
    scheme, _, rest = address.url.partition("://")
    helper = f"credential.{scheme}://{rest.partition('/')[0]}.helper"
    return {
        "GIT_CONFIG_COUNT": str(count + 2),
        f"GIT_CONFIG_KEY_{count}": helper,
        f"GIT_CONFIG_VALUE_{count}": "",  # the user's own helpers would store what they are told
        f"GIT_CONFIG_KEY_{count + 1}": helper,
        f"GIT_CONFIG_VALUE_{count + 1}": _HELPER,
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

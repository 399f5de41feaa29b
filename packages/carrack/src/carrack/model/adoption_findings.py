"""What a plan says of a former repository, line by line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from carrack.model.adoption import Finding, Source
from carrack.model.adoption_tags import TagMap
from carrack.model.diagnosis import Verdict

_INERT = re.compile(
    r"\.github/(?:workflows/.+|dependabot\.ya?ml|CODEOWNERS)|\.gitlab-ci\.ya?ml|\.travis\.ya?ml|\.?appveyor\.ya?ml"
    r"|azure-pipelines.*\.ya?ml|\.circleci/.+|\.cirrus\.(?:yml|star)|\.drone\.ya?ml|Jenkinsfile|\.zuul\.(?:yaml|d/.+)"
    r"|bitbucket-pipelines\.yml|\.pre-commit-config\.yaml|\.readthedocs\.ya?ml|readthedocs\.yml|\.?codecov\.yml"
    r"|renovate\.json5?|\.buildkite/.+|buildspec\.ya?ml"
)
"""What services look for at a repository's root, and nowhere else."""


def findings(source: Source, tags: TagMap, tips: frozenset[str]) -> Iterator[Finding]:
    """Everything about the source alone; `tips` are the commits of the newest releases on HEAD's line."""
    yield _identity(source)
    yield _packaging(source)
    yield from _tags(source, tags, tips)
    yield from _elsewhere(source)
    yield _size(source)
    yield _secrets(source)
    yield from _lfs(source)
    yield from _submodules(source)
    yield from _files(source)
    yield from _history(source)


def _identity(source: Source) -> Finding:
    refs, history = source.refs, source.history
    branch = refs.branch or "HEAD is detached"
    below = f", folder {source.subdir}" if source.subdir.parts else ""
    merges = f", {_count(history.merges, 'merge')}" if history.merges else ""
    octopuses = f" ({history.octopuses} of more than two)" if history.octopuses else ""
    roots = f", {history.roots} roots" if history.roots > 1 else ""
    counts = f"{_count(history.commits, 'commit')}{merges}{octopuses}{roots}"
    said = f"{source.address} at {refs.head[:12]} ({branch}){below}: {counts}"
    if source.is_workspace:
        return _warn(
            "source", said, (), "it is a workspace of Carrack: bring its packages, each with --subdir"
        )
    return _ok("source", said)


def _packaging(source: Source) -> Finding:
    package = source.package
    said = f"{package.form}; version: {package.versioning}"
    if package.unread:
        return _warn("packaging", said, package.unread, "the plan knows nothing of these")
    return _ok("packaging", said)


def _tags(source: Source, tags: TagMap, tips: frozenset[str]) -> Iterator[Finding]:
    if not source.tags:
        yield _ok("tags", "none")
        return
    releases = [mapped for mapped in tags.kept if mapped.version]
    baseline, newest = tags.baseline(tips), tags.newest
    said = f"{_count(len(releases), 'release')} of {_count(len(source.tags), 'tag')}"
    if baseline:
        said += f"; the newest of HEAD is {baseline.tag.name} -> {baseline.name}"
    details = [
        f"{mapped.tag.name} -> {mapped.name}: {mapped.reason}" for mapped in tags.kept if mapped.reason
    ]
    details += [f"{name} does not come: it {reason}" for name, reason in tags.left.items()]
    signed = sum(tag.signed for tag in source.tags)
    details += [f"{_count(signed, 'signed tag')}: signatures are of the old commits, and go"] * bool(signed)
    if newest and newest != baseline:
        details.append(f"{newest.tag.name} is newer, and not on HEAD's line")
    yield _warn("tags", said, tuple(details), "") if details else _ok("tags", said)


def _elsewhere(source: Source) -> Iterator[Finding]:
    told = [f"branches: {_some(source.unmerged)}"] * bool(source.unmerged)
    told += [_count(source.refs.pull_requests, "pull request")] * bool(source.refs.pull_requests)
    told += [f"{_count(source.refs.replaced, 'replace ref')}: the true commits come"] * bool(
        source.refs.replaced
    )
    if told:
        yield _warn("stays behind", "; ".join(told), (), "merge what is still wanted before")


def _size(source: Source) -> Finding:
    said = f"{source.history.packed / 1e6:.1f} MB packed"
    if source.big:
        remedy = "GitHub refuses files of more than 100 MB: rewrite the source without them before"
        return _warn("size", f"{said}, with big files in it", tuple(map(str, source.big)), remedy)
    return _ok("size", said)


def _secrets(source: Source) -> Finding:
    if not source.secrets:
        return _ok("secrets", "none of the known forms, in any commit")
    kinds = Counter(found.what for found in source.secrets)
    said = ", ".join(f"{what} ({count})" for what, count in kinds.items())
    remedy = "whoever reads the workspace could read them: revoke them; look at each before you push"
    return _warn("secrets", said, tuple(map(str, source.secrets)), remedy)


def _lfs(source: Source) -> Iterator[Finding]:
    if source.lfs_patterns or source.lfs_pointers:
        said = f"{_count(len(source.lfs_pointers), 'pointer')}; what they point to does not come"
        remedy = "git lfs fetch --all in the source, and git lfs push --all to the workspace's remote, before it goes"
        yield _warn("lfs", said, (*source.lfs_patterns, *source.lfs_pointers[:20]), remedy)


def _submodules(source: Source) -> Iterator[Finding]:
    if source.submodules:
        details = tuple(
            f"{one.path} at {one.commit[:12]}: {one.url or 'no address in .gitmodules'}"
            for one in source.submodules
        )
        said = f"{len(source.submodules)}; the import moves them into the root's .gitmodules"
        yield _warn(
            "submodules", said, details, "a package with a submodule in it is not built: commit the files"
        )


def _files(source: Source) -> Iterator[Finding]:
    if not source.entries:
        yield Finding(
            topic="files", verdict=Verdict.FAIL, said="HEAD has no files", remedy="adopt another commit"
        )
    inert = [entry.path for entry in source.entries if _INERT.fullmatch(entry.path)]
    if inert:
        yield _warn(
            "ci",
            f"{_count(len(inert), 'file')} for services that look at a root only",
            tuple(inert),
            "move what is still wanted",
        )
    at_root = (*(entry.path for entry in source.entries if entry.path == ".mailmap"), *source.macros)
    if at_root:
        yield _warn("root", "git reads these at a root only", at_root, "move them into the workspace's own")
    if clashes := tuple(_clashes(entry.path for entry in source.entries)):
        yield _warn(
            "names", "differ only in case; macOS and Windows keep one", clashes, "rename them in the source"
        )
    leaving = tuple(f"{path} -> {target}" for path, target in source.links.items() if _leaves(path, target))
    if leaving:
        yield _warn("links", "lead out of the folder", leaving, "a package is built of its own folder alone")


def _history(source: Source) -> Iterator[Finding]:
    if source.history.numbered:
        said = f"{source.history.numbered} with #NUMBER, which will mean the workspace's issues"
        yield _warn(
            "messages", said, (), "they stay as they are; the source's address is in the import commit"
        )


def _clashes(paths: Iterable[str]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for path in paths:
        for part in (PurePosixPath(path), *PurePosixPath(path).parents):
            first = seen.setdefault(str(part).casefold(), str(part))
            if first != str(part):
                yield f"{first}, {part}"


def _leaves(path: str, target: str) -> bool:
    if target.startswith("/"):
        return True
    depth = len(PurePosixPath(path).parts) - 1
    for part in PurePosixPath(target).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return True
    return False


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f", and {len(names) - 5} more" if len(names) > 5 else "")


def _ok(topic: str, said: str) -> Finding:
    return Finding(topic=topic, verdict=Verdict.OK, said=said)


def _warn(topic: str, said: str, details: tuple[str, ...], remedy: str) -> Finding:
    return Finding(topic=topic, verdict=Verdict.WARN, said=said, details=details, remedy=remedy)

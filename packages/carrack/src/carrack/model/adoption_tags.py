"""The tags of a former repository in a workspace: each release gets the name that releases have here."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from packaging.utils import NormalizedName
from packaging.version import InvalidVersion, Version

from carrack.model.adoption import SourceTag
from carrack.model.tags import tag_name

_WORDS = re.compile(r"^(?:(?:version|release|ver|rel|tags?|v)[-_./]*)+(?=\d)|^r(?=\d+\.)", re.IGNORECASE)
_FINAL = re.compile(r"[-_.]?final$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class MappedTag:
    """A tag that comes, and its name here; `version` where it is a release's. `reason` says what is odd about it."""

    tag: SourceTag
    name: str
    version: Version | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class TagMap:
    """Every tag of a source: those that come, and those that do not, with the reason."""

    kept: tuple[MappedTag, ...]
    left: Mapping[str, str]

    @property
    def names(self) -> Mapping[str, str]:
        """The name here of each tag that comes."""
        return {mapped.tag.name: mapped.name for mapped in self.kept}

    def baseline(self, tips: Collection[str]) -> MappedTag | None:
        """The newest release of HEAD's own line; `tips` are the commits of its releases that lead to all others."""
        return _newest(mapped for mapped in self.kept if mapped.tag.commit in tips and mapped.tag.reachable)

    @property
    def newest(self) -> MappedTag | None:
        """The highest version of all, wherever it is."""
        return _newest(self.kept)

    @property
    def line(self) -> tuple[str, ...]:
        """The commits of the releases that HEAD leads to."""
        return tuple(
            {mapped.tag.commit or "" for mapped in self.kept if mapped.version and mapped.tag.reachable}
        )


def _newest(tags: Iterable[MappedTag]) -> MappedTag | None:
    releases = ((mapped.version, mapped) for mapped in tags if mapped.version)
    return max(releases, key=lambda pair: pair[0], default=(None, None))[1]


def version_of(tag: str, names: Collection[str]) -> Version | None:
    """The version that a tag names; `names` are those that may stand before it, the package's for one.

    `v1.0`, `1.0`, `release-1.0`, `rel_1_0`, `NAME-1.0`, `NAME_v1.0-final`: whatever else there is, is no version.
    """
    rest = tag
    for name in names:
        spelled = "[-_.]?".join(map(re.escape, re.split(r"[-_.]+", name)))
        rest = re.sub(rf"^{spelled}[-_./@=]*(?=[\dvr])", "", rest, flags=re.IGNORECASE)
    rest = _FINAL.sub("", re.sub(r"(?<=\d)_(?=\d)", ".", _WORDS.sub("", rest, count=1)))
    try:
        return Version(rest) if rest[:1].isdigit() else None
    except InvalidVersion:
        return None


def map_tags(package: NormalizedName, tags: Iterable[SourceTag], names: Collection[str]) -> TagMap:
    """The name of each tag: `PACKAGE-vVERSION`, or `PACKAGE-TAG` where it names no version.

    Of two that say the same version of the same commit one comes. Where they are on different commits, nobody knows
    which is the release: both come as `PACKAGE-tag-TAG`.
    """
    tags = tuple(tags)
    left = {tag.name: "is on something that is no commit" for tag in tags if tag.commit is None}
    rest = [tag for tag in tags if tag.commit is not None]
    versions = {tag.name: version_of(tag.name, [package, *names]) for tag in rest}
    kept: list[MappedTag] = []
    for tag in rest:
        version = versions[tag.name]
        alike = [other for other in rest if version and versions[other.name] == version]
        if version is None:
            kept.append(MappedTag(tag=tag, name=_plain(package, tag), reason="names no version"))
        elif len({other.commit for other in alike}) > 1:
            others = ", ".join(other.name for other in alike if other != tag)
            reason = f"{others} says {version} too, of another commit"
            kept.append(MappedTag(tag=tag, name=_odd(package, tag), reason=reason))
        elif (first := min(alike, key=_rank)) != tag:
            left[tag.name] = f"says {version} of the same commit as {first.name}"
        else:
            kept.append(MappedTag(tag=tag, name=tag_name(package, version), version=version))
    return TagMap(kept=tuple(_apart(package, kept)), left=left)


def _rank(tag: SourceTag) -> tuple[bool, bool, str]:
    return (not tag.annotated, not tag.name.startswith("v"), tag.name)


def _plain(package: NormalizedName, tag: SourceTag) -> str:
    return f"{package}-{tag.name.replace('/', '-')}"


def _odd(package: NormalizedName, tag: SourceTag) -> str:
    return f"{package}-tag-{tag.name.replace('/', '-')}"


def _apart(package: NormalizedName, kept: list[MappedTag]) -> Iterable[MappedTag]:
    """No two with one name: what is no release gives way, and is counted where that is not enough."""
    taken = {mapped.name for mapped in kept if mapped.version}
    for mapped in kept:
        if mapped.version:
            yield mapped
            continue
        candidates = [
            mapped.name,
            *(f"{_odd(package, mapped.tag)}{end}" for end in ("", *map(str, range(2, 99)))),
        ]
        name = next(name for name in candidates if name not in taken)
        taken.add(name)
        yield MappedTag(tag=mapped.tag, name=name, reason=mapped.reason)

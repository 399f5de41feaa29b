"""From which release each of our packages in an image is: that of the version which the lock pins, not the tree's."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from carrack.commands.knowledge import Sources, learn
from carrack.model.image_manifest import Origin, Origins, Release
from carrack.model.lock import Pin
from carrack.model.tags import tag_name

_Commits = Mapping[Release, str | None]


def origins(sources: Sources, pins: Collection[Pin]) -> Origins:
    """Commit and tag of the release of each pin, which all are of packages of the workspace; None what nobody knows.

    The tree's version is traced as a plan traces it. Of any other the commit is the one that the journal has for the
    very files, else the one of its tag. A tag that is on other files than the commit's is not named.
    """
    if not pins:
        return {}
    tags = sources.history.tags() if sources.index.tags else {}
    releases = {pin: (pin.name, pin.candidate.version) for pin in pins}
    tagged = {release: tags.get(tag_name(*release)) for release in releases.values()}
    traced = {(step.package.name, step.after): step.released for step in learn(sources).plan.steps}
    recorded = {entry.file.sha256: entry.commit for entry in sources.journal.read(sources.index)}
    commits = {
        release: traced[release]
        if release in traced
        else next(filter(None, map(recorded.get, pin.hashes)), tagged[release])
        for pin, release in releases.items()
    }
    agreeing = _agreeing(sources, commits, tagged)
    return {
        release: Origin(commit=commit, tag=tag_name(*release) if release in agreeing else None)
        for release, commit in commits.items()
    }


def _agreeing(sources: Sources, commits: _Commits, tagged: _Commits) -> frozenset[Release]:
    """The releases whose tag is on the commit, or on another with the same files of the package."""
    paths = {release: sources.workspace.packages[release[0]].path for release in commits}
    pairs = {
        release: ((commit, paths[release]), (tag, paths[release]))
        for release, commit in commits.items()
        if commit and (tag := tagged[release])
    }
    trees = sources.history.trees(place for pair in pairs.values() for place in pair)
    return frozenset(
        release
        for release, (one, other) in pairs.items()
        if one == other or (one in trees and trees[one] == trees.get(other))
    )

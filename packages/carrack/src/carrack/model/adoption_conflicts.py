"""Where a former repository's requirements and the workspace's cannot both be met: Python, pydantic, pins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from carrack.model.adoption import Destination, Finding, FormerPackage
from carrack.model.diagnosis import Verdict
from carrack.model.lock import Lock
from carrack.model.workspace import Workspace

_PYDANTIC = "pydantic"


def conflicts(
    package: FormerPackage, to: Destination, workspace: Workspace, locks: Mapping[str, Lock]
) -> Iterator[Finding]:
    """Lines about Python, pydantic, pins, and who requires this package already; `locks` are by app."""
    yield _pythons(package, workspace)
    yield from _admitted(package, to, workspace)
    found = dict.fromkeys(_pins(package, workspace, locks))
    pydantic = tuple(text for name, text in found if name == _PYDANTIC)
    others = tuple(text for name, text in found if name != _PYDANTIC)
    yield _pydantic(package, workspace, pydantic)
    if others:
        yield _warn(
            "pins", f"{len(others)} requirements do not fit", others, "change one side, and lock again"
        )
    else:
        yield _ok("pins", f"{len(package.requires)} requirements, none against the workspace's")


def _pythons(package: FormerPackage, workspace: Workspace) -> Finding:
    if package.requires_python is None:
        return _warn("python", "it does not say which Pythons it is for", (), "write requires-python")
    kept_out = [
        f"{app.name} has Python {minor}"
        for app in workspace.apps.values()
        for minor in app.pythons
        if not package.requires_python.contains(f"{minor}.99")
    ]
    if kept_out:
        said = f"it is for {package.requires_python}"
        return _warn("python", said, tuple(kept_out), "raise its requires-python, or the app's pythons")
    return _ok("python", f"it is for {package.requires_python or 'any'}, which all apps' Pythons are")


def _admitted(package: FormerPackage, to: Destination, workspace: Workspace) -> Iterator[Finding]:
    """A workspace whose requirements do not admit its own packages cannot be read."""
    version = _version(package.version)
    told = [
        (other.manifest, requirement)
        for other in workspace.packages.values()
        for requirement in other.requires
    ]
    told += [
        (f"{app.path}", requirement) for app in workspace.apps.values() for requirement in app.requirements
    ]
    using = [(where, one) for where, one in told if canonicalize_name(one.name) == to.name]
    against = [
        f"{where} requires {one}"
        for where, one in using
        if version and not one.specifier.contains(version, True)
    ]
    if against:
        said = f"they do not admit {version}, and would get this package"
        yield Finding(
            topic="used by",
            verdict=Verdict.FAIL,
            said=said,
            details=tuple(against),
            remedy="change those requirements first",
        )
    elif using:
        yield _ok("used by", ", ".join(where for where, _ in using))


def _pins(
    package: FormerPackage, workspace: Workspace, locks: Mapping[str, Lock]
) -> Iterator[tuple[str, str]]:
    others = [
        (str(other), requirement) for other in workspace.packages.values() for requirement in other.requires
    ]
    others += [(app.name, requirement) for app in workspace.apps.values() for requirement in app.requirements]
    minors = sorted({minor for app in workspace.apps.values() for minor in app.pythons})
    for mine in package.requires:
        if not _applies(mine, minors):
            continue
        name = canonicalize_name(mine.name)
        for app, lock in locks.items():
            for pin in lock.pins:
                if pin.name == name and not mine.specifier.contains(pin.candidate.version, prereleases=True):
                    yield name, f"{mine}: {app}'s lock has {pin.candidate.version}"
        for who, theirs in others:
            if canonicalize_name(theirs.name) == name and disjoint(mine.specifier, theirs.specifier):
                yield name, f"{mine}: {who} requires {theirs}"


def _applies(requirement: Requirement, minors: Iterable[str]) -> bool:
    if requirement.marker is None:
        return True
    linux = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "extra": ""}
    environments = ({**linux, "python_version": one, "python_full_version": f"{one}.0"} for one in minors)
    return any(requirement.marker.evaluate(environment) for environment in environments)


def disjoint(one: SpecifierSet, other: SpecifierSet) -> bool:
    """Whether no version meets both.

    Tried with every version that they name, and one a little above it: where a range is not empty, it has one of those.
    """
    named = [part.version.removesuffix(".*") for part in (*one, *other)]
    versions = [Version("0"), *filter(None, map(_version, named))]
    above = [Version(f"{version.base_version}.0.1") for version in versions]
    both = one & other
    return not any(both.contains(version, prereleases=True) for version in (*versions, *above))


def _pydantic(package: FormerPackage, workspace: Workspace, against: tuple[str, ...]) -> Finding:
    mine = [one for one in package.requires if canonicalize_name(one.name) == _PYDANTIC]
    if not mine:
        return _ok(_PYDANTIC, "it does not require it")
    majors = [
        major for major in (1, 2) if not disjoint(mine[0].specifier, SpecifierSet(f">={major},<{major + 1}"))
    ]
    said = f"{mine[0]}: pydantic {' and '.join(map(str, majors)) or 'of no known major version'}"
    if against:
        return _warn(_PYDANTIC, said, against, "one process has one pydantic: port the package first")
    if majors == [1]:
        return _warn(_PYDANTIC, said, (), "port it to pydantic 2 before an app needs both")
    return _ok(_PYDANTIC, said)


def _version(text: str | None) -> Version | None:
    try:
        return Version(text or "")
    except InvalidVersion:
        return None


def _ok(topic: str, said: str) -> Finding:
    return Finding(topic=topic, verdict=Verdict.OK, said=said)


def _warn(topic: str, said: str, details: tuple[str, ...], remedy: str) -> Finding:
    return Finding(topic=topic, verdict=Verdict.WARN, said=said, details=details, remedy=remedy)

"""`carrack lock`: an app's requirements and what the index holds become every wheel that it installs, by hash."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from packaging.utils import NormalizedName

from carrack.commands.source_wheels import SourceTools, build_wheels, commits
from carrack.errors import LockError
from carrack.model.base_image import BaseContents, moved_base
from carrack.model.code_sources import LockedSource, RuntimeSource, SourceWheel, committed, moved
from carrack.model.listing import ListedFile
from carrack.model.lock import Candidate, Lock, requirements_digest
from carrack.model.pinning import needed, pins
from carrack.model.receipt import Receipt
from carrack.model.target import targets
from carrack.model.workspace import App, Workspace
from carrack.ports import Listing, Report, Resolver

Pages = Mapping[NormalizedName, Sequence[ListedFile]]
NOTHING_BROUGHT = BaseContents()


def lock(
    workspace: Workspace,
    app: App,
    receipt: Receipt,
    *,
    resolver: Resolver,
    listing: Listing,
    tools: SourceTools,
    report: Report,
    base: BaseContents = NOTHING_BROUGHT,
    existing: Lock | None = None,
) -> Lock:
    """The lock of `app` against the index that `receipt` was made from, and of the commits that its sources name.

    `base` is what the app's base image has (`base_image.look_into`).

    `existing` is given back as it is while what it was made from is unchanged; else its versions are kept where they
    still fit.

    Raises LockError, with every fault: a workspace package is not on the index, or not as the receipt has it; no
    versions fit; a version has no wheel for a target; a file of the existing lock is gone; a source cannot be had.
    """
    built = committed(app.sources).keys()
    receipt = receipt.of(receipt.versions().keys() - built)
    _require_published(workspace, app, receipt)
    now = commits(app, tools)
    if existing and not staleness(workspace, app, existing, receipt, now) and not moved_base(existing, base):
        _require_served(existing, _pages(listing, existing.names() - built), receipt)
        report.step("Keeping", f"{app.lock}: it is up to date")
        return existing
    _require_proved(receipt, _pages(listing, _closure(workspace, app)))
    with tempfile.TemporaryDirectory(prefix="carrack-sources-") as scratch:
        wheels = build_wheels(app, tools, Path(scratch))
        return _made_anew(workspace, app, receipt, resolver, listing, report, existing, wheels, base)


def staleness(
    workspace: Workspace,
    app: App,
    made: Lock,
    receipt: Receipt | None,
    now: Mapping[NormalizedName, str] | None = None,
) -> str | None:
    """Why `made` is not the lock of `app` and of what `receipt`'s index holds; None where it is.

    Without a receipt only the app's own requirements are compared. `now` has the commits that sources are at
    (`source_wheels.commits`), where they are to be compared.
    """
    if made.app != app.name:
        return f"it is the lock of the app {made.app}"
    if made.requirements != requirements_digest(app):
        return f"the requirements, Pythons or machines of {app.name} changed since it was made"
    if now is not None and (said := moved(made.sources, now)):
        return said
    held = (made.names() & workspace.packages.keys()) - made.built()
    if receipt is not None and (gone := sorted(held & receipt.withdrawn.keys())):
        return "; ".join(_taken_back(workspace, name, receipt) for name in gone)
    if receipt is not None and (missing := held - receipt.versions().keys()):
        return f"{receipt.index.name} does not hold {', '.join(sorted(missing))} at the version in the tree"
    if receipt is not None and made.receipt != receipt.of(held).digest:
        differing = {
            pin.name for pin in made.pins if pin.name in held and not pin.hashes <= receipt.hashes(pin.name)
        }
        names = ", ".join(sorted(differing or held))
        return f"it was made for other files of {names} than {receipt.index.name} holds"
    return None


def _made_anew(
    workspace: Workspace,
    app: App,
    receipt: Receipt,
    resolver: Resolver,
    listing: Listing,
    report: Report,
    existing: Lock | None,
    wheels: Mapping[NormalizedName, SourceWheel],
    base: BaseContents,
) -> Lock:
    wanted = targets(app.pythons, app.machines)
    report.step("Resolving", f"{app.name} for Python {', '.join(app.pythons)} on {', '.join(app.machines)}")
    chosen = needed(_resolved(app, receipt, resolver, existing, wheels, base), wanted)
    names = {candidate.name for candidate in chosen}
    report.step("Hashing", f"{len(names)} distributions")
    pages = _pages(listing, names - wheels.keys())
    _require_proved(receipt, pages)
    served = {**pages, **{name: (wheel.listed,) for name, wheel in wheels.items()}}
    made, faults = pins(chosen, served, wanted)
    ours = (names & workspace.packages.keys()) - wheels.keys()
    faults += (*_unpublished(workspace, ours, receipt), *_useless_sources(app, names))
    if faults:
        raise _unlockable(app, faults)
    return Lock(
        app=app.name,
        pythons=app.pythons,
        machines=app.machines,
        requirements=requirements_digest(app),
        receipt=receipt.of(ours).digest,
        pins=made,
        sources=frozenset((*(wheel.locked for wheel in wheels.values()), *_at_run_time(app))),
        brings=base.candidates,
    )


def _at_run_time(app: App) -> Iterable[LockedSource]:
    return (
        LockedSource(name=name, kind="runtime")
        for name, source in app.sources.items()
        if isinstance(source, RuntimeSource)
    )


def _useless_sources(app: App, names: Collection[NormalizedName]) -> Iterable[str]:
    """A sentence for each source that installs nothing, or that nobody could fetch from in the image."""
    for name, source in sorted(app.sources.items()):
        if name not in names:
            yield f"sources.{name}: {app.name} does not need {name}"
        elif isinstance(source, RuntimeSource) and source.prefix.startswith("s3:") and "boto3" not in names:
            yield f"sources.{name}: is fetched from S3 when a job starts, for which {app.name} must require boto3"


def _resolved(
    app: App,
    receipt: Receipt,
    resolver: Resolver,
    existing: Lock | None,
    wheels: Mapping[NormalizedName, SourceWheel],
    base: BaseContents,
) -> tuple[Candidate, ...]:
    built = {name: wheel.version for name, wheel in wheels.items()}
    return resolver.resolve(
        [str(requirement) for requirement in app.requirements],
        python=min(app.pythons, key=lambda python: int(python.partition(".")[2])),
        exact={**receipt.versions(), **built},
        preferred=[pin.candidate for pin in existing.pins] if existing else [],
        wheels=next((wheel.path.parent for wheel in wheels.values()), None),
        brought=base.brought,
    )


def _unlockable(app: App, faults: tuple[str, ...]) -> LockError:
    return LockError(
        f"{app.name} cannot be locked",
        address=str(app.lock),
        faults=faults,
        untouched=str(app.lock),
        hint=f"admit other versions in {app.manifest}: {'.'.join(app.key)}, or name fewer Pythons for {app.name}",
    )


def _pages(listing: Listing, names: Iterable[NormalizedName]) -> Pages:
    return {name: listing.files(name) for name in sorted(names)}


def _closure(workspace: Workspace, app: App) -> tuple[NormalizedName, ...]:
    names = workspace.installed_by(app.requirements)
    return tuple(name for name in names if name not in committed(app.sources))


def _require_published(workspace: Workspace, app: App, receipt: Receipt) -> None:
    missing = _unpublished(workspace, _closure(workspace, app), receipt)
    if missing:
        raise LockError(
            f"{app.name} needs packages that {receipt.index.name} does not hold",
            address=str(app.lock),
            faults=missing,
            untouched=str(app.lock),
            hint=f"raise what was taken back, or take the lock from before it (git log {app.lock})"
            if receipt.withdrawn
            else f"carrack publish --to {receipt.index.name}",
        )


def _unpublished(workspace: Workspace, names: Iterable[NormalizedName], receipt: Receipt) -> tuple[str, ...]:
    published = receipt.versions()
    return tuple(
        _taken_back(workspace, name, receipt)
        if name in receipt.withdrawn
        else f"{workspace.packages[name]}: {receipt.index.name} does not hold this version"
        for name in sorted(names)
        if name not in published
    )


def _taken_back(workspace: Workspace, name: NormalizedName, receipt: Receipt) -> str:
    return f"{workspace.packages[name]} was taken back from {receipt.index.name}: it is {receipt.withdrawn[name]}"


def _require_proved(receipt: Receipt, pages: Pages) -> None:
    """Refuse an index that serves, as one of our versions, a file that the receipt does not prove."""
    faults = tuple(
        f"{file.name}: sha256 {file.sha256}, which the receipt of {receipt.index.name} does not have"
        for name, version in sorted(receipt.of(pages).versions().items())
        for file in pages[name]
        if file.version == version and file.sha256 not in receipt.hashes(name)
    )
    if faults:
        raise LockError(
            "the index serves files under our names that this workspace did not publish",
            address=receipt.index.name,
            faults=faults,
            untouched="the lock",
            hint=f"carrack status --to {receipt.index.name}",
        )


def _require_served(existing: Lock, pages: Pages, receipt: Receipt) -> None:
    _require_proved(receipt, pages)
    faults = tuple(
        f"{pin.candidate}: {len(gone)} of {len(pin.hashes)} locked files are gone from the index"
        for pin in sorted(existing.pins, key=lambda pin: str(pin.candidate))
        if pin.name in pages
        if (gone := pin.hashes - {file.sha256 for file in pages[pin.name]})
    )
    if faults:
        raise LockError(
            "the lock names files that the index does not serve",
            address=receipt.index.name,
            faults=faults,
            hint=f"carrack lock --to {receipt.index.name} --app {existing.app} --upgrade",
        )

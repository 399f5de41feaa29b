"""The receipt, made again from the index: what it holds of this workspace now."""

from __future__ import annotations

from carrack.model.index import Index
from carrack.model.lock import Lock
from carrack.model.published import File, IndexState, PublishedVersion
from carrack.model.receipt import Entry, Receipt
from carrack.model.workspace import Package, Workspace
from carrack.ports import IndexReader, Journal


def remake_receipt(
    workspace: Workspace,
    index: Index,
    reader: IndexReader,
    journal: Journal,
    lock: Lock | None = None,
    known: IndexState | None = None,
) -> Receipt:
    """The files of every package whose tree version is complete on `index`.

    Where that was taken back, the version that `lock` pins stands in for it, if the index has that: so a lock from
    before goes on, though the tree is further. What the index said just now is `known`, and not asked again.

    The journal only adds the commits that it knows; files and hashes are the index's own word.
    """
    told = known.packages if known else {}
    rest = {name: package.version for name, package in workspace.packages.items() if name not in told}
    published = IndexState(packages={**reader.state(rest).packages, **told})
    commits = {entry.file.sha256: entry for entry in journal.read(index)}
    entries: list[Entry] = []
    withdrawn = {}
    for package in workspace.packages.values():
        current = published[package.name].current
        if current is None:
            continue
        if not current.is_installable:
            withdrawn[package.name] = current.status
            current = _locked(package, reader, lock) or current
        if current.is_installable and not package.lacks(current.files):
            withdrawn.pop(package.name, None)
            entries += (_entry(package, current, file, commits.get(file.sha256)) for file in current.files)
    return Receipt(index=index, entries=tuple(entries), withdrawn=withdrawn)


def _locked(package: Package, reader: IndexReader, lock: Lock | None) -> PublishedVersion | None:
    version = lock.version(package.name) if lock else None
    return reader.version(package.name, version) if version else None


def _entry(package: Package, current: PublishedVersion, file: File, known: Entry | None) -> Entry:
    return Entry(
        name=package.name,
        version=current.version,
        file=file,
        commit=known.commit if known else None,
        constraints=known.constraints if known else None,
    )

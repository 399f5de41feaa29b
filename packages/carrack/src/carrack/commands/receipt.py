"""The receipt, made again from the index: what it holds of this workspace now."""

from __future__ import annotations

from carrack.model.index import Index
from carrack.model.published import File
from carrack.model.receipt import Entry, Receipt
from carrack.model.workspace import Package, Workspace
from carrack.ports import IndexReader, Journal


def remake_receipt(workspace: Workspace, index: Index, reader: IndexReader, journal: Journal) -> Receipt:
    """The files of every package whose tree version is complete on `index`.

    The journal only adds the commits that it knows; files and hashes are the index's own word.
    """
    published = reader.state({package.name: package.version for package in workspace.packages.values()})
    known = {entry.file.sha256: entry for entry in journal.read(index)}
    entries = tuple(
        _entry(package, file, known.get(file.sha256))
        for package in workspace.packages.values()
        if (current := published[package.name].current) and not package.lacks(current.files)
        for file in current.files
    )
    return Receipt(index=index, entries=entries)


def _entry(package: Package, file: File, known: Entry | None) -> Entry:
    return Entry(
        name=package.name,
        version=package.version,
        file=file,
        commit=known.commit if known else None,
        constraints=known.constraints if known else None,
    )

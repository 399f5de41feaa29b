"""The receipt, made again from the index: what it holds of this workspace now."""

from __future__ import annotations

from carrack.model.index import Index
from carrack.model.receipt import Entry, Receipt
from carrack.model.workspace import Workspace
from carrack.ports import IndexReader, Journal


def remake_receipt(workspace: Workspace, index: Index, reader: IndexReader, journal: Journal) -> Receipt:
    """The files of every package whose tree version is complete on `index`.

    The journal only adds the commits that it knows; files and hashes are the index's own word.
    """
    published = reader.state({package.name: package.version for package in workspace.packages.values()})
    commits = {entry.file.sha256: entry.commit for entry in journal.read(index)}
    entries = tuple(
        Entry(name=package.name, version=package.version, file=file, commit=commits.get(file.sha256))
        for package in workspace.packages.values()
        if (current := published[package.name].current) and not package.lacks(current.files)
        for file in current.files
    )
    return Receipt(index=index, entries=entries)

"""`carrack image runtime`: the wheels that an app's image fetches when a job starts, put where it fetches them from."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from carrack.errors import LockError
from carrack.model.code_sources import RuntimeSource
from carrack.model.listing import ListedFile
from carrack.model.lock import Lock, Pin
from carrack.model.published import File
from carrack.model.workspace import App
from carrack.ports import IndexReader, Listing, Report, RuntimeStore


def provide(
    app: App, lock: Lock, *, listing: Listing, reader: IndexReader, store: RuntimeStore, report: Report
) -> tuple[str, ...]:
    """Have every locked wheel of the app's runtime sources at its address, by its hash; the addresses.

    What is there already is left. Raises LockError where the lock and the app's sources differ, or the index does not
    serve a locked file; IndexAccessError where the store does not let us write.
    """
    addresses = []
    for pin, source in _wanted(app, lock):
        with tempfile.TemporaryDirectory(prefix="carrack-runtime-") as scratch:
            for file in _files(pin, listing, app):
                address = f"{source.prefix}{file.sha256}/{file.name}"
                if store.has(address):
                    report.step("Keeping", address)
                else:
                    path = Path(scratch) / file.name
                    reader.fetch(pin.name, pin.candidate.version, file, path)
                    report.step("Uploading", address)
                    store.put(path, address)
                addresses.append(address)
    return tuple(addresses)


def _wanted(app: App, lock: Lock) -> Iterator[tuple[Pin, RuntimeSource]]:
    locked = {source.name for source in lock.sources if source.kind == "runtime"}
    runtime = {name: source for name, source in app.sources.items() if isinstance(source, RuntimeSource)}
    if locked != runtime.keys():
        raise LockError(
            "the sources of the app changed since it was locked",
            address=str(app.lock),
            untouched="every store",
            hint=f"carrack lock --app {app.name}",
        )
    for pin in sorted(lock.pins, key=lambda pin: pin.name):
        if pin.name in runtime:
            yield pin, runtime[pin.name]


def _files(pin: Pin, listing: Listing, app: App) -> Iterator[File]:
    served = {file.sha256: file for file in listing.files(pin.name) if file.sha256 in pin.hashes}
    for digest in sorted(pin.hashes):
        file: ListedFile | None = served.get(digest)
        if file is None:
            raise LockError(
                f"{pin.candidate}: the file with sha256 {digest} is gone from the index",
                address=str(app.lock),
                hint=f"carrack lock --app {app.name} --upgrade",
            )
        yield File(name=file.name, sha256=digest, size=0)

"""Bytes and rows together: a file is kept, or removed with the last row that refers to it."""

from sqlite3 import Connection

from codeartifact_local.store.blobs import Blobs, Digests, Incoming
from codeartifact_local.store.database import Database


def is_kept(db: Connection, sha256: str) -> bool:
    """Return whether the bytes with this hash are here."""
    return db.execute("SELECT 1 FROM blob WHERE sha256 = ?", (sha256,)).fetchone() is not None


def keep(db: Connection, blobs: Blobs, incoming: Incoming, digests: Digests) -> None:
    """Keep a synced file, unless its bytes are here already. Call it in a write transaction.

    The rename comes before the commit: a crash between them leaves a file that no row names, never a row
    without its file.
    """
    if is_kept(db, digests.sha256):
        return
    blobs.keep(incoming, digests.sha256)
    db.execute(
        "INSERT INTO blob (sha256, size, md5, sha1, sha512) VALUES (?, ?, ?, ?, ?)",
        (digests.sha256, digests.size, digests.md5, digests.sha1, digests.sha512),
    )


def collect(database: Database, blobs: Blobs) -> None:
    """Remove bytes that no asset refers to any more, after rows were removed.

    Their own rows go first: a crash between the two leaves a file that no row names. The files go under the
    writers' lock, so that the same bytes cannot be kept anew meanwhile.
    """
    with database.write() as db:
        gone = db.execute(f"{_UNREFERENCED} RETURNING sha256").fetchall()
    with database.write() as db:
        for row in gone:
            if not is_kept(db, row["sha256"]):
                blobs.discard(row["sha256"])


def sweep(db: Connection, blobs: Blobs) -> None:
    """Remove bytes that no asset refers to: of deleted repositories, and of uploads cut short by a crash.

    Call it in a write transaction, before anything is served.
    """
    db.execute(_UNREFERENCED)
    kept = {row["sha256"] for row in db.execute("SELECT sha256 FROM blob")}
    for sha256 in blobs.every() - kept:
        blobs.discard(sha256)


_UNREFERENCED = "DELETE FROM blob WHERE sha256 NOT IN (SELECT sha256 FROM asset)"

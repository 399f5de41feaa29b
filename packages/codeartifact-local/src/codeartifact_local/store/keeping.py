"""Bytes and rows together: a file is kept, or removed with the last row that refers to it."""

from sqlite3 import Connection

from codeartifact_local.store.blobs import Blobs, Digests, Incoming
from codeartifact_local.store.database import Database
from codeartifact_local.store.records import INTERNAL


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


def repair(db: Connection, blobs: Blobs) -> list[str]:
    """Bring rows and bytes together after a crash, or after somebody touched the folder.

    Bytes that no row names go, as uploads cut short leave them; so do rows whose bytes are missing or of another
    length. Those come again from the public index, or with an upload of the same bytes. Call it in a write
    transaction, before anything is served.

    Returns:
        The private files whose bytes were lost, each as ``NAME of PACKAGE VERSION``.
    """
    db.execute(_UNREFERENCED)
    rows = db.execute("SELECT sha256, size FROM blob").fetchall()
    damaged = {row["sha256"] for row in rows if blobs.size(row["sha256"]) != row["size"]}
    lost = [name for sha256 in sorted(damaged) for name in _private(db, sha256)]
    db.executemany("DELETE FROM blob WHERE sha256 = ?", [(sha256,) for sha256 in damaged])
    for sha256 in blobs.every() - {row["sha256"] for row in rows} | damaged:
        blobs.discard(sha256)
    return lost


def _private(db: Connection, sha256: str) -> list[str]:
    query = """
        SELECT DISTINCT asset.name || ' of ' || package.name || ' ' || version.version AS name FROM asset
        JOIN version ON version.id = asset.version_id JOIN package ON package.id = version.package_id
        WHERE asset.sha256 = ? AND version.origin = ?
    """
    return [row["name"] for row in db.execute(query, (sha256, INTERNAL))]


_UNREFERENCED = "DELETE FROM blob WHERE sha256 NOT IN (SELECT sha256 FROM asset)"

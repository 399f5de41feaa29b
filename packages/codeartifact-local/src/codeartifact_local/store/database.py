"""One SQLite file with one writer; readers never wait for it (WAL)."""

import os
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codeartifact_local.store import schema


class DataFolderError(Exception):
    """The data folder cannot be used; the message says why, in one sentence."""


class Database:
    """Transactions on the rows of one data folder."""

    def __init__(self, file: Path, *, durable: bool) -> None:
        self._file = file
        self._durable = durable
        self._idle: deque[sqlite3.Connection] = deque()
        self._writing = threading.Lock()
        self.generation = 0
        """Grows with every change of the rows, after it was made and before anybody is told."""
        try:
            with self._connection() as connection:
                connection.execute("PRAGMA journal_mode=WAL")
                _prepare(connection, file)
        except DataFolderError:
            self.close()
            raise
        except sqlite3.DatabaseError as error:
            self.close()
            raise DataFolderError(f"{file}: {error}; it was left as it is, choose another --data.") from error

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Give a connection on which all reads see the rows as of one moment."""
        with self._connection() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Give a connection whose changes are kept when the block ends, or undone when it raises."""
        with self._writing, self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
                self.generation += 1
            except BaseException:
                if connection.in_transaction:  # after some errors SQLite has rolled back on its own
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close every idle connection."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)
        try:
            self._configure(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _configure(self, connection: sqlite3.Connection) -> None:
        connection.row_factory = sqlite3.Row
        # FULL: a commit is on the disk before the caller is answered (SQLite's default for WAL is, too,
        # but a distribution may build SQLite with another).
        connection.execute(f"PRAGMA synchronous={'FULL' if self._durable else 'OFF'}")
        connection.execute("PRAGMA foreign_keys=ON")
        # Else a large statement wants a folder for temporary files, which a read-only root file system has not.
        connection.execute("PRAGMA temp_store=MEMORY")


def _prepare(connection: sqlite3.Connection, file: Path) -> None:
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found == 0:
        connection.executescript(f"BEGIN; {schema.TABLES} PRAGMA user_version={schema.VERSION}; COMMIT;")
    elif found != schema.VERSION:
        raise DataFolderError(
            f"{file}: the data was written by another release of codeartifact-local "
            f"(schema {found}, this one reads {schema.VERSION}); it was left as it is."
        )


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold `folder` for this server alone; the operating system lets go of it when the process dies.

    Raises:
        DataFolderError: another server holds it, or it cannot be written to.
    """
    # SQLite's own file lock: it works wherever SQLite does, between threads and between processes.
    try:
        connection = sqlite3.connect(
            folder / "lock", isolation_level=None, timeout=0, check_same_thread=False
        )
    except sqlite3.OperationalError as error:
        raise _unusable(folder, error) from error
    try:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise _unusable(folder, error) from error
            raise DataFolderError(
                f"{folder}: another codeartifact-local uses this folder; stop it, or choose another --data."
            ) from error
        yield
    finally:
        connection.close()


def _unusable(folder: Path, error: Exception) -> DataFolderError:
    return DataFolderError(
        f"{folder}: {error}; let user {os.geteuid()} write to it, or choose another --data."
    )

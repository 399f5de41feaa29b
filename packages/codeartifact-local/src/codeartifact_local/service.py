"""One server's world: its settings, clock, data and the public index."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from codeartifact_local.clock import Clock
from codeartifact_local.faults import Faults
from codeartifact_local.settings import Settings
from codeartifact_local.store import keeping
from codeartifact_local.store.blobs import Blobs
from codeartifact_local.store.database import Database, DataFolderError, exclusive
from codeartifact_local.tokens import DamagedKeyError, Tokens, load_tokens
from codeartifact_local.upstream.configuration import discover
from codeartifact_local.upstream.public_index import PublicIndex
from codeartifact_local.upstream.supply import Supply

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Service:
    """What operations and the PyPI endpoint act on."""

    settings: Settings
    clock: Clock
    faults: Faults
    database: Database
    blobs: Blobs
    tokens: Tokens
    supply: Supply


@contextmanager
def open_service(data: Path, settings: Settings, clock: Clock, faults: Faults) -> Iterator[Service]:
    """Open the data folder, which is made when it is not there, for this server alone.

    Raises:
        DataFolderError: another server uses it, another release wrote it, it is damaged or cannot be written to.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(data, error) from error
    with exclusive(data):
        database, blobs, tokens = _open(data, durable=settings.durable)
        public = PublicIndex(partial(discover, settings.public_index), clock, settings.listing_seconds)
        try:
            yield Service(
                settings=settings,
                clock=clock,
                faults=faults,
                database=database,
                blobs=blobs,
                tokens=tokens,
                supply=Supply(database=database, blobs=blobs, public=public),
            )
        finally:
            database.close()


def _open(data: Path, *, durable: bool) -> tuple[Database, Blobs, Tokens]:
    database = Database(data / "codeartifact.sqlite3", durable=durable)
    try:
        blobs = Blobs(data, durable=durable)
        with database.write() as db:
            for lost in keeping.repair(db, blobs):
                _log.error("the bytes of %s are damaged or gone; upload the same file again", lost)
        return database, blobs, load_tokens(data / "token.key")
    except (OSError, sqlite3.Error) as error:
        database.close()
        raise _unusable(data, error) from error
    except DamagedKeyError as error:
        database.close()
        raise DataFolderError(str(error)) from error


def _unusable(data: Path, error: Exception) -> DataFolderError:
    reason = error.strerror if isinstance(error, OSError) else error
    return DataFolderError(
        f"{data} cannot be used: {reason}; make room or give the right to write, or choose another --data."
    )

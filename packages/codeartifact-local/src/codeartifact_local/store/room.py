"""Whether the disk under the data folder has room left."""

import errno
import sqlite3


def disk_is_full(error: BaseException) -> bool:
    """Say whether `error` is a full disk's or a used-up quota's: no bug of this server."""
    if isinstance(error, sqlite3.OperationalError):
        return error.sqlite_errorcode == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)

"""Lines at the end of a file: each stays whole, also after one that a crash tore."""

from __future__ import annotations

import os
from typing import IO


def append(file: IO[bytes], *lines: str) -> None:
    """Append lines to a file that is open to be read too (`a+b`); they are on the disk when this returns."""
    torn = "" if _ends_whole(file) else "\n"
    file.write((torn + "".join(f"{line}\n" for line in lines)).encode())
    file.flush()
    os.fsync(file.fileno())


def _ends_whole(file: IO[bytes]) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"

"""Which Python builds: its own identity, for whatever is kept of its work."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
import zlib
from functools import cache


@cache
def interpreter() -> str:
    """An id of this Python: its file, version, build and platform, and the zlib that packs archives."""
    file = os.path.realpath(sys.executable)
    found = os.stat(file)
    facts = [
        *(file, found.st_size, found.st_mtime_ns),
        *(sys.version, sys.implementation.cache_tag, sysconfig.get_platform(), zlib.ZLIB_RUNTIME_VERSION),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]

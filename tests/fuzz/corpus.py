"""Where the fuzzer starts: uploads that are taken, and some that are almost."""

from __future__ import annotations

from tests.codeartifact_local.conftest import sdist, wheel
from tests.fuzz.target import body_of

FIELDS = {":action": "file_upload", "protocol_version": "1", "name": "pkg", "version": "1.0"}


def seeds() -> dict[str, bytes]:
    """Return bodies by name."""
    name, content = wheel("pkg", "1.0")
    archive, packed = sdist("pkg", "1.0")
    whole = body_of(FIELDS, name, content)
    return {
        "wheel": whole,
        "sdist": body_of(FIELDS, archive, packed),
        "no-fields": body_of({}, name, content),
        "no-end": whole[:-6],
        "no-zip": body_of(FIELDS, name, b"PK\x03\x04" + bytes(100)),
        "two-files": whole.replace(b"--b--\r\n", whole),
        "long-name": body_of(FIELDS, "../" * 50 + name, content),
        "digests": body_of(FIELDS | {"sha256_digest": "0" * 64, "md5_digest": "x"}, name, content),
        "empty": b"",
    }

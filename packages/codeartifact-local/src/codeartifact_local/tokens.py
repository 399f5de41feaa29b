"""Authorization tokens: signed, for one domain, expiring.

AWS does not document the form of its tokens, but scripts in the wild read ``exp`` from the first segment,
so that a token here has the shape of a compact JWS: a header with ``exp``, the claims, the signature.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple


class TokenRefusedError(Exception):
    """A token does not open a domain; the message says why, and never repeats the token."""


class DamagedKeyError(Exception):
    """The file of the key that signs tokens is not one; the message says what to do."""


_KEY_BYTES = 32
_REMEMBERED = 1024


class _Grant(NamedTuple):
    domain: str | None
    owner: str | None
    expires: float


@dataclass(frozen=True)
class Tokens:
    """Issues and checks tokens with one secret key."""

    key: bytes
    _checked: dict[bytes, "_Grant"] = field(default_factory=dict)
    """What genuine tokens open, by their SHA-256, so that each is verified once."""

    def __repr__(self) -> str:
        return "Tokens(key=...)"

    def issue(self, *, domain: str, owner: str, issued: datetime, expires: datetime) -> str:
        """Return a token that opens `domain` of account `owner` until `expires`."""
        header = {
            "ver": 1,
            "isu": int(issued.timestamp()),
            "alg": "HS256",
            "exp": int(expires.timestamp()),
        }
        claims = {"domain": domain, "owner": owner, "nonce": secrets.token_urlsafe(96)}
        signed = f"{_segment(header)}.{_segment(claims)}"
        return f"{signed}.{self._signature(signed)}"

    def check(self, token: str, *, domain: str, owner: str, now: datetime) -> None:
        """Return when `token` opens `domain` of `owner` at `now`.

        Raises:
            TokenRefusedError: it is not a token of this domain, or it expired (the message says when).
        """
        grant = self._grant(token)
        if grant is None or (grant.domain, grant.owner) != (domain, owner):
            raise TokenRefusedError(f"the token is not a token of domain {domain} ({owner})")
        if now.timestamp() >= grant.expires:
            expired = datetime.fromtimestamp(grant.expires, UTC)
            raise TokenRefusedError(f"the token expired at {expired:%Y-%m-%dT%H:%M:%SZ}")

    def _grant(self, token: str) -> "_Grant | None":
        digest = hashlib.sha256(token.encode()).digest()
        if digest not in self._checked:
            signed, _, signature = token.rpartition(".")
            if not hmac.compare_digest(self._signature(signed).encode(), signature.encode()):
                return None
            header, claims = _content(signed)
            if len(self._checked) >= _REMEMBERED:
                self._checked.clear()
            self._checked[digest] = _Grant(claims.get("domain"), claims.get("owner"), header.get("exp", 0))
        return self._checked[digest]

    def _signature(self, signed: str) -> str:
        return _base64(hmac.digest(self.key, signed.encode(), hashlib.sha256))


def load_tokens(file: Path) -> Tokens:
    """Return the tokens signed by the key in `file`, which is made (mode 0600) when it is not there.

    Raises:
        DamagedKeyError: what is there is not a key.
    """
    if not file.exists():
        _write_key(file)
    key = file.read_bytes()
    if len(key) != _KEY_BYTES:  # an empty key would sign, too, and anybody could forge what it signs
        raise DamagedKeyError(
            f"{file} is damaged; remove it, and a new key is made: tokens that were given out end with the old one."
        )
    return Tokens(key)


def _write_key(file: Path) -> None:
    """Write a new key and its name to the disk, all of it or nothing."""
    fresh = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as new:
        new.write(secrets.token_bytes(_KEY_BYTES))
        new.flush()
        os.fsync(new.fileno())
    os.replace(fresh, file)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _segment(content: dict[str, Any]) -> str:
    return _base64(json.dumps(content, separators=(",", ":")).encode())


def _content(signed: str) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        header, claims = (
            json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in signed.split(".")
        )
    except (ValueError, binascii.Error):
        return {}, {}
    return header, claims

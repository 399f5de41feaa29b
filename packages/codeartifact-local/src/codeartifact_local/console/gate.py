"""Who may see the console: everybody on this machine, or those who have the password."""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from starlette.requests import Request
from starlette.responses import Response

from codeartifact_local.hosts import host_of, is_loopback

_SESSION = timedelta(hours=12)
_WINDOW_SECONDS = 60
_TRIES, _TRIES_OF_ALL = 5, 200


class Verdict(Enum):
    """What becomes of a request for a page."""

    WELCOME = auto()
    LOGIN = auto()
    """The password is asked for."""
    CLOSED = auto()
    """Other machines can reach this server, and it has no password."""
    FOREIGN = auto()
    """The request came under a name that is not this machine's: some page elsewhere may have made a browser ask."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Decides by the server's settings; sessions end with the server."""

    password: str | None = field(repr=False)
    only_this_machine: bool
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _wrong: list[tuple[float, str]] = field(default_factory=list)
    """When passwords were wrong, and whose."""

    def judge(self, request: Request, now: datetime) -> Verdict:
        """Return whether the page may be shown.

        Without a password only a loopback name in the Host header will do: a name of a stranger's that leads here
        (DNS rebinding) would let the stranger's pages read these.
        """
        if self.password is not None:
            cookie = request.cookies.get(_cookie_name(request), "")
            return Verdict.WELCOME if self._is_session(cookie, now) else Verdict.LOGIN
        if not self.only_this_machine:
            return Verdict.CLOSED
        return Verdict.WELCOME if is_loopback(host_of(request)) else Verdict.FOREIGN

    def seconds_to_wait(self, client: str) -> int:
        """Return for how many seconds no password of this client is looked at."""
        now = time.monotonic()
        self._wrong[:] = [(when, who) for when, who in self._wrong if when > now - _WINDOW_SECONDS]
        own = [when for when, who in self._wrong if who == client]
        if len(own) < _TRIES and len(self._wrong) < _TRIES_OF_ALL:
            return 0
        return 1 + int((own or [now])[0] + _WINDOW_SECONDS - now)

    def is_password(self, sent: str, client: str) -> bool:
        """Return whether `sent` is the password; one that is not counts against its client."""
        digests = [hashlib.sha256(text.encode()).digest() for text in (sent, self.password or "")]
        is_right = self.password is not None and hmac.compare_digest(*digests)
        if not is_right:
            self._wrong.append((time.monotonic(), client))
        return is_right

    def begin(self, request: Request, response: Response, now: datetime) -> None:
        """Give `response` the cookie of a new session."""
        expires = str(int((now + _SESSION).timestamp()))
        response.set_cookie(
            _cookie_name(request),
            f"{expires}.{self._signature(expires)}",
            max_age=int(_SESSION.total_seconds()),
            secure=request.scope["scheme"] == "https",
            httponly=True,
            samesite="lax",
        )

    def end(self, request: Request, response: Response) -> None:
        """Take the cookie of the session away."""
        secure = request.scope["scheme"] == "https"
        response.delete_cookie(_cookie_name(request), secure=secure, httponly=True, samesite="lax")

    def _is_session(self, cookie: str, now: datetime) -> bool:
        expires, _, signature = cookie.partition(".")
        if not hmac.compare_digest(self._signature(expires).encode(), signature.encode()):
            return False
        return now.timestamp() < int(expires)

    def _signature(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def _cookie_name(request: Request) -> str:
    # Browsers keep a name with this prefix from http and from other hosts of the domain (RFC 6265bis).
    return "__Host-codeartifact-local" if request.scope["scheme"] == "https" else "codeartifact-local"

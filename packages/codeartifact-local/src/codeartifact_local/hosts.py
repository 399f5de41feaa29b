"""Which hosts are this machine."""

import ipaddress
from urllib.parse import urlsplit

from starlette.requests import Request


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host_of(request: Request) -> str:
    """Return the host that a request names, without its port; "" where that is no host."""
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""

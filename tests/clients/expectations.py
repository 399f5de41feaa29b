"""What each client is known to do: the documented answer of every cell of the matrix."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A client, what is asked of it, its exit code, and words that it says then (none: nothing is promised)."""

    client: str
    deed: str
    exit: int = 0
    says: str = ""


EXPECTED = {
    "boto3": {
        "list packages": (0, ""),
        "a domain that is not there": (1, "ResourceNotFoundException"),
    },
    "aws": {
        "the opening lines": (0, ""),
        "`login --tool pip`, install": (0, "Successfully installed greeting-1.0"),
        "`login --tool pip`, install, expired token": (1, "401 Error, Credentials not correct"),
        "`login --tool twine`, upload": (0, ""),
        "`login --tool twine`, upload, expired token": (1, "HTTPError: 401 Unauthorized"),
        "a domain that is not there": (255, "An error occurred (ResourceNotFoundException)"),
    },
    "pip": {
        "install": (0, "Successfully installed greeting-1.0"),
        "install from its lock": (0, "Successfully installed greeting-1.0"),
        "install, wrong token": (1, "401 Error, Credentials not correct"),
        "install, expired token": (1, "401 Error, Credentials not correct"),
    },
    "uv": {
        "publish": (0, ""),
        "publish the same bytes again": (0, "already exists, skipping"),
        "publish other bytes": (2, "Local file and index file do not match"),
        "publish other bytes, no check URL": (2, "already exists with other bytes"),
        "publish, wrong token": (2, "401 Unauthorized"),
        "publish, expired token": (2, "the token expired at"),
        "install": (0, ""),
        "install from its lock": (0, ""),
        "install, wrong token": (1, "lack of valid authentication credentials (401 Unauthorized)"),
        "install, expired token": (1, "lack of valid authentication credentials (401 Unauthorized)"),
    },
    "twine": {
        "publish": (0, ""),
        "publish the same bytes again": (0, ""),
        "publish other bytes": (1, "HTTPError: 409 Conflict"),
        "publish other bytes, `--skip-existing`": (1, "UnsupportedConfiguration"),
        "publish, wrong token": (1, "HTTPError: 401 Unauthorized"),
        "publish, expired token": (1, "HTTPError: 401 Unauthorized"),
    },
    "poetry": {
        "publish": (0, ""),
        "publish the same bytes again": (0, ""),
        "publish other bytes": (1, "HTTP Error 409: Conflict"),
        "publish other bytes, `--skip-existing`": (0, "File exists. Skipping"),
        "publish, wrong token": (1, "HTTP Error 401: Unauthorized"),
        "publish, expired token": (1, "the token expired at"),
        "install": (0, ""),
        "install from its lock": (0, ""),
        "install, wrong token": (1, "Authorization error"),
        "install, expired token": (1, "Authorization error"),
    },
    "pdm": {
        "publish": (0, ""),
        "publish the same bytes again": (0, ""),
        "publish other bytes": (1, "409 Conflict"),
        "publish other bytes, `--skip-existing`": (0, "because it appears to already exist"),
        "publish, wrong token": (1, "401 Unauthorized"),
        "publish, expired token": (1, "401 Unauthorized"),
        "install": (0, ""),
        "install from its lock": (0, ""),
        "install, wrong token": (1, "Unable to find candidates for greeting"),
        "install, expired token": (1, "Unable to find candidates for greeting"),
    },
    "hatch": {
        "publish": (0, ""),
        "publish the same bytes again": (0, ""),
        "publish other bytes": (1, "409 Conflict"),
        "publish, wrong token": (1, "401 Unauthorized"),
        "publish, expired token": (1, "401 Unauthorized"),
        "install": (0, ""),
        "install from its lock": (0, ""),
        "install, wrong token": (1, "lack of valid authentication credentials (401 Unauthorized)"),
        "install, expired token": (1, "lack of valid authentication credentials (401 Unauthorized)"),
    },
}
CELLS = [
    Cell(client=client, deed=deed, exit=code, says=says)
    for client, deeds in EXPECTED.items()
    for deed, (code, says) in deeds.items()
]

"""Say what pip would not: the lock is for another Python, machine or base image, or the index refuses the token.

    NETRC=FILE python check_lock.py REQUIREMENTS INDEX_URL

The Dockerfile runs it before pip, which answers a refused token with "No matching distribution". It exits
with one sentence on stderr. It has the standard library only, since nothing is installed yet.
"""

import base64
import netrc
import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from pip._vendor.packaging.version import (
    Version,
)  # the base image has pip; a version may be written in several ways

TIMEOUT_SECONDS = 60
RENEW = "make a new one with `carrack token --netrc FILE`"
REFUSALS = {
    401: f"401: the token was refused or has expired; {RENEW}",
    403: "403: the token is good, but may not read this repository",
}


def check_made_for(name: str, lock: str) -> None:
    """Refuse a Python or machine that the lock's header leaves out; without a header, any will do."""
    here = {"python": "{}.{}".format(*sys.version_info), "machine": platform.machine()}
    for what, ours in here.items():
        line = re.search(f"^# {what}: (.+)$", lock, re.MULTILINE)
        if line and ours not in line[1].split():
            sys.exit(
                f"{name}: made for {what} {line[1]}, not for this image's {ours}; choose another BASE_IMAGE"
            )


def check_base(name: str, lock: str) -> None:
    """Refuse a base image that does not bring what the lock's header says, in that version."""
    brought = re.findall("^# base: (.+)==(.+)$", lock, re.MULTILINE)
    if brought and sys.prefix != sys.base_prefix:
        sys.exit(
            f"{name}: python3 of this base image is in a virtual environment, {sys.prefix}, "
            "and no other environment sees what is in there; choose another BASE_IMAGE"
        )
    for distribution, locked in brought:
        try:
            here = str(Version(version(distribution)))
        except PackageNotFoundError:
            here = "none"
        if here != locked:
            sys.exit(
                f"{name}: made for a base image with {distribution} {locked}, and this one has {here}; "
                "lock again, with `carrack lock`, or choose another BASE_IMAGE"
            )


def check_token(index_url: str, project: str) -> None:
    """Ask the index for one project as pip will, with the token out of ``$NETRC``."""
    address = urlsplit(index_url)
    if not address.hostname:
        sys.exit("INDEX_URL: name the private index with --build-arg INDEX_URL=https://…/simple/")
    if "@" in address.netloc:
        sys.exit("INDEX_URL: an image's history keeps its credentials; give them in the secret `netrc`")
    request = Request(f"{index_url.rstrip('/')}/{project}/")  # noqa: S310 - the user names the index
    request.add_unredirected_header("Authorization", authorization(address.hostname))
    try:
        urlopen(request, timeout=TIMEOUT_SECONDS).close()  # noqa: S310
    except HTTPError as answer:
        if refusal := REFUSALS.get(answer.code):
            sys.exit(f"{index_url}: {refusal}")
    except OSError as error:
        sys.exit(f"{index_url}: cannot be reached: {error}")


def authorization(host: str) -> str:
    """Return the header for ``host`` that netrc's entry makes."""
    try:
        entry = netrc.netrc(os.environ["NETRC"]).authenticators(host)
    except (FileNotFoundError, netrc.NetrcParseError):  # whose message would show a piece of the file
        entry = None
    if entry is None:
        sys.exit(f"secret `netrc`: no entry for {host}; {RENEW} and build with --secret id=netrc,src=FILE")
    return "Basic " + base64.b64encode(f"{entry[0]}:{entry[2]}".encode()).decode()


def main() -> None:
    """Check one requirements file against this Python and the index."""
    path, index_url = Path(sys.argv[1]), sys.argv[2]
    text = path.read_text()
    check_made_for(path.name, text)
    check_base(path.name, text)
    if first := re.search(r"^([A-Za-z0-9][\w.-]*)==", text, re.MULTILINE):
        check_token(index_url, re.sub("[-_.]+", "-", first[1]).lower())


if __name__ == "__main__":
    main()

"""What to do instead: lines to paste, for the tool that needs the credential. A test builds with them."""

from __future__ import annotations

import re

_PIP = """\
RUN --mount=type=secret,id=netrc NETRC=/run/secrets/netrc pip install --index-url "$INDEX_URL" …
docker build --secret id=netrc,src=FILE …        (carrack token --netrc FILE writes it)"""
_GIT = """\
RUN --mount=type=ssh git clone git@HOST:OWNER/NAME.git && git -C NAME checkout COMMIT
docker build --ssh default …
or, over https, with username=… and password=… as the two lines of FILE:
RUN --mount=type=secret,id=git git -c credential.helper='!cat /run/secrets/git #' clone https://HOST/OWNER/NAME.git \\
 && git -C NAME checkout COMMIT
docker build --secret id=git,src=FILE …"""
_NPM = """\
RUN --mount=type=secret,id=npmrc NPM_CONFIG_USERCONFIG=/run/secrets/npmrc npm ci
docker build --secret id=npmrc,src=$HOME/.npmrc …"""
_CURL = """\
RUN --mount=type=secret,id=netrc curl --netrc-file /run/secrets/netrc …
docker build --secret id=netrc,src=FILE …"""
_AWS = (
    """\
RUN --mount=type=secret,id=aws AWS_SHARED_CREDENTIALS_FILE=/run/secrets/aws aws …
docker build --secret id=aws,src=$HOME/.aws/credentials …
for an index no step needs AWS: carrack token --netrc FILE, and
"""
    + _PIP
)
_OTHER = """\
RUN --mount=type=secret,id={id} {name}="$(cat /run/secrets/{id})" COMMAND
docker build --secret id={id},env={name} …"""
_FILE = """\
RUN --mount=type=secret,id={id},target={target} COMMAND
docker build --secret id={id},src={source} …"""
_AT_RUN_TIME = """\
leave it out of the image, and give it to the container that runs: docker run --env-file {source} …"""

_BY_TOOL = (
    (r"pip|pip3|uv|poetry|pdm|pipx|twine|python3?|index|pypi|codeartifact|pipenv|netrc", _PIP),
    (r"npm|pnpm|yarn|npx|node", _NPM),
    (r"git|github|gitlab|gh", _GIT),
    (r"curl|wget", _CURL),
    (r"aws", _AWS),
)


def for_tool(tool: str) -> str:
    """The lines for a command, by its name; empty where there are none of its own."""
    return next((lines for names, lines in _BY_TOOL if re.fullmatch(rf"(?:{names})[\d.]*", tool)), "")


def for_variable(name: str, tool: str = "") -> str:
    """The lines for a variable that holds a credential, for the tool that takes it where that is known."""
    return for_tool(tool) or _by_name(name) or _OTHER.format(id=name.lower().replace("_", "-"), name=name)


def for_file(source: str, target: str) -> str:
    """The lines for a file with credentials, which was copied to `target`."""
    name = source.rstrip("/").rsplit("/", 1)[-1]
    if name.startswith(".env"):
        return _AT_RUN_TIME.format(source=source)
    at = target + name if target.endswith("/") else target
    return _FILE.format(id=name.strip("._").replace(".", "-"), target=at, source=source)


def _by_name(name: str) -> str:
    parts = re.findall("[a-z]+", name.lower())
    return next((lines for part in parts if (lines := for_tool(part))), "")

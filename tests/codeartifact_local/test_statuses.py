"""What each status of a version means, everywhere: the table of docs/fidelity.md, cell by cell."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.codeartifact_local.conftest import DOMAIN, Client, sdist, wheel

PAGE = Path(__file__).parents[2] / "docs" / "fidelity.md"
COORDINATE = {"domain": DOMAIN, "repository": "dev", "format": "pypi", "package": "pkg"}
FILE = wheel("pkg", "1.0")


def table() -> dict[str, dict[str, str]]:
    """Read the table under "Package version status": a row a status, a column an action."""
    section = PAGE.read_text(encoding="utf-8").split("## Package version status")[1].split("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    (_, *columns), _, *body = rows
    return {status: dict(zip(columns, cells, strict=True)) for status, *cells in body}


def set_status(client: Client, status: str) -> None:
    """Bring version 1.0 of `pkg` into a status."""
    if status == "never there":
        return
    client.upload("dev", FILE)
    versions = ["1.0"]
    if status == "Disposed":
        client.api.dispose_package_versions(**COORDINATE, versions=versions)
    elif status == "Deleted":
        client.api.delete_package_versions(**COORDINATE, versions=versions)
    else:
        client.api.update_package_versions_status(**COORDINATE, versions=versions, targetStatus=status)


def asked(call: Callable[..., Any], **arguments: Any) -> str:
    """Return "yes", or the class of the error that the operation answers with."""
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"]).removesuffix("Exception")
    return "yes"


def on_index_page(client: Client) -> str:
    """Say whether the page lists the file; 404 is a project that nobody knows."""
    answer = client.get("dev", "simple/pkg/")
    if answer.status_code != 200:
        return str(answer.status_code)
    page = answer.json()
    assert bool(page["versions"]) == bool(page["files"])
    return "listed" if page["files"] else "not listed"


def downloaded(client: Client) -> str:
    """Return the status of a download."""
    answer = client.get("dev", f"simple/pkg/1.0/{FILE[0]}")
    assert (answer.content == FILE[1]) == (answer.status_code == 200)
    return str(answer.status_code)


def listed(client: Client) -> str:
    """Return the status that ListPackageVersions tells."""
    try:
        found = client.versions("dev", "pkg")
    except ClientError as error:
        return str(error.response["Error"]["Code"]).removesuffix("Exception")
    return found[0]["status"] if found else "not listed"


def described(client: Client) -> str:
    """Return the status that DescribePackageVersion tells."""
    try:
        found = client.api.describe_package_version(**COORDINATE, packageVersion="1.0")["packageVersion"]
    except ClientError as error:
        return str(error.response["Error"]["Code"]).removesuffix("Exception")
    return str(found["status"])


def copied(client: Client) -> str:
    """Return the status of a copy, or why there is none."""
    try:
        answer = client.api.copy_package_versions(
            domain=DOMAIN,
            sourceRepository="dev",
            destinationRepository="prod",
            format="pypi",
            package="pkg",
            versions=["1.0"],
        )
    except ClientError as error:
        return str(error.response["Error"]["Code"]).removesuffix("Exception")
    if answer["failedVersions"]:
        return str(answer["failedVersions"]["1.0"]["errorCode"])
    return str(answer["successfulVersions"]["1.0"]["status"])


ACTIONS: dict[str, Callable[[Client], str]] = {
    "index page": on_index_page,
    "download": downloaded,
    "List": listed,
    "Describe": described,
    "GetPackageVersionAsset": lambda client: asked(
        client.api.get_package_version_asset, **COORDINATE, packageVersion="1.0", asset=FILE[0]
    ),
    "upload, same bytes": lambda client: str(client.upload("dev", FILE).status_code),
    "upload, other bytes": lambda client: str(
        client.upload("dev", wheel("pkg", "1.0", body="other")).status_code
    ),
    "upload, new file": lambda client: str(client.upload("dev", sdist("pkg", "1.0")).status_code),
    "copy": copied,
}
CELLS = [
    pytest.param(status, action, expected, id=f"{status}: {action}")
    for status, row in table().items()
    for action, expected in row.items()
]


@pytest.mark.parametrize(("status", "action", "expected"), CELLS)
def test_each_cell_is_so(client: Client, status: str, action: str, expected: str) -> None:
    """The page says what the server does with a version of this status."""
    set_status(client, status)
    assert ACTIONS[action](client) == re.sub(r"[`*]", "", expected)


def test_the_table_is_whole() -> None:
    """Every status that a Python version can have, and every action, has its cell."""
    statuses = ["Published", "Unlisted", "Archived", "Disposed", "Deleted", "never there"]
    assert list(table()) == statuses
    assert all(list(row) == list(ACTIONS) for row in table().values())

"""Pages and files are remembered, and a change of anything that they show is seen at once."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.codeartifact_local.conftest import DOMAIN, Client, FakePublicIndex, sdist, wheel

from codeartifact_local import request_heads
from codeartifact_local.pypi import index
from codeartifact_local.pypi.pages import Project, render_json
from codeartifact_local.pypi.remembered import Remembered
from codeartifact_local.serving import listening

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COORDINATE = {"domain": DOMAIN, "repository": "dev", "format": "pypi", "package": "pkg"}


def test_a_value_holds_for_its_generation_and_time() -> None:
    """Another generation, or the end of its time, and it is forgotten."""
    remembered = Remembered[str](most=10)
    remembered.put("key", "value", size=1, generation=1, until=NOW + timedelta(seconds=1))
    assert remembered.get("key", 1, NOW) == "value"
    assert remembered.get("key", 1, NOW + timedelta(seconds=1)) is None
    remembered.put("key", "value", size=1, generation=1)
    assert remembered.get("key", 2, NOW) is None
    assert remembered.get("key", 1, NOW) is None


def test_the_least_recently_used_goes_first() -> None:
    """Together the values are never larger than what was allowed, and one that is larger is not kept."""
    remembered = Remembered[str](most=10)
    for key in ("a", "b"):
        remembered.put(key, key, size=5, generation=1)
    remembered.get("a", 1, NOW)
    remembered.put("c", "c", size=5, generation=1)
    remembered.put("d", "d", size=11, generation=1)
    assert [key for key in "abcd" if remembered.get(key, 1, NOW)] == ["a", "c"]


def test_a_page_is_rendered_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second request for the same form does not render; another form does."""
    rendered = []

    def watched(page: Project) -> str:
        rendered.append(page.name)
        return render_json(page)

    monkeypatch.setattr(index, "render_json", watched)
    client.upload("dev", wheel("pkg", "1.0"))
    pages = [client.get("dev", "simple/pkg/").content for _ in range(3)]
    assert (rendered, len(set(pages))) == (["pkg"], 1)
    assert client.get("dev", "simple/Pkg/").content == pages[0]
    assert rendered == ["pkg"]
    assert client.get("dev", "simple/pkg/", accept="text/html").text.startswith("<!DOCTYPE html>")


def status(target: str) -> Callable[[Client], None]:
    """Return what changes the status of version 1.0."""
    return lambda client: client.api.update_package_versions_status(
        **COORDINATE, versions=["1.0"], targetStatus=target
    )


def promote(client: Client) -> None:
    """Copy a version from prod to dev."""
    client.upload("prod", wheel("pkg", "3.0"))
    client.api.copy_package_versions(
        domain=DOMAIN,
        sourceRepository="prod",
        destinationRepository="dev",
        format="pypi",
        package="pkg",
        versions=["3.0"],
    )


def open_upstream(client: Client) -> None:
    """Let versions of `pkg` come from upstream."""
    client.api.put_package_origin_configuration(
        **COORDINATE, restrictions={"publish": "ALLOW", "upstream": "ALLOW"}
    )


def new_upstream(client: Client) -> None:
    """Give dev an upstream that has more."""
    open_upstream(client)
    client.upload("prod", wheel("pkg", "4.0"))
    client.api.update_repository(domain=DOMAIN, repository="dev", upstreams=[{"repositoryName": "prod"}])


def anew(client: Client) -> None:
    """Make a repository of the same name."""
    client.api.delete_repository(domain=DOMAIN, repository="dev")
    client.api.create_repository(domain=DOMAIN, repository="dev")


FIRST = ["pkg-1.0-py3-none-any.whl"]
CHANGES: dict[str, tuple[Callable[[Client], Any], list[str] | int]] = {
    "upload": (
        lambda client: client.upload("dev", wheel("pkg", "2.0")),
        [*FIRST, "pkg-2.0-py3-none-any.whl"],
    ),
    "new file": (lambda client: client.upload("dev", sdist("pkg", "1.0")), [*FIRST, "pkg-1.0.tar.gz"]),
    "unlisted": (status("Unlisted"), []),
    "archived": (status("Archived"), []),
    "deleted version": (
        lambda client: client.api.delete_package_versions(**COORDINATE, versions=["1.0"]),
        404,
    ),
    "deleted package": (lambda client: client.api.delete_package(**COORDINATE), ["pkg-9.0-py3-none-any.whl"]),
    "copy": (promote, [*FIRST, "pkg-3.0-py3-none-any.whl"]),
    "origin controls": (open_upstream, [*FIRST, "pkg-9.0-py3-none-any.whl"]),
    "upstreams": (new_upstream, [*FIRST, "pkg-4.0-py3-none-any.whl"]),
    "repository made anew": (anew, 404),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_is_on_the_next_page(client: Client, public_index: FakePublicIndex, name: str) -> None:
    """What the page showed a moment ago is not shown again after it changed."""
    public_index.add(*wheel("pkg", "9.0"))
    public_index.status = 503  # a first publish while the public index is down may slip through
    client.upload("dev", wheel("pkg", "1.0"))
    public_index.status = 200
    client.local.clock.advance(10)
    change, expected = CHANGES[name]
    assert client.filenames("dev", "pkg") == FIRST
    change(client)
    answer = client.get("dev", "simple/pkg/")
    found = (
        answer.status_code
        if isinstance(expected, int)
        else [file["filename"] for file in answer.json()["files"]]
    )
    assert found == expected


def test_a_file_of_a_version_that_was_archived_is_gone_at_once(client: Client) -> None:
    """A file that was just downloaded is not served from memory when its status forbids it."""
    client.upload("dev", wheel("pkg", "1.0"))
    path = f"simple/pkg/1.0/{FIRST[0]}"
    assert [client.get("dev", path).status_code for _ in range(2)] == [200, 200]
    status("Archived")(client)
    assert client.get("dev", path).status_code == 404
    status("Published")(client)
    assert client.get("dev", path).content == wheel("pkg", "1.0")[1]


def test_a_remembered_page_still_needs_a_token_of_its_domain(client: Client) -> None:
    """Neither nobody nor a bearer of another domain's token gets it, and an expired token does not either."""
    client.upload("dev", wheel("pkg", "1.0"))
    assert client.get("dev", "simple/pkg/").status_code == 200
    client.api.create_domain(domain="other")
    for token in ("", client.local.token("other"), client.token[:-2]):
        stranger = Client(client.local, token)
        assert stranger.get("dev", "simple/pkg/").status_code == 401
    client.local.clock.advance(13 * 3600)
    assert client.get("dev", "simple/pkg/").status_code == 401


def test_a_new_public_version_is_seen_when_the_list_is_asked_for_again(
    client: Client, public_index: FakePublicIndex
) -> None:
    """A page with public files is remembered as long as the list of them is believed."""
    public_index.add(*wheel("pkg", "1.0"))
    assert client.filenames("dev", "pkg") == FIRST
    public_index.add(*wheel("pkg", "2.0"))
    client.local.clock.advance(299)
    assert client.filenames("dev", "pkg") == FIRST
    client.local.clock.advance(2)
    assert client.filenames("dev", "pkg") == [*FIRST, "pkg-2.0-py3-none-any.whl"]


def test_a_failing_public_index_is_not_remembered(client: Client, public_index: FakePublicIndex) -> None:
    """A page that lacks its public files for that reason has them when the public index is back."""
    name, _ = wheel("pkg", "1.0")
    public_index.add(*wheel("pkg", "1.0"))
    client.get("dev", f"simple/pkg/1.0/{name}")
    public_index.add(*wheel("pkg", "2.0"))
    client.local.clock.advance(600)
    public_index.status = 503
    assert client.filenames("dev", "pkg") == FIRST
    public_index.status = 200
    client.local.clock.advance(10)
    assert client.filenames("dev", "pkg") == [*FIRST, "pkg-2.0-py3-none-any.whl"]


def raw(client: Client) -> socket.socket:
    """Return a connection to the server."""
    parts = urlsplit(client.local.url)
    return socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=20)


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """The listening socket names its protocol, by which asyncio knows to turn Nagle's algorithm off."""
    with listening("127.0.0.1", 0) as (server, _):
        assert server.proto == socket.IPPROTO_TCP


def test_a_head_that_is_too_large_is_refused(client: Client) -> None:
    """64 KiB are enough for any token; what is larger gets 431 and the connection is closed."""
    with raw(client) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 70_000)
        assert connection.recv(100).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-"])
def test_a_head_that_does_not_end_is_not_waited_for(
    client: Client, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    """A connection that says nothing, or half a head, is closed with 408; large bodies have their own limit."""
    monkeypatch.setattr(request_heads, "HEAD_SECONDS", 0.3)
    with raw(client) as connection:
        connection.sendall(begun)
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")
        assert connection.recv(100) == b""


def test_a_large_upload_is_not_taken_for_a_large_head(client: Client) -> None:
    """Only the head is limited."""
    assert client.upload("dev", wheel("pkg", "1.0", body="x" * 1_000_000)).status_code == 200

"""Index pages and downloads."""

from html.parser import HTMLParser

import pytest
from tests.codeartifact_local.conftest import DOMAIN, HTTP, Client, sdist, wheel

from codeartifact_local.pypi.negotiation import HTML, JSON, PLAIN_HTML, negotiate


def test_the_json_page_is_simple_api_1_1(client: Client) -> None:
    """The page has versions and, of each file, hashes, size, upload time, requires-python and yanked."""
    name, content = wheel("pkg", "1.0")
    client.upload("dev", (name, content))
    client.upload("dev", sdist("pkg", "1.10"))
    client.upload("dev", wheel("pkg", "1.9"))
    page = client.page("dev", "pkg")
    assert (page["meta"], page["name"]) == ({"api-version": "1.1"}, "pkg")
    assert page["versions"] == ["1.0", "1.9", "1.10"]
    file = page["files"][0]
    assert (file["filename"], file["url"]) == (name, f"1.0/{name}")
    assert (file["size"], file["requires-python"], file["yanked"]) == (len(content), ">=3.8", False)
    assert set(file["hashes"]) == {"sha256", "md5"}
    assert file["upload-time"].endswith("Z")
    assert "core-metadata" not in file


def test_the_html_page_says_the_same_and_is_escaped(client: Client) -> None:
    """Links carry the hash and requires-python; what a package says cannot become markup."""
    metadata = "Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\nRequires-Python: >=3.8,<4 \"'><script>\n"
    client.upload("dev", wheel("pkg", "1.0", metadata=metadata))
    page = client.get("dev", "simple/pkg/", accept="text/html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.text.startswith("<!DOCTYPE html>")
    assert "<script>" not in page.text
    links = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag == "a":
                links.append(dict(attrs))

    Links().feed(page.text)
    assert links[0]["data-requires-python"] == ">=3.8,<4 \"'><script>"
    assert str(links[0]["href"]).startswith("1.0/pkg-1.0-py3-none-any.whl#sha256=")
    assert "data-yanked" not in links[0]


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", PLAIN_HTML),
        ("*/*", PLAIN_HTML),
        ("text/*", PLAIN_HTML),
        ("text/html", PLAIN_HTML),
        (JSON, JSON),
        ("application/vnd.pypi.simple.latest+json", JSON),
        ("application/vnd.pypi.simple.latest+html", HTML),
        (f"{JSON}, {HTML}; q=0.1, text/html; q=0.01", JSON),
        (f"{JSON};q=0.2, text/html", PLAIN_HTML),
        (f"{JSON};q=0, */*;q=0.1", PLAIN_HTML),
        ("application/json", None),
        (f"{JSON};q=0", None),
        (f"{JSON};q=nonsense", None),
        ("application/vnd.pypi.simple.v2+json", None),
    ],
)
def test_the_form_is_what_the_client_prefers(accept: str, form: str | None) -> None:
    """PEP 691: the quality values decide; nothing said is HTML, nothing on offer is None."""
    assert negotiate(accept) == form


def test_a_form_that_is_not_on_offer_is_not_acceptable(client: Client) -> None:
    """A client that takes neither JSON nor HTML gets 406."""
    assert client.get("dev", "simple/pkg/", accept="application/xml").status_code == 406


def test_there_is_no_list_of_projects_and_nothing_else(client: Client) -> None:
    """/simple/ is not supported, as AWS documents; neither are Warehouse's JSON or the bare endpoint."""
    for path in ("simple/", "simple", "pkg/json", "", "simple/pkg/1.0/", "simple//", "simple/a/b/c/d"):
        assert client.get("dev", path).status_code == 404
    assert client.get("nowhere", "simple/pkg/").status_code == 404
    assert "no project pkg" in client.get("dev", "simple/pkg/").text


def test_a_page_without_its_slash_redirects_to_it(client: Client) -> None:
    """Relative addresses need the slash, so that the page is only there with it."""
    answer = client.get("dev", "simple/pkg")
    assert (answer.status_code, answer.headers["location"]) == (301, "pkg/")


def test_any_spelling_of_a_name_is_the_project(client: Client) -> None:
    """A name that is not normalised is answered without a redirect."""
    client.upload("dev", wheel("my_pkg", "1.0"))
    for spelling in ("my-pkg", "My_Pkg", "my..pkg", "MY-_.PKG"):
        assert client.page("dev", spelling)["name"] == "my-pkg"


def test_downloads_are_whole_and_say_their_length(client: Client) -> None:
    """GET gives the bytes and HEAD only their number; ranges are not offered, as of the real service."""
    name, content = wheel("pkg", "1.0", body="x" * 1_000_000)
    client.upload("dev", (name, content))
    url = client.url("dev", f"simple/pkg/1.0/{name}")
    got = HTTP.get(url, headers=client.headers() | {"Range": "bytes=0-9"})
    assert (got.status_code, got.content == content) == (200, True)
    assert "accept-ranges" not in got.headers
    head = HTTP.head(url, headers=client.headers())
    assert (head.content, head.headers["content-length"]) == (b"", str(len(content)))


def test_files_that_are_not_there_are_not_found(client: Client) -> None:
    """A wrong version, file or project gets 404 with a sentence."""
    client.upload("dev", wheel("pkg", "1.0"))
    for path in (
        "simple/pkg/2.0/pkg-1.0-py3-none-any.whl",
        "simple/pkg/1.0/pkg-1.0.tar.gz",
        "simple/other/1.0/pkg-1.0-py3-none-any.whl",
        "simple/pkg/one/pkg-1.0-py3-none-any.whl",
    ):
        assert client.get("dev", path).status_code == 404


def test_percent_encoding_cannot_leave_the_path(client: Client) -> None:
    """Encoded slashes, dots, zeros and broken UTF-8 are malformed, not another path."""
    client.upload("dev", wheel("pkg", "1.0"))
    for path in (
        "simple%2fpkg%2f",
        "simple/pkg/1.0/%2e%2e%2f%2e%2e%2ftoken.key",
        "simple/%2e%2e/pkg/",
        "simple/pkg/1.0/..%5c..%5ctoken.key",
        "simple/pkg%00/",
        "simple/%ff/",
    ):
        assert client.get("dev", path).status_code == 404
    assert client.get("dev", "simple/p%6bg/").status_code == 200


def test_the_domains_own_host_works_too(client: Client) -> None:
    """With the Host header of the real service, the path is /pypi/REPOSITORY/, as there."""
    client.upload("dev", wheel("pkg", "1.0"))
    headers = client.headers() | {"Accept": JSON}
    for host in (
        f"{DOMAIN}-000000000000.d.codeartifact.us-east-1.amazonaws.com",
        f"{DOMAIN}-000000000000.codeartifact.us-east-1.on.aws",
    ):
        url = f"{client.local.url}/pypi/dev/simple/pkg/"
        assert HTTP.get(url, headers=headers | {"Host": host}).json()["versions"] == ["1.0"]
    assert HTTP.get(url, headers=headers).status_code == 404


def test_bytes_that_changed_on_the_disk_are_never_served_whole(client: Client) -> None:
    """A kept file is hashed while it is read: a damaged one gets 502 or is cut short, a missing one 502."""
    name, content = wheel("pkg", "1.0")
    client.upload("dev", (name, content))
    kept = next((client.data / "assets").glob("*/*"))
    kept.write_bytes(content[:-1] + b"!")
    assert client.get("dev", f"simple/pkg/1.0/{name}").status_code == 502
    kept.unlink()
    assert client.get("dev", f"simple/pkg/1.0/{name}").status_code == 502

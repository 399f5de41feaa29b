"""The console: what its pages say, and whom they say it to."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response
from tests.codeartifact_local.conftest import DOMAIN, HTTP, Client, FakePublicIndex, sdist, wheel

from codeartifact_local.clock import Clock
from codeartifact_local.console.addresses import Place, address, place_of, segments_of
from codeartifact_local.console.gate import Gate
from codeartifact_local.console.paging import SIZE, shown
from codeartifact_local.console.picture import BOX_HEIGHT, BOX_WIDTH, draw
from codeartifact_local.console.readme import render_readme
from codeartifact_local.console.templating import is_web, written_bytes
from codeartifact_local.settings import Settings
from codeartifact_local.testing import LocalCodeArtifact, local_codeartifact

HOSTILE = "<script>alert(1)</script>"
PASSWORD = "correct horse battery staple"


def show(local: LocalCodeArtifact, path: str, **headers: str) -> httpx.Response:
    """Ask for a page."""
    return HTTP.get(local.url + path, headers=headers)


def words(response: httpx.Response) -> str:
    """Return what a page says, without its tags."""
    assert response.status_code == 200, response.text
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", response.text)))


def metadata(name: str, version: str, *more: str, body: str = "") -> str:
    """Return core metadata with a readme in Markdown."""
    lines = ("Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *more)
    return "\n".join([*lines, "Description-Content-Type: text/markdown", "", body])


# What pages say.


def test_an_empty_server_says_how_to_begin(public_index: FakePublicIndex) -> None:
    """The page at / has the first command."""
    with local_codeartifact(public_index=public_index.url) as local:
        assert "aws codeartifact create-domain --domain acme" in words(show(local, "/"))


def test_domains_are_on_the_first_page(client: Client) -> None:
    """Each with the number of its repositories, and a link to its own page, also under /console/."""
    for path in ("/", "/console/", "/console"):
        page = show(client.local, path)
        assert page.status_code == 200 or path == "/console", page.status_code
    page = show(client.local, "/")
    assert f'href="/console/{DOMAIN}"' in page.text
    assert re.search(rf"{DOMAIN} 3 0 bytes", words(page))


def test_a_domain_shows_repositories_groups_tags_and_its_policy(client: Client) -> None:
    """All that a domain has is on its page; what groups inherit is said to be inherited."""
    client.api.create_package_group(domain=DOMAIN, packageGroup="/pypi//own~", description="Ours")
    client.api.update_package_group_origin_configuration(
        domain=DOMAIN, packageGroup="/pypi//own~", restrictions={"EXTERNAL_UPSTREAM": "BLOCK"}
    )
    arn = client.api.describe_domain(domain=DOMAIN)["domain"]["arn"]
    client.api.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "data"}])
    client.api.put_domain_permissions_policy(
        domain=DOMAIN,
        policyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",'
        ' "Action": "codeartifact:ReadFromRepository", "Resource": "*"}]}',
    )
    page = words(show(client.local, f"/console/{DOMAIN}"))
    assert "Repositories 3" in page
    assert "dev pypi-store 0" in page
    assert "pypi-store public:pypi 0" in page
    assert "/pypi//own~ block allow inherited allow inherited Ours" in page
    assert "team=data" in page
    assert "codeartifact:ReadFromRepository" in page


def test_a_repository_shows_the_order_of_its_search_and_its_packages(client: Client) -> None:
    """The order is that of requests: depth-first, with the public index after the repository that has it."""
    client.api.update_repository(
        domain=DOMAIN,
        repository="dev",
        upstreams=[{"repositoryName": "prod"}, {"repositoryName": "pypi-store"}],
    )
    client.upload("dev", wheel("pkg", "1.0"))
    client.upload("dev", wheel("pkg", "2.0rc1"))
    page = words(show(client.local, f"/console/{DOMAIN}/dev"))
    assert re.search(r"\bdev prod pypi-store , then public:pypi Packages 1", page)
    assert re.search(r"pkg 1\.0 , [-\d]{10} \d\d:\d\d UTC 2 allow block", page)
    assert f"aws codeartifact list-packages --domain {DOMAIN} --repository dev" in page


def test_the_commands_of_a_repository_work(client: Client) -> None:
    """The address on the page is the one that GetRepositoryEndpoint gives."""
    endpoint = client.api.get_repository_endpoint(domain=DOMAIN, repository="dev", format="pypi")
    assert f"URL={endpoint['repositoryEndpoint']} " in words(show(client.local, f"/console/{DOMAIN}/dev"))


def test_a_package_shows_versions_as_python_orders_them(client: Client) -> None:
    """The newest first, each with its status; the newest is what pip would take."""
    for version in ("1.9", "1.10", "2.0rc1", "1.2"):
        client.upload("dev", wheel("pkg", version))
    client.api.update_package_versions_status(
        domain=DOMAIN,
        repository="dev",
        format="pypi",
        package="pkg",
        versions=["1.2"],
        targetStatus="Archived",
    )
    page = words(show(client.local, f"/console/{DOMAIN}/dev/pypi/pkg"))
    assert "Newest 1.10" in page
    assert re.findall(r"(\S+) (Published|Archived) internal", page) == [
        ("2.0rc1", "Published"),
        ("1.10", "Published"),
        ("1.9", "Published"),
        ("1.2", "Archived"),
    ]


@pytest.mark.parametrize(
    ("publish", "sentence"),
    [
        ("ALLOW", "versions can be published here, cannot be taken from upstream"),
        ("BLOCK", "versions cannot be published here, cannot be taken from upstream"),
    ],
)
def test_a_package_says_where_its_versions_may_come_from(client: Client, publish: str, sentence: str) -> None:
    """By its own origin controls and its group's together."""
    client.upload("dev", wheel("pkg", "1.0"))
    client.api.put_package_origin_configuration(
        domain=DOMAIN,
        repository="dev",
        format="pypi",
        package="pkg",
        restrictions={"publish": publish, "upstream": "BLOCK"},
    )
    assert sentence in words(show(client.local, f"/console/{DOMAIN}/dev/pypi/pkg"))


def test_a_version_shows_files_hashes_requirements_and_readme(client: Client) -> None:
    """All four hashes of a file that is here, as the API gives them."""
    told = metadata("pkg", "1.0", "Requires-Dist: other>=2", "Summary: Does things", body="# Title\n\n*bent*")
    client.upload("dev", wheel("pkg", "1.0", metadata=told))
    page = show(client.local, f"/console/{DOMAIN}/dev/pypi/pkg/1.0")
    assets = client.api.list_package_version_assets(
        domain=DOMAIN, repository="dev", format="pypi", package="pkg", packageVersion="1.0"
    )["assets"]
    for digest in assets[0]["hashes"].values():
        assert digest in page.text
    assert "Does things" in page.text
    assert "other >=2" in words(page)
    assert "<h1>Title</h1>\n<p><em>bent</em></p>" in page.text
    assert client.versions("dev", "pkg")[0]["revision"] in unescape(page.text)


def test_a_page_fetches_nothing_from_the_public_index(client: Client, public_index: FakePublicIndex) -> None:
    """Of a version whose files are not here yet, the page says so instead of waiting for them."""
    public_index.add(*wheel("pub", "1.0"))
    public_index.add(*sdist("pub", "1.0"))
    client.get("dev", "simple/pub/1.0/pub-1.0-py3-none-any.whl")
    public_index.asked.clear()
    page = words(show(client.local, f"/console/{DOMAIN}/dev/pypi/pub/1.0"))
    assert "pub-1.0.tar.gz" in page
    assert "not downloaded yet" in page
    assert "from public:pypi" in page
    assert public_index.asked == []


def test_generic_packages_have_their_pages(client: Client) -> None:
    """Their namespace is part of the address."""
    client.api.publish_package_version(
        domain=DOMAIN,
        repository="dev",
        format="generic",
        namespace="models",
        package="big",
        packageVersion="v1",
        assetName="weights.bin",
        assetContent=b"12345",
        assetSHA256="5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5",
    )
    page = show(client.local, f"/console/{DOMAIN}/dev")
    assert 'href="/console/acme/dev/generic/models/big"' in page.text
    assert "v1 Published internal" in words(show(client.local, "/console/acme/dev/generic/models/big"))
    assert "weights.bin 5 bytes" in words(show(client.local, "/console/acme/dev/generic/models/big/v1"))


def test_search_finds_names_however_they_are_written(client: Client) -> None:
    """Packages by any part of their normalised name, repositories and domains by theirs."""
    client.upload("dev", wheel("my-pkg", "1.0"))
    for wanted in ("my-pkg", "My_Pkg", "y.p"):
        page = show(client.local, f"/console/-/search?q={wanted}")
        assert 'href="/console/acme/dev/pypi/my-pkg"' in page.text, wanted
    assert 'href="/console/acme/pypi-store"' in show(client.local, "/console/-/search?q=store").text
    assert "Nothing has this in its name" in words(show(client.local, "/console/-/search?q=absent"))
    assert "my-pkg" not in words(show(client.local, "/console/-/search?q="))


def test_search_finds_the_version_that_has_a_hash(client: Client) -> None:
    """A SHA-256 leads to the version, wherever it is."""
    client.upload("prod", wheel("pkg", "1.0"))
    asset = client.api.list_package_version_assets(
        domain=DOMAIN, repository="prod", format="pypi", package="pkg", packageVersion="1.0"
    )["assets"][0]
    page = show(client.local, f"/console/-/search?q={asset['hashes']['SHA-256']}")
    assert 'href="/console/acme/prod/pypi/pkg/1.0"' in page.text


def test_what_is_not_visible_yet_has_no_page(public_index: FakePublicIndex) -> None:
    """Where uploads show late, they show late here."""
    settings = Settings(durable=False, visible_after_seconds=60)
    with local_codeartifact(public_index=public_index.url, settings=settings) as local:
        local.create(DOMAIN, "dev")
        client = Client(local, local.token(DOMAIN))
        client.upload("dev", wheel("pkg", "1.0"))
        path = f"/console/{DOMAIN}/dev/pypi/pkg/1.0"
        assert show(local, path).status_code == 404
        local.clock.advance(61)
        assert show(local, path).status_code == 200


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/console/nowhere", "There is no domain nowhere."),
        (f"/console/{DOMAIN}/none", "There is no repository none in the domain acme."),
        (f"/console/{DOMAIN}/dev/pypi/none", "The repository dev itself holds no package none."),
        (f"/console/{DOMAIN}/dev/pypi/none/1.0/more", "There is no page at this address."),
        (f"/console/{DOMAIN}/dev/generic", "There is no page at this address."),
        ("/console/%ff", "There is no page at this address."),
        ("/console/-/nothing", "There is no domain -."),
        ("/console/-/..%2fapp.py", "There is no domain -."),
        (f"/console/{DOMAIN}/%3Cscript%3E", "There is no repository <script> in the domain acme."),
    ],
)
def test_a_page_that_is_not_there_says_what_is_missing(client: Client, path: str, sentence: str) -> None:
    """404, in one sentence."""
    page = show(client.local, path)
    assert page.status_code == 404
    assert sentence in unescape(page.text)


# Strangers' text.


def test_no_text_of_a_package_becomes_markup(client: Client) -> None:
    """Names, summaries, links and requirements are shown as the text that they are."""
    told = metadata(
        "pkg",
        "1.0",
        f"Summary: {HOSTILE}",
        f"License: {HOSTILE}",
        f"Requires-Python: {HOSTILE}",
        f"Project-URL: {HOSTILE}, javascript:alert(1)",
        f"Requires-Dist: {HOSTILE}",
        body=f"{HOSTILE}\n\n[link](javascript:alert(1)) <b onclick=alert(1)>bold</b>",
    )
    client.upload("dev", wheel("pkg", "1.0", metadata=told))
    client.api.update_repository(domain=DOMAIN, repository="dev", description=HOSTILE)
    for path in ("", "/dev", "/dev/pypi/pkg", "/dev/pypi/pkg/1.0"):
        page = show(client.local, f"/console/{DOMAIN}{path}")
        assert page.status_code == 200
        assert "<script" not in page.text
        assert "onclick" not in page.text
        assert 'href="javascript' not in page.text
    assert unescape(page.text).count(HOSTILE) >= 4
    assert "<script" not in show(client.local, f"/console/-/search?q={HOSTILE}").text


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        '<img src=x onerror="alert(1)">',
        "<style>body{display:none}</style>",
        '<div style="position:fixed" class="message" id="q">x</div>',
        "<iframe src=//elsewhere></iframe><form action=//elsewhere><input></form>",
        "[a](data:text/html,x) ![b](javascript:x) <a href='data:x'>c</a>",
        "<svg><script>alert(1)</script></svg>",
    ],
)
def test_a_readme_keeps_its_words_and_loses_what_acts(text: str) -> None:
    """No script, style, form, frame, handler, class or id is left of it."""
    rendered = render_readme(f"{text}\n\nwords", "text/markdown; charset=UTF-8; variant=GFM")
    assert not re.search(
        r"(?i)<(script|style|iframe|form|input|svg)|on\w+=|style=|class=|id=|=.(javascript|data):", rendered
    )
    assert "words" in rendered


@pytest.mark.parametrize(
    "kind", [None, "text/x-rst", "text/plain", "text/html", "text/markdown\n: x", "", ";;"]
)
def test_a_readme_that_is_not_markdown_is_shown_as_text(kind: str | None) -> None:
    """Whatever it says that it is."""
    assert render_readme("*a* <b>", kind) == "<pre>*a* &lt;b&gt;</pre>"


def test_a_huge_readme_is_shown_as_text() -> None:
    """So that nobody's readme keeps the server busy."""
    assert render_readme("*a*" * 100_000, "text/markdown").startswith("<pre>*a*")
    assert "<em>" in render_readme("*a*", "text/markdown")


@given(st.text(max_size=300))
def test_no_readme_breaks_the_page(text: str) -> None:
    """Whatever its text, no element but those of text comes out."""
    rendered = render_readme(text, "text/markdown")
    assert not re.search(r"(?i)<(script|style|iframe|object|embed|form|meta|link|base)\b", rendered)


# Whom pages are shown to.


def test_pages_load_nothing_from_elsewhere_and_run_nothing(client: Client) -> None:
    """The policy allows this server's style and icon alone; every answer carries it, errors too."""
    for path in ("/", "/console/nowhere", "/console/-/console.css", "/console/-/icon.svg"):
        page = show(client.local, path)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cache-control"] == "no-store"
        assert not re.search(r'(src|href)="(https?:)?//', page.text)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "", "[::1"])
def test_a_foreign_name_for_this_machine_is_refused(client: Client, host: str) -> None:
    """Otherwise a page elsewhere could read these through a name of its own (DNS rebinding)."""
    page = show(client.local, "/", host=host)
    assert page.status_code in (400, 403)
    assert DOMAIN not in page.text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:4873", "[::1]:80", "127.1.2.3"])
def test_this_machines_names_are_welcome(client: Client, host: str) -> None:
    """The control: these are shown the page."""
    assert show(client.local, "/", host=host).status_code == 200


def test_operations_refuse_a_foreign_name_where_any_signature_would_do(client: Client) -> None:
    """For the same reason; with a key of the server's own, or a name of this machine, they do not."""
    signed = {"authorization": "AWS4-HMAC-SHA256 Credential=x"}
    refused = HTTP.post(f"{client.local.url}/v1/domains", headers={**signed, "host": "evil.example"})
    assert refused.status_code == 403
    assert "127.0.0.1 and localhost only, not to 'evil.example'" in refused.text
    assert HTTP.post(f"{client.local.url}/v1/domains", headers=signed).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_pages_can_only_be_read(client: Client, method: str) -> None:
    """Nothing is changed here, whatever the method."""
    answer = HTTP.request(method, f"{client.local.url}/console/{DOMAIN}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_head_answers_as_get_without_the_page(client: Client) -> None:
    """As HTTP wants it."""
    answer = HTTP.head(f"{client.local.url}/")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.fixture
def guarded(tmp_path: Path, public_index: FakePublicIndex) -> Iterator[LocalCodeArtifact]:
    """Give a server whose console has a password."""
    settings = Settings(durable=False, only_this_machine=False, console_password=PASSWORD)
    with local_codeartifact(tmp_path / "data", public_index=public_index.url, settings=settings) as running:
        running.create(DOMAIN, "dev")
        yield running


def log_in(local: LocalCodeArtifact, password: str = PASSWORD, **form: str) -> httpx.Response:
    """Send the form of the login page."""
    return HTTP.post(f"{local.url}/console/-/login", data={"password": password, **form})


def cookie_of(response: httpx.Response) -> str:
    """Return the cookie of an answer, as a browser sends it back."""
    HTTP.cookies.clear()
    return response.headers["set-cookie"].split(";")[0]


def test_other_machines_meet_a_closed_console(public_index: FakePublicIndex) -> None:
    """Where others can reach the server and no password was given, every page says how to give one."""
    settings = Settings(durable=False, only_this_machine=False)
    with local_codeartifact(public_index=public_index.url, settings=settings) as local:
        local.create(DOMAIN)
        page = show(local, "/")
    assert page.status_code == 403
    assert "CODEARTIFACT_LOCAL_CONSOLE_PASSWORD" in page.text
    assert DOMAIN not in page.text


def test_without_the_password_only_the_login_page_is_shown(guarded: LocalCodeArtifact) -> None:
    """Under every address, known or not, so that nothing can be learned; style and icon are for everybody."""
    for path in ("/", f"/console/{DOMAIN}", "/console/nowhere", "/console/-/search?q=a"):
        page = show(guarded, path)
        assert page.status_code == 401
        assert DOMAIN not in page.text.replace(f'value="{path}"', "")
    assert show(guarded, "/console/-/console.css").status_code == 200


def test_the_password_opens_the_console_for_twelve_hours(guarded: LocalCodeArtifact) -> None:
    """It leads to the page that was asked for; the cookie is out of reach of scripts, and expires."""
    answer = log_in(guarded, next=f"/console/{DOMAIN}/dev")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/console/{DOMAIN}/dev")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(answer.headers["set-cookie"].split("; "))
    cookie = cookie_of(answer)
    assert show(guarded, f"/console/{DOMAIN}/dev", cookie=cookie).status_code == 200
    guarded.clock.advance(12 * 3600 + 1)
    assert show(guarded, "/", cookie=cookie).status_code == 401


def test_logging_out_takes_the_cookie_away(guarded: LocalCodeArtifact) -> None:
    """The browser forgets it."""
    answer = HTTP.post(f"{guarded.url}/console/-/logout")
    HTTP.cookies.clear()
    assert answer.status_code == 303
    assert 'codeartifact-local=""; ' in answer.headers["set-cookie"]
    assert "Max-Age=0" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "next", ["//evil.example/", "https://evil.example/", "/console/../x", "", "javascript:x"]
)
def test_logging_in_leads_nowhere_else(guarded: LocalCodeArtifact, next: str) -> None:
    """Only to pages of the console."""
    location = log_in(guarded, next=next).headers["location"]
    HTTP.cookies.clear()
    assert location.startswith("/console/") or location == "/"


@pytest.mark.parametrize("cookie", ["", "9999999999.", "9999999999.00ff", "x.y", "é.é"])
def test_a_made_up_session_opens_nothing(guarded: LocalCodeArtifact, cookie: str) -> None:
    """Sessions are signed with a key that only the running server has."""
    header = f"codeartifact-local={cookie}".encode()
    assert HTTP.get(f"{guarded.url}/", headers={b"cookie": header}).status_code == 401


def test_a_session_of_another_server_opens_nothing(guarded: LocalCodeArtifact) -> None:
    """Each start has a key of its own, the same password or not."""
    with local_codeartifact(settings=replace(guarded.settings)) as other:
        cookie = cookie_of(log_in(other))
        assert show(other, "/", cookie=cookie).status_code == 200
    assert show(guarded, "/", cookie=cookie).status_code == 401


def test_wrong_passwords_are_slowed_down(guarded: LocalCodeArtifact) -> None:
    """After five in a minute even the right one has to wait, and is told for how long."""
    for _ in range(5):
        wrong = log_in(guarded, "guess")
        assert (wrong.status_code, "set-cookie" in wrong.headers) == (401, False)
        assert "This is not the password." in wrong.text
    late = log_in(guarded)
    assert (late.status_code, "set-cookie" in late.headers) == (429, False)
    assert 0 < int(late.headers["retry-after"]) <= 61


def test_a_password_is_never_in_a_page_or_a_value(guarded: LocalCodeArtifact) -> None:
    """Neither right nor wrong ones come back, nor are they in what a traceback would show."""
    assert "guess-12345" not in log_in(guarded, "guess-12345").text
    assert PASSWORD not in repr(guarded)


def test_a_login_form_that_is_too_large_is_no_password(guarded: LocalCodeArtifact) -> None:
    """It is not kept in memory, whatever its length."""
    assert log_in(guarded, PASSWORD, next="x" * 10_000).status_code == 401


def test_behind_tls_the_cookie_never_travels_in_the_clear() -> None:
    """Its name, and Secure, make browsers keep it from http and from other hosts."""
    gate = Gate(password=PASSWORD, only_this_machine=False)
    scope: dict[str, Any] = {
        "type": "http",
        "scheme": "https",
        "path": "/",
        "headers": [],
        "query_string": b"",
    }
    response = Response()
    gate.begin(Request(scope), response, Clock().now())
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-codeartifact-local=")
    assert {"Secure", "Path=/"} <= set(cookie.split("; "))


# Pieces.


@given(st.lists(st.text(min_size=1), min_size=1, max_size=6))
def test_an_address_leads_back_to_its_segments(segments: list[str]) -> None:
    """Whatever characters names have: slashes and percent signs are not taken for those of the path."""
    try:
        raw = address(*segments).encode("ascii")
    except UnicodeEncodeError:  # lone surrogates are in no name
        return
    assert segments_of(raw) == segments


@pytest.mark.parametrize(
    ("segments", "place"),
    [
        (["d"], Place(domain="d")),
        (["d", "r"], Place(domain="d", repository="r")),
        (["d", "r", "pypi", "p"], Place(domain="d", repository="r", format="pypi", package="p")),
        (
            ["d", "r", "generic", "n", "p", "1"],
            Place(domain="d", repository="r", format="generic", namespace="n", package="p", version="1"),
        ),
        (["d", "r", "generic", "n"], None),
        (["d", "r", "pypi"], None),
        (["d", "r", "pypi", "p", "1", "x"], None),
    ],
)
def test_segments_name_a_place(segments: list[str], place: Place | None) -> None:
    """A namespace is there for every format but pypi."""
    assert place_of(segments) == place


def test_a_picture_has_each_repository_left_of_its_upstreams() -> None:
    """Also where one is reached by a short way and a long one."""
    drawn = draw({"dev": ["tools", "staging"], "tools": ["store"], "staging": ["prod"], "prod": ["store"]})
    x = {box.name: box.x for box in drawn.boxes}
    assert x["dev"] < x["tools"] == x["staging"] < x["prod"] < x["store"]
    y = {box.name: box.y for box in drawn.boxes}
    assert y["tools"] < y["staging"]
    assert len(drawn.lines) == 5


GRAPHS = st.dictionaries(
    st.sampled_from("abcdefgh"), st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=4), max_size=8
)


@given(GRAPHS)
def test_any_graph_is_drawn_without_overlaps(graph: dict[str, list[str]]) -> None:
    """Circles too: every name has one box inside the picture, every arrow one line."""
    drawn = draw(graph)
    names = set(graph) | {name for others in graph.values() for name in others}
    assert {box.name for box in drawn.boxes} == names
    assert len({(box.x, box.y) for box in drawn.boxes}) == len(names) == len(drawn.boxes)
    assert len(drawn.lines) == sum(map(len, graph.values()))
    for box in drawn.boxes:
        assert 0 <= box.x <= drawn.width - BOX_WIDTH
        assert 0 <= box.y <= drawn.height - BOX_HEIGHT
    for one in drawn.boxes:
        for other in drawn.boxes:
            apart = abs(one.x - other.x) >= BOX_WIDTH or abs(one.y - other.y) >= BOX_HEIGHT
            assert one == other or apart


@pytest.mark.parametrize(
    ("wanted", "number"),
    [("1", 1), ("2", 2), ("3", 3), ("99", 3), ("0", 1), ("-1", 1), ("x", 1), ("²", 1), ("", 1)],
)
def test_a_page_number_finds_the_nearest_page(wanted: str, number: int) -> None:
    """A list of 250 has three pages, and no number leads to none."""
    page = shown(range(250), wanted)
    assert (page.number, page.pages, page.total) == (number, 3, 250)
    assert list(page.items) == list(range(250))[(number - 1) * SIZE : number * SIZE]


def test_long_lists_have_pages(client: Client) -> None:
    """With links to those before and after."""
    for number in range(SIZE + 1):
        client.api.put_package_origin_configuration(
            domain=DOMAIN,
            repository="dev",
            format="pypi",
            package=f"p{number:03}",
            restrictions={"publish": "BLOCK", "upstream": "BLOCK"},
        )
    first, second = (show(client.local, f"/console/{DOMAIN}/dev?page={page}") for page in (1, 2))
    assert 'rel="next" href="?page=2"' in first.text
    assert ("p100" in first.text, "p100" in second.text, "p099" in second.text) == (False, True, False)


@pytest.mark.parametrize(
    ("size", "text"),
    [(None, "unknown"), (0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (5 * 10**9, "5.0 GB")],
)
def test_sizes_are_written_for_people(size: int | None, text: str) -> None:
    """In powers of 1000."""
    assert written_bytes(size) == text


@pytest.mark.parametrize(
    ("url", "is_link"),
    [("https://a", True), ("HTTP://a", True), ("javascript:x", False), ("//a", False), ("", False)],
)
def test_links_lead_to_the_web_only(url: str, is_link: bool) -> None:
    """Other schemes are shown as text."""
    assert is_web(url) is is_link

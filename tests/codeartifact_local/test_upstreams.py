"""What comes from upstream repositories and the public index, and what stays where."""

import base64
import contextlib
import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from tests.codeartifact_local.conftest import DOMAIN, Client, FakePublicIndex, sdist, wheel

from codeartifact_local.settings import Settings
from codeartifact_local.testing import local_codeartifact


def asset(name: str, version: str) -> str:
    """Return the path of a wheel under the endpoint."""
    return f"simple/{name}/{version}/{name}-{version}-py3-none-any.whl"


def restrict(client: Client, repository: str, package: str, *, publish: str, upstream: str) -> None:
    """Set origin controls."""
    client.api.put_package_origin_configuration(
        domain=DOMAIN,
        repository=repository,
        format="pypi",
        package=package,
        restrictions={"publish": publish, "upstream": upstream},
    )


def test_public_packages_are_listed_and_nothing_is_kept_by_that(
    client: Client, public_index: FakePublicIndex
) -> None:
    """The page shows the public index's files with their original upload time; looking keeps nothing."""
    name, content = wheel("pub", "1.0")
    public_index.add(name, content)
    file = client.page("dev", "pub")["files"][0]
    assert (file["url"], file["size"], file["requires-python"]) == (f"1.0/{name}", len(content), ">=3.8")
    assert file["upload-time"] == "2024-05-29T15:37:49.123456Z"
    assert file["hashes"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert client.packages("dev") == client.packages("pypi-store") == []


def test_a_downloaded_version_is_kept_downstream_and_at_the_connection_only(
    client: Client, public_index: FakePublicIndex
) -> None:
    """The repository that was asked and the one with the connection keep it; those between do not."""
    public_index.add(*wheel("pub", "1.0"))
    public_index.add(*sdist("pub", "1.0"))
    public_index.add(*wheel("pub", "2.0"))
    client.api.update_repository(domain=DOMAIN, repository="prod", upstreams=[{"repositoryName": "dev"}])
    assert client.get("prod", asset("pub", "1.0")).status_code == 200
    assert client.packages("dev") == []
    for repository in ("prod", "pypi-store"):
        versions = client.versions(repository, "pub")
        assert [version["version"] for version in versions] == ["1.0"]
        assert versions[0]["origin"] == {
            "originType": "EXTERNAL",
            "domainEntryPoint": {"externalConnectionName": "public:pypi"},
        }
        described = client.api.describe_package(
            domain=DOMAIN, repository=repository, format="pypi", package="pub"
        )
        restrictions = {"publish": "BLOCK", "upstream": "ALLOW"}
        assert described["package"]["originConfiguration"]["restrictions"] == restrictions
    assets = client.api.list_package_version_assets(
        domain=DOMAIN, repository="prod", format="pypi", package="pub", packageVersion="1.0"
    )["assets"]
    assert [asset["name"] for asset in assets] == ["pub-1.0-py3-none-any.whl", "pub-1.0.tar.gz"]


def test_other_files_of_a_kept_version_are_fetched_when_wanted(
    client: Client, public_index: FakePublicIndex
) -> None:
    """The records of all files are kept at once, the bytes of each when it is first asked for."""
    public_index.add(*wheel("pub", "1.0"))
    name, content = sdist("pub", "1.0")
    public_index.add(name, content)
    client.get("dev", asset("pub", "1.0"))
    assert f"/files/pub/{name}" not in public_index.asked
    got = client.api.get_package_version_asset(
        domain=DOMAIN, repository="dev", format="pypi", package="pub", packageVersion="1.0", asset=name
    )
    assert got["asset"].read() == content
    assert f"/files/pub/{name}" in public_index.asked


def test_what_is_kept_is_served_without_the_public_index(
    client: Client, public_index: FakePublicIndex
) -> None:
    """With the public index failing, kept versions are listed and downloaded; the rest says 502."""
    public_index.add(*wheel("pub", "1.0"))
    public_index.add(*wheel("pub", "2.0"))
    public_index.add(*wheel("new", "1.0"))
    content = client.get("dev", asset("pub", "1.0")).content
    client.local.clock.advance(3600)
    public_index.status = 503
    assert client.filenames("dev", "pub") == ["pub-1.0-py3-none-any.whl"]
    assert client.get("dev", asset("pub", "1.0")).content == content
    for path in ("simple/new/", asset("pub", "2.0")):
        answer = client.get("dev", path)
        assert (answer.status_code, "public index answered with status 503" in answer.text) == (502, True)
    client.local.clock.advance(3600)
    public_index.status = 200
    assert client.get("dev", "simple/new/").status_code == 200


def test_a_public_index_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    """Nobody listening at the address gives 502 with a sentence; own packages are published all the same."""
    with local_codeartifact(tmp_path, public_index="http://127.0.0.1:9/simple/") as local:
        local.create(DOMAIN, "dev")
        client = Client(local, local.token(DOMAIN))
        answer = client.get("dev", "simple/pub/")
        assert (answer.status_code, "public index cannot be used" in answer.text) == (502, True)
        assert client.upload("dev", wheel("own", "1.0")).status_code == 200
        assert client.filenames("dev", "own") == ["own-1.0-py3-none-any.whl"]


def test_wrong_bytes_from_the_public_index_are_never_kept(
    client: Client, public_index: FakePublicIndex
) -> None:
    """Bytes without the listed hash are cut short or refused, and not kept; the right ones are, later."""
    name, content = wheel("pub", "1.0")
    public_index.add(name, content)
    public_index.wrong_bytes = True
    assert client.get("dev", asset("pub", "1.0")).status_code == 502
    public_index.wrong_bytes = False
    assert client.get("dev", asset("pub", "1.0")).content == content


def test_concurrent_first_requests_fetch_once(client: Client, public_index: FakePublicIndex) -> None:
    """Eight clients that want one large file at once get it whole, from one download and one listing."""
    name, content = wheel("pub", "1.0", body="x" * 2_000_000)
    public_index.add(name, content)
    public_index.delay = 0.3
    together = threading.Barrier(8)

    def fetch(_: int) -> bytes:
        together.wait()
        return client.get("dev", asset("pub", "1.0")).content

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(fetch, range(8))) == {content}
    assert sorted(public_index.asked) == [f"/files/pub/{name}", "/simple/pub/"]


def test_the_union_prefers_the_nearest_repository(client: Client, public_index: FakePublicIndex) -> None:
    """Versions of the whole chain are shown; of a version that several have, the first one's files."""
    public_index.add(*wheel("pkg", "1.0"))
    public_index.add(*wheel("pkg", "2.0"))
    client.api.update_repository(
        domain=DOMAIN,
        repository="prod",
        upstreams=[{"repositoryName": "dev"}, {"repositoryName": "pypi-store"}],
    )
    restrict(client, "dev", "pkg", publish="ALLOW", upstream="BLOCK")
    name, content = wheel("pkg", "1.0", body="ours")
    client.upload("dev", (name, content))
    assert client.page("prod", "pkg")["versions"] == ["1.0", "2.0"]
    assert client.get("prod", asset("pkg", "1.0")).content == content
    assert client.versions("prod", "pkg")[0]["origin"]["domainEntryPoint"] == {"repositoryName": "dev"}


def test_blocked_upstreams_hide_public_namesakes(client: Client, public_index: FakePublicIndex) -> None:
    """After a first publish the public index is not even asked for the name: no dependency confusion."""
    client.upload("dev", wheel("own", "1.0"))
    public_index.asked.clear()
    public_index.add(*wheel("own", "99.0"))
    client.local.clock.advance(3600)
    assert client.page("dev", "own")["versions"] == ["1.0"]
    assert client.get("dev", asset("own", "99.0")).status_code == 404
    assert public_index.asked == []


def test_ingested_names_cannot_be_published(client: Client, public_index: FakePublicIndex) -> None:
    """After a first ingestion a publish of that name is refused."""
    public_index.add(*wheel("pub", "1.0"))
    client.get("dev", asset("pub", "1.0"))
    assert client.upload("dev", wheel("pub", "2.0")).status_code == 403


def test_yanks_and_new_files_of_the_public_index_reach_kept_versions(
    client: Client, public_index: FakePublicIndex
) -> None:
    """When the public index is asked again, a kept version gets its yank (with reason) and its new files."""
    name, content = wheel("pub", "1.0")
    public_index.add(name, content)
    client.get("dev", asset("pub", "1.0"))
    revision = client.versions("dev", "pub")[0]["revision"]
    public_index.yanked[name] = 'broken <"build">'
    public_index.add(*sdist("pub", "1.0"))
    assert client.page("dev", "pub")["files"][0]["yanked"] is False
    client.local.clock.advance(301)
    files = client.page("dev", "pub")["files"]
    assert [(file["filename"], file["yanked"]) for file in files] == [
        (name, 'broken <"build">'),
        ("pub-1.0.tar.gz", False),
    ]
    html = client.get("dev", "simple/pub/", accept="text/html").text
    assert 'data-yanked="broken &lt;&quot;build&quot;&gt;"' in html
    assert client.versions("dev", "pub")[0]["revision"] != revision
    public_index.status = 503
    client.local.clock.advance(301)
    assert client.page("dev", "pub")["files"][0]["yanked"] == 'broken <"build">'


def test_a_public_index_that_speaks_html_works(client: Client, public_index: FakePublicIndex) -> None:
    """A page of links (PEP 503) is read as well; a file whose hash is not SHA-256 is left out."""
    name, content = wheel("pub", "1.0")
    public_index.add(name, content)
    public_index.html_only = True
    public_index.unhashed.add("pub-2.0-py3-none-any.whl")
    public_index.add(*wheel("pub", "2.0"))
    file, *others = client.page("dev", "pub")["files"]
    assert others == []
    assert (file["filename"], file["requires-python"]) == (name, ">=3.8")
    assert client.get("dev", asset("pub", "1.0")).content == content


def test_names_that_are_no_distribution_are_left_out(client: Client, public_index: FakePublicIndex) -> None:
    """Eggs, installers and files of other projects on a public page are not shown."""
    public_index.add(*wheel("pub", "1.0"))
    public_index.files["pub"] |= {"pub-1.0.exe": b"", "pub-1.0-py3.11.egg": b"", "other-1.0.tar.gz": b""}
    assert client.filenames("dev", "pub") == ["pub-1.0-py3-none-any.whl"]


@pytest.mark.parametrize("change", ["disconnect", "detach"])
def test_without_a_way_to_the_public_index_it_is_not_asked(
    client: Client, public_index: FakePublicIndex, change: str
) -> None:
    """A repository that no longer reaches the connection shows what it kept, and nothing else."""
    public_index.add(*wheel("pub", "1.0"))
    public_index.add(*wheel("pub", "2.0"))
    client.get("dev", asset("pub", "1.0"))
    changes: dict[str, Callable[[], object]] = {
        "disconnect": lambda: client.api.disassociate_external_connection(
            domain=DOMAIN, repository="pypi-store", externalConnection="public:pypi"
        ),
        "detach": lambda: client.api.update_repository(domain=DOMAIN, repository="dev", upstreams=[]),
    }
    changes[change]()
    assert client.page("dev", "pub")["versions"] == ["1.0"]
    assert client.get("dev", asset("pub", "2.0")).status_code == 404


def test_circles_of_upstreams_end(client: Client) -> None:
    """Repositories that are each other's upstreams are searched once each."""
    client.api.update_repository(domain=DOMAIN, repository="dev", upstreams=[{"repositoryName": "prod"}])
    client.api.update_repository(domain=DOMAIN, repository="prod", upstreams=[{"repositoryName": "dev"}])
    client.upload("dev", wheel("own", "1.0"))
    assert client.page("prod", "own")["versions"] == ["1.0"]


def test_credentials_of_the_public_index_stay_with_it(tmp_path: Path, public_index: FakePublicIndex) -> None:
    """Credentials in the address are sent to that host, and are in no file and no answer."""
    public_index.add(*wheel("pub", "1.0"))
    address = public_index.url.replace("//", "//reader:s3cret-word@")
    with local_codeartifact(tmp_path, public_index=address, settings=Settings()) as local:
        local.create(DOMAIN, "dev")
        client = Client(local, local.token(DOMAIN))
        assert client.get("dev", asset("pub", "1.0")).status_code == 200
        page = client.get("dev", "simple/pub/").text
    assert set(public_index.credentials) == {"Basic cmVhZGVyOnMzY3JldC13b3Jk"}
    assert "s3cret" not in page
    assert not any(b"s3cret" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def chain(client: Client, *repositories: str) -> None:
    """Make repositories, each upstream to the one before it."""
    for name, below in zip(repositories, (*repositories[1:], None), strict=True):
        with contextlib.suppress(client.api.exceptions.ConflictException):
            client.api.create_repository(domain=DOMAIN, repository=name)
        if below is not None:
            with contextlib.suppress(client.api.exceptions.ConflictException):
                client.api.create_repository(domain=DOMAIN, repository=below)
            client.api.update_repository(
                domain=DOMAIN, repository=name, upstreams=[{"repositoryName": below}]
            )


def test_upstreams_are_searched_by_priority_and_depth_first(client: Client) -> None:
    """The first upstream's own upstream goes before the second upstream."""
    for name in ("first", "deep", "second"):
        client.api.create_repository(domain=DOMAIN, repository=name)
        client.upload(name, wheel("pkg", "1.0", body=f"place = {name!r}"))
    upstream = [{"repositoryName": "deep"}]
    client.api.update_repository(domain=DOMAIN, repository="first", upstreams=upstream)
    both = [{"repositoryName": "first"}, {"repositoryName": "second"}]
    client.api.create_repository(domain=DOMAIN, repository="app", upstreams=both)

    def place() -> str:
        hashes = client.page("app", "pkg")["files"][0]["hashes"]["sha256"]
        (found,) = [
            name
            for name in ("first", "deep", "second")
            if hashlib.sha256(wheel("pkg", "1.0", body=f"place = {name!r}")[1]).hexdigest() == hashes
        ]
        return found

    assert place() == "first"
    client.api.delete_package(domain=DOMAIN, repository="first", format="pypi", package="pkg")
    assert place() == "deep"
    client.api.update_repository(domain=DOMAIN, repository="app", upstreams=both[::-1])
    assert place() == "second"


def test_at_most_25_repositories_are_searched(client: Client) -> None:
    """What the 25th repository of a chain has is found; what only the 26th has is not."""
    names = [f"r{number:02}" for number in range(1, 27)]
    chain(client, *names)
    client.upload("r25", wheel("near", "1.0"))
    client.upload("r26", wheel("far", "1.0"))
    assert client.filenames("r01", "near") == ["near-1.0-py3-none-any.whl"]
    assert client.get("r01", "simple/far/").status_code == 404
    assert client.filenames("r02", "far") == ["far-1.0-py3-none-any.whl"]


def test_what_was_retained_outlives_its_upstream(client: Client, public_index: FakePublicIndex) -> None:
    """With the upstream deleted and the connection gone, the most-downstream repository serves it on."""
    name, content = wheel("pkg", "1.0")
    public_index.add(name, content)
    assert client.get("dev", f"simple/pkg/1.0/{name}").content == content
    client.api.disassociate_external_connection(
        domain=DOMAIN, repository="pypi-store", externalConnection="public:pypi"
    )
    client.api.delete_repository(domain=DOMAIN, repository="pypi-store")
    assert client.filenames("dev", "pkg") == [name]
    assert client.get("dev", f"simple/pkg/1.0/{name}").content == content
    assert client.get("prod", f"simple/pkg/1.0/{name}").status_code == 404


@pytest.mark.parametrize("end", ["block", "archive", "disconnect"])
def test_yanks_no_longer_arrive(client: Client, public_index: FakePublicIndex, end: str) -> None:
    """Blocked upstreams, a status that hides the version, and a removed connection end the refreshing."""
    name, _ = wheel("pkg", "1.0")
    public_index.add(*wheel("pkg", "1.0"))
    client.get("dev", f"simple/pkg/1.0/{name}")
    coordinate = {"domain": DOMAIN, "repository": "dev", "format": "pypi", "package": "pkg"}
    if end == "block":
        restrict(client, "dev", "pkg", publish="BLOCK", upstream="BLOCK")
    elif end == "disconnect":
        client.api.disassociate_external_connection(
            domain=DOMAIN, repository="pypi-store", externalConnection="public:pypi"
        )
    else:
        client.api.update_package_versions_status(**coordinate, versions=["1.0"], targetStatus="Archived")
    public_index.yanked[name] = "broken"
    client.local.clock.advance(600)
    client.get("dev", "simple/pkg/")
    if end == "archive":
        client.api.disassociate_external_connection(
            domain=DOMAIN, repository="pypi-store", externalConnection="public:pypi"
        )
        client.api.update_package_versions_status(**coordinate, versions=["1.0"], targetStatus="Published")
    assert client.page("dev", "pkg")["files"][0]["yanked"] is False


@pytest.mark.parametrize(
    "garbage", [b"<html>", b"[]", b"{}", b'{"files": [1]}', b'{"files": [{"filename": 1, "url": 2}]}', b"\0"]
)
def test_a_public_page_that_is_nonsense_is_a_bad_gateway(
    client: Client, public_index: FakePublicIndex, garbage: bytes
) -> None:
    """The answer is 502 with a sentence, not a traceback."""
    public_index.add(*wheel("pkg", "1.0"))
    public_index.garbage = garbage
    answer = client.get("dev", "simple/pkg/")
    assert (answer.status_code, "public index" in answer.text) == (502, True)


def test_a_slow_public_index_is_a_timeout(
    client: Client, public_index: FakePublicIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that does not come in time is 504; what is kept is served meanwhile."""
    monkeypatch.setattr("codeartifact_local.upstream.client._LISTING_SECONDS", 0.2)
    public_index.add(*wheel("pkg", "1.0"))
    public_index.delay = 1.0
    assert client.get("dev", "simple/pkg/").status_code == 504
    assert client.upload("dev", wheel("own", "1.0")).status_code == 200
    assert client.filenames("dev", "own") == ["own-1.0-py3-none-any.whl"]


def test_a_file_that_stops_half_way_is_cut_and_can_be_had_later(
    client: Client, public_index: FakePublicIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A download that stalls ends with an error for its client, keeps nothing, and works the next time."""
    monkeypatch.setattr("codeartifact_local.upstream.client._TIMEOUT", httpx.Timeout(0.3))
    name, content = wheel("pkg", "1.0", body="x" * 1_000_000)
    public_index.add(name, content)
    public_index.stall = threading.Event()
    try:
        with pytest.raises(httpx.RemoteProtocolError):
            client.get("dev", f"simple/pkg/1.0/{name}")
    finally:
        public_index.stall.set()
    public_index.stall = None
    assert client.get("dev", f"simple/pkg/1.0/{name}").content == content


def test_the_public_index_is_reached_through_pips_proxy(
    tmp_path: Path, public_index: FakePublicIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy of pip's configuration is used with its credentials, for pages as for files."""
    name, content = wheel("pkg", "1.0")
    public_index.add(name, content)
    port = urlsplit(public_index.url).port
    monkeypatch.setenv("PIP_PROXY", f"http://user:secret@127.0.0.1:{port}")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with local_codeartifact(tmp_path, public_index="http://public.test/simple/") as local:
        local.create(DOMAIN, "dev")
        client = Client(local, local.token(DOMAIN))
        assert client.get("dev", f"simple/pkg/1.0/{name}").content == content
    assert public_index.asked[0] == "http://public.test/simple/pkg/"
    assert set(public_index.credentials) == {"Basic " + base64.b64encode(b"user:secret").decode()}

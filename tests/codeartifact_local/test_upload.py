"""Uploads: what is taken, what is refused, and with which words."""

import hashlib
import io
import socket
import tarfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.codeartifact_local.conftest import DOMAIN, HTTP, Client, FakePublicIndex, sdist, wheel

from codeartifact_local import archives
from codeartifact_local.settings import Settings
from codeartifact_local.testing import local_codeartifact

BOUNDARY = "----b"

REFUSED: list[tuple[tuple[str, bytes], dict[str, str], str]] = [
    (wheel("pkg", "1.0"), {":action": "submit"}, "not an upload"),
    (wheel("pkg", "1.0"), {"protocol_version": "2"}, "not an upload"),
    (wheel("pkg", "1.0"), {"name": ""}, "lacks name"),
    (wheel("pkg", "1.0"), {"name": "", "version": ""}, "lacks name and version"),
    (wheel("pkg", "1.0"), {"name": "other"}, "is not a file of other 1.0"),
    (wheel("pkg", "1.0"), {"version": "2.0"}, "is not a file of pkg 2.0"),
    (wheel("pkg", "1.0"), {"version": "one"}, "'one' is not a version"),
    (wheel("pkg", "1.0"), {"name": "-pkg"}, "'-pkg' is not a project name"),
    (wheel("pkg", "1.0"), {"sha256_digest": "0" * 64}, "has sha256_digest"),
    (wheel("pkg", "1.0"), {"md5_digest": "0" * 32}, "has md5_digest"),
    (wheel("pkg", "1.0"), {"blake2_256_digest": "0" * 64}, "has blake2_256_digest"),
    (("pkg-1.0.exe", b""), {}, "not the file name of a wheel or sdist"),
    (("pkg-1.0-py3-none-any.whl", b"not a zip"), {}, "not a readable wheel"),
    (("pkg-1.0.tar.gz", b"not gzip"), {}, "not a readable sdist"),
    (("pkg-1.0.tar.gz", sdist("pkg", "1.0")[1][:60]), {}, "not a readable sdist"),
    (("pkg-1.0-py3-none-any.whl", wheel("pkg", "2.0")[1]), {}, "by its own metadata, 'pkg' '2.0'"),
    (("pkg-1.0.tar.gz", sdist("other", "1.0")[1]), {}, "by its own metadata, 'other' '1.0'"),
    (sdist("pkg", "1.0", metadata="Metadata-Version: 2.1\n"), {}, "by its own metadata, '' ''"),
]

UNSAFE_NAMES = [
    "../pkg-1.0-py3-none-any.whl",
    "a/pkg-1.0-py3-none-any.whl",
    "pkg-1.0-py3-none-any.whl\0",
    "pkg-1.0-py3-none-any.whl\n",
    ".pkg-1.0.tar.gz",
    "pkg-1.0..tar.gz",
    "pkg%2f-1.0.tar.gz",
    "pkg-1.0-py3-none-any.whl" + "x" * 300 + ".whl",
]


def raw(client: Client, body: bytes, content_type: str = f"multipart/form-data; boundary={BOUNDARY}") -> int:
    """Post a body as it is and return the status."""
    headers = client.headers() | {"Content-Type": content_type}
    return HTTP.post(client.url("dev"), headers=headers, content=body).status_code


def part(name: str, value: bytes, more: str = "") -> bytes:
    """Return one part of a multipart body."""
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode()
        + value
        + b"\r\n"
    )


def test_the_same_bytes_again_are_a_success(client: Client) -> None:
    """A file that is there already with these bytes gets 200, and changes nothing."""
    file = wheel("pkg", "1.0")
    assert client.upload("dev", file).status_code == 200
    before = client.versions("dev", "pkg")
    assert client.upload("dev", file).status_code == 200
    assert client.versions("dev", "pkg") == before


def test_other_bytes_under_the_same_name_are_a_conflict(client: Client) -> None:
    """Other bytes get 409 and one sentence; the first bytes stay."""
    name, content = wheel("pkg", "1.0")
    client.upload("dev", (name, content))
    answer = client.upload("dev", wheel("pkg", "1.0", body="x = 1"))
    assert answer.status_code == 409
    assert answer.text.startswith(f"{name} already exists with other bytes (sha256 ")
    assert client.get("dev", f"simple/pkg/1.0/{name}").content == content


def test_a_new_file_on_an_old_version_makes_a_new_revision(client: Client) -> None:
    """An sdist after the wheel is added to the version, which has another revision from then on."""
    client.upload("dev", wheel("pkg", "1.0"))
    before = client.versions("dev", "pkg")[0]["revision"]
    assert client.upload("dev", sdist("pkg", "1.0")).status_code == 200
    assert client.versions("dev", "pkg")[0]["revision"] != before
    assert client.filenames("dev", "pkg") == ["pkg-1.0-py3-none-any.whl", "pkg-1.0.tar.gz"]


def test_names_are_normalised_and_local_versions_taken(client: Client) -> None:
    """Any spelling of a name is the same package; a local version works, percent-encoded in addresses."""
    assert client.upload("dev", wheel("My_Pkg", "1.0+g1"), name="my.PKG").status_code == 200
    assert client.packages("dev") == ["my-pkg"]
    file = client.page("dev", "MY-pkg")["files"][0]
    assert file["url"] == "1.0%2Bg1/My_Pkg-1.0%2Bg1-py3-none-any.whl"
    assert client.get("dev", f"simple/my_pkg/{file['url']}").status_code == 200


def test_what_is_no_distribution_is_refused(client: Client) -> None:
    """Form, file name, hashes, archive and metadata must agree; else 400 with one sentence, nothing kept."""
    for file, fields, why in REFUSED:
        answer = client.upload("dev", file, **({"name": "pkg", "version": "1.0"} | fields))
        assert (answer.status_code, why in answer.text) == (400, True), answer.text
    assert client.packages("dev") == []


def test_right_digests_are_taken(client: Client) -> None:
    """The digests that twine sends are compared, in either case of letters."""
    for version in ("1.0", "2.0"):
        name, content = wheel("pkg", version)
        digests = {
            "md5_digest": hashlib.md5(content).hexdigest(),  # noqa: S324
            "sha256_digest": hashlib.sha256(content).hexdigest(),
            "blake2_256_digest": hashlib.blake2b(content, digest_size=32).hexdigest(),
        }
        sent = {field: digest.upper() if version == "2.0" else digest for field, digest in digests.items()}
        assert client.upload("dev", (name, content), **sent).status_code == 200


def test_archives_without_metadata_are_refused(client: Client) -> None:
    """A zip without METADATA is no wheel, and a tar without PKG-INFO is no sdist."""
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("pkg.py", "")
    answer = client.upload("dev", ("pkg-1.0-py3-none-any.whl", empty.getvalue()))
    assert "has no core metadata" in answer.text
    empty = io.BytesIO()
    with tarfile.open(fileobj=empty, mode="w:gz"):
        pass
    assert "has no core metadata" in client.upload("dev", ("pkg-1.0.tar.gz", empty.getvalue())).text


def test_archives_that_unpack_to_very_much_are_refused(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small file that unpacks to more than the limit (lowered here) is refused at the limit."""
    monkeypatch.setattr(archives, "_MAX_UNPACKED_BYTES", 64 * 1024**2)
    packed = zlib.compressobj(wbits=31)
    info = tarfile.TarInfo("pkg-1.0/big")
    info.size = 128 * 1024**2
    zeros = bytes(16 * 1024**2)
    bomb = packed.compress(info.tobuf()) + b"".join(packed.compress(zeros) for _ in range(8)) + packed.flush()
    answer = client.upload("dev", ("pkg-1.0.tar.gz", bomb))
    assert (answer.status_code, "not a readable sdist" in answer.text) == (400, True)
    metadata = wheel("pkg", "1.0", metadata="Name: pkg\nVersion: 1.0\n" + " " * 9 * 1024**2)
    assert client.upload("dev", metadata).status_code == 400


def test_file_names_that_are_no_file_names_are_refused(client: Client) -> None:
    """A path, a control character, a dot in front or an endless name never reaches the disk."""
    content = wheel("pkg", "1.0")[1]
    for filename in UNSAFE_NAMES:
        answer = client.upload("dev", (filename, content), name="pkg", version="1.0")
        assert answer.status_code == 400


def test_broken_forms_are_refused(client: Client) -> None:
    """No multipart, no boundary, a form cut short, two files, or no file at all: 400, never a traceback."""
    content = part("content", wheel("pkg", "1.0")[1], '; filename="pkg-1.0-py3-none-any.whl"')
    end = f"--{BOUNDARY}--\r\n".encode()
    fields = part(":action", b"file_upload") + part("name", b"pkg") + part("version", b"1.0")
    assert raw(client, fields + content + end) == 200
    assert raw(client, fields + content) == 400
    assert raw(client, fields + content + content + end) == 400
    assert raw(client, fields + end) == 400
    assert raw(client, b"") == 400
    assert raw(client, b"garbage") == 400
    assert raw(client, fields + end, "application/json") == 400
    assert raw(client, fields + end, "multipart/form-data") == 400
    assert raw(client, part("x", b"y") * 5000 + end) == 400
    assert raw(client, part("description", b"x" * 9 * 1024**2) + end) == 413


def test_an_upload_cut_off_leaves_nothing(client: Client, tmp_path: Path) -> None:
    """A connection that breaks in the middle of a file leaves neither a package nor a temporary file."""
    host, port = client.local.url.removeprefix("http://").split(":")
    head = (
        f"POST /pypi/d/{DOMAIN}-000000000000/dev/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100000\r\n"
        f"Authorization: {client.headers()['Authorization']}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + part("content", b"x" * 5000, '; filename="pkg-1.0.tar.gz"'))
    assert client.get("dev", "simple/pkg/").status_code == 404
    client.local.client()
    for _ in range(200):
        if not list((tmp_path / "data" / "incoming").iterdir()):
            break
        client.packages("dev")
    assert list((tmp_path / "data" / "incoming").iterdir()) == []


def test_limits_are_settings(tmp_path: Path) -> None:
    """A file larger than the limit gets 413; an upload that sends nothing for too long gets 408."""
    settings = Settings(max_asset_bytes=1000, stalled_upload_seconds=0.2)
    with local_codeartifact(tmp_path, settings=settings) as local:
        local.create(DOMAIN, "dev")
        client = Client(local, local.token(DOMAIN))
        answer = client.upload("dev", wheel("pkg", "1.0", body="x" * 2000))
        assert (answer.status_code, "1000 bytes" in answer.text) == (413, True)
        host, port = local.url.removeprefix("http://").split(":")
        head = (
            f"POST /pypi/d/{DOMAIN}-000000000000/dev/ HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n"
            f"Authorization: {client.headers()['Authorization']}\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        )
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(head.encode())
            assert b" 408 " in connection.recv(1000).split(b"\r\n")[0]


def test_an_upload_that_trickles_has_its_end(tmp_path: Path) -> None:
    """A client that never stalls for long, and never comes to its end either, gets 408 as well."""
    with local_codeartifact(tmp_path, settings=Settings(upload_seconds=0.5)) as local:
        local.create(DOMAIN, "dev")
        client = Client(local, local.token(DOMAIN))

        def trickle() -> Iterator[bytes]:
            yield b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\n"
            for _ in range(100):
                time.sleep(0.05)
                yield b"x"

        headers = client.headers() | {"Content-Type": "multipart/form-data; boundary=b"}
        answer = HTTP.post(client.url("dev"), headers=headers, content=trickle())
        assert (answer.status_code, "longer than 0.5 seconds" in answer.text) == (408, True)


def test_publishing_that_is_blocked_is_refused(client: Client) -> None:
    """publish=BLOCK gets 403 and names the origin controls; a name can be blocked before it exists."""
    client.api.put_package_origin_configuration(
        domain=DOMAIN,
        repository="dev",
        format="pypi",
        package="pkg",
        restrictions={"publish": "BLOCK", "upstream": "ALLOW"},
    )
    answer = client.upload("dev", wheel("pkg", "1.0"))
    assert (answer.status_code, "origin controls" in answer.text) == (403, True)


def test_a_version_that_is_upstream_is_not_published(client: Client, public_index: FakePublicIndex) -> None:
    """A version of the public index or of an upstream gets 409, unless the name's upstream is blocked."""
    public_index.add(*wheel("pkg", "1.0"))
    answer = client.upload("dev", wheel("pkg", "1.0", body="mine"))
    assert (answer.status_code, "the public index" in answer.text) == (409, True)
    client.api.update_repository(domain=DOMAIN, repository="prod", upstreams=[{"repositoryName": "dev"}])
    assert client.upload("dev", wheel("own", "1.0")).status_code == 200
    answer = client.upload("prod", wheel("own", "1.0", body="again"))
    assert (answer.status_code, "upstream, in dev" in answer.text) == (409, True)
    for name in ("pkg", "own"):
        client.api.put_package_origin_configuration(
            domain=DOMAIN,
            repository="prod",
            format="pypi",
            package=name,
            restrictions={"publish": "ALLOW", "upstream": "BLOCK"},
        )
        assert client.upload("prod", wheel(name, "1.0", body="allowed")).status_code == 200


def test_uploads_go_to_the_repositorys_own_address(client: Client) -> None:
    """A POST elsewhere, or to a repository that is not there, gets 404 and a word where to."""
    file = {"content": wheel("pkg", "1.0")}
    answer = HTTP.post(client.url("dev", "simple/"), headers=client.headers(), files=file)
    assert (answer.status_code, "repository's own address" in answer.text) == (404, True)
    assert client.upload("nowhere", wheel("pkg", "1.0")).status_code == 404
    assert HTTP.delete(client.url("dev"), headers=client.headers()).status_code == 405

"""The search for a secret, on archives made here: every form, every depth, and what it refuses."""

import gzip
import io
import json
import random
import re
import tarfile
import tracemalloc
import zipfile
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from tests.docker.secret_forms import forms
from tests.docker.token_scan import CHUNK, Finding, scan

SECRET = "eyJ2ZXIiOjF9.c2VjcmV0/dG9rZW4+x~==" * 3
PERCENT_ENCODED = quote(SECRET, safe="")


def tarred(members: dict[str, bytes]) -> bytes:
    """Return a tar archive of ``members``."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, body in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))
    return buffer.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    """Return a deflated zip archive of ``members``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return buffer.getvalue()


def saved(layer: dict[str, bytes]) -> io.BytesIO:
    """Return an archive as ``docker save`` writes it, of one layer and no configuration to speak of."""
    manifest = [{"Config": "c.json", "Layers": ["a/layer.tar"]}]
    parts = {"c.json": b"{}", "a/layer.tar": tarred(layer), "manifest.json": json.dumps(manifest).encode()}
    return io.BytesIO(tarred(parts))


def found(layer: dict[str, bytes]) -> set[str]:
    """Return the members of ``layer`` that hold the secret."""
    return {finding.member for finding in scan(saved(layer), SECRET)}


def in_lines(text: bytes) -> bytes:
    """Break ``text`` into lines of 76 characters, as the base64 command does."""
    return b"\n".join(text[start : start + 76] for start in range(0, len(text), 76))


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(SECRET.encode(), id="plain"),
        pytest.param(f"http://aws:{SECRET}@127.0.0.1/simple/".encode(), id="address"),
        pytest.param(PERCENT_ENCODED.encode(), id="percent-encoded"),
        pytest.param(re.sub("%..", lambda code: code[0].lower(), PERCENT_ENCODED).encode(), id="lower-case"),
        pytest.param(b64encode(f"aws:{SECRET}".encode()), id="basic-auth"),
        pytest.param(b64encode(f"x-aws:{SECRET}:more".encode()), id="base64-offset-0"),
        pytest.param(b64encode(f"_aws:{SECRET}".encode()), id="base64-offset-2"),
        pytest.param(urlsafe_b64encode(f"aws:{SECRET}".encode()), id="base64url"),
        pytest.param(in_lines(b64encode(f"aws:{SECRET}".encode())), id="base64-in-lines"),
        pytest.param(gzip.compress(f"password {SECRET}".encode()), id="gzip"),
        pytest.param(zipped({"pip.conf": SECRET.encode()}), id="zip"),
        pytest.param(gzip.compress(tarred({"a": zipped({"b": SECRET.encode()})})), id="zip-in-tar-in-gzip"),
    ],
)
def test_finds_each_form(written: bytes) -> None:
    """However the secret is written, the member that holds it is named; its neighbour is not."""
    members = found(
        {"etc/clean": b"nothing here", "etc/leak": written, "etc/also-clean": SECRET[:-9].encode()}
    )
    assert members
    assert all(member.startswith("etc/leak") for member in members)


def test_finds_what_two_reads_divide() -> None:
    """A secret that begins in one chunk and ends in the next is found, wherever the border falls."""
    for cut in range(1, len(SECRET), 7):
        assert found({"leak": b"." * (CHUNK - cut) + SECRET.encode()}) == {"leak"}


def test_finds_a_name() -> None:
    """A secret in the name of an empty file is found."""
    assert found({f"etc/{SECRET}": b""}) == {f"etc/{SECRET}"}


def test_names_the_steps_into_an_archive() -> None:
    """The address of a finding says through which archives it was reached."""
    leak = tarred({"a/deep.gz": gzip.compress(SECRET.encode())})
    assert scan(saved({"opt/all.tar": leak}), SECRET) == [
        Finding(layer="a/layer.tar", member="opt/all.tar!a/deep.gz!", form="plain")
    ]


def test_takes_what_only_begins_like_an_archive_as_it_is() -> None:
    """A file with the first bytes of a gzip or zip archive, and none behind them, is searched as it is."""
    leaks = {"a": b"\x1f\x8b" + SECRET.encode(), "b": b"PK\x03\x04" + SECRET.encode()}
    assert found(leaks) == {"a", "b"}


def test_finds_what_precedes_damage() -> None:
    """The readable beginning of a damaged gzip file is looked at too."""
    noise = random.Random(0).randbytes(2 * CHUNK)  # noqa: S311
    whole = gzip.compress(SECRET.encode() + noise)
    assert found({"damaged.gz": whole[: len(whole) // 2]}) == {"damaged.gz!"}


def test_holds_no_file_in_memory() -> None:
    """A member of 64 MiB is searched within 8 MiB of memory."""
    archive = saved({"zeros.gz": gzip.compress(bytes(64 << 20) + SECRET.encode())})
    tracemalloc.start()
    try:
        findings = scan(archive, SECRET)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [finding.member for finding in findings] == ["zeros.gz!"]
    assert peak < 8 << 20


def test_refuses_half_an_archive() -> None:
    """An archive that lacks its end is an error, never a clean image."""
    whole = saved({"etc/clean": bytes(CHUNK)}).getvalue()
    with pytest.raises(ValueError, match="not a whole saved image"):
        scan(io.BytesIO(whole[: len(whole) // 2]), SECRET)


def test_refuses_a_short_secret() -> None:
    """A secret that would be found everywhere is refused."""
    with pytest.raises(ValueError, match="too short"):
        forms("aws")

"""The search for a secret, on archives made here: every form, every depth, and what it refuses."""

from __future__ import annotations

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

from carrack.adapters.token_scan import TokenScan, scan
from carrack.adapters.token_search import CHUNK
from carrack.errors import BuildError
from carrack.model.secret_forms import Leak, forms

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


def saved(layer: dict[str, bytes], config: bytes = b"{}", *, layer_name: str = "a/layer.tar") -> io.BytesIO:
    """Return an archive as ``docker save`` writes it, of one layer, with no configuration to speak of."""
    manifest = [{"Config": "c.json", "Layers": [layer_name]}]
    parts = {"c.json": config, layer_name: tarred(layer), "manifest.json": json.dumps(manifest).encode()}
    return io.BytesIO(tarred(parts))


def found(layer: dict[str, bytes]) -> set[str]:
    """Return the members of ``layer`` that hold the secret."""
    return {leak.member for leak in scan(saved(layer), SECRET)}


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


def test_finds_a_name_and_does_not_repeat_it() -> None:
    """A secret in the name of an empty file is found, and is not in what is said of it."""
    leaks = scan(saved({f"etc/{SECRET}.txt": b""}), SECRET)
    assert [leak.member for leak in leaks] == ["etc/***.txt"]
    assert SECRET not in repr(leaks)
    assert str(leaks[0]) == "etc/***.txt in layer a/layer.tar (plain)"


def test_finds_it_in_the_configuration() -> None:
    """A secret in the environment or the history is named by its address there, also where it is a key."""
    config = {"config": {"Env": ["A=b", f"T={SECRET}"], "Labels": {SECRET: "x"}}, "history": [{"by": SECRET}]}
    leaks = scan(saved({}, json.dumps(config).encode()), SECRET)
    assert list(map(str, leaks)) == [
        "config.Env[1] (plain)",
        "config.Labels.*** (plain)",
        "history[0].by (plain)",
    ]


@pytest.mark.parametrize("name", ["[", "{a}", "[x].json"])
def test_a_layer_that_begins_like_json_is_a_layer(name: str) -> None:
    """A layer whose first file has a name with a bracket is searched as any other."""
    assert found({name: SECRET.encode()}) == {name}


def test_takes_text_that_no_encoding_has() -> None:
    """Half a surrogate pair in a configuration hides nothing, and stops nothing."""
    leaks = scan(saved({}, b'{"config": {"Env": ["\\ud800 %s"]}}' % SECRET.encode()), SECRET)
    assert [leak.member for leak in leaks] == ["config.Env[0]"]


def test_refuses_what_it_does_not_understand() -> None:
    """A configuration that is no JSON is an error, never a clean image."""
    with pytest.raises(BuildError, match="did not give the whole image"):
        scan(saved({}, b"{]"), SECRET)


def test_names_the_steps_into_an_archive() -> None:
    """The address of a finding says through which archives it was reached."""
    leak = tarred({"a/deep.gz": gzip.compress(SECRET.encode())})
    assert scan(saved({"opt/all.tar": leak}), SECRET) == (
        Leak(layer="a/layer.tar", member="opt/all.tar!a/deep.gz!", form="plain"),
    )


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
        leaks = scan(archive, SECRET)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [leak.member for leak in leaks] == ["zeros.gz!"]
    assert peak < 8 << 20


def test_refuses_half_an_archive() -> None:
    """An archive that lacks its end is an error, never a clean image."""
    whole = saved({"etc/clean": bytes(CHUNK)}).getvalue()
    with pytest.raises(BuildError, match="did not give the whole image"):
        scan(io.BytesIO(whole[: len(whole) // 2]), SECRET)


def test_refuses_a_short_secret() -> None:
    """A secret that would be found everywhere is refused."""
    with pytest.raises(ValueError, match="too short"):
        forms("aws")


def test_searches_a_layer_again_only_where_it_leaked() -> None:
    """A layer that is named by its content, and was clean, is passed over in the next image; no other is."""
    by_content, scan = f"{'a' * 64}/layer.tar", TokenScan([SECRET])
    leaking = {"etc/leak": SECRET.encode()}
    assert scan(saved({}, layer_name=by_content)) == ()
    assert scan(saved(leaking, layer_name=by_content)) == ()  # no engine gives two layers one digest
    assert len(scan(saved(leaking, layer_name=f"{'b' * 64}/layer.tar"))) == 1
    assert len(scan(saved(leaking, layer_name=f"{'b' * 64}/layer.tar"))) == 1
    assert scan(saved({})) == ()
    assert len(scan(saved(leaking))) == 1


def test_a_layer_is_clean_only_when_the_whole_archive_was_read() -> None:
    """What was cut off in the middle of a layer is searched in full the next time."""
    scan, by_content = TokenScan([SECRET]), f"{'a' * 64}/layer.tar"
    whole = saved({"etc/big": bytes(4 * CHUNK), "leak": SECRET.encode()}, layer_name=by_content).getvalue()
    with pytest.raises(BuildError):
        scan(io.BytesIO(whole[: 2 * CHUNK]))
    assert [leak.member for leak in scan(io.BytesIO(whole))] == ["leak"]


def test_looks_for_several_secrets_at_once() -> None:
    """Each of them is found where it is."""
    other = "another-secret-of-some-length"
    scan = TokenScan([SECRET, other])
    assert {leak.member for leak in scan(saved({"a": SECRET.encode(), "b": other.encode(), "c": b""}))} == {
        "a",
        "b",
    }


def test_refuses_a_layer_that_it_cannot_open() -> None:
    """A layer in a compression that Python does not have is an error, never a clean image."""
    parts = {"a/layer.tar": b"\x28\xb5\x2f\xfd" + bytes(600)}
    with pytest.raises(BuildError, match=r"a/layer\.tar is compressed with zstd"):
        scan(io.BytesIO(tarred(parts)), SECRET)


def test_finds_it_in_a_layer_that_is_compressed() -> None:
    """As engines keep layers that they pulled, or will push."""
    layer = gzip.compress(tarred({"etc/leak": b64encode(f"aws:{SECRET}".encode())}))
    manifest = json.dumps([{"Config": "c.json", "Layers": ["blobs/sha256/a"]}]).encode()
    archive = tarred({"blobs/sha256/a": layer, "c.json": b"{}", "manifest.json": manifest})
    assert list(map(str, scan(io.BytesIO(archive), SECRET))) == [
        "etc/leak in layer blobs/sha256/a (base64 at offset 1)"
    ]


@pytest.mark.parametrize("where", ["linkname", "SCHILY.xattr.user.note", "comment"])
def test_finds_it_in_what_a_member_says_of_itself(where: str) -> None:
    """In the target of a link, in an extended attribute, in a comment."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo("etc/link")
        if where == "linkname":
            entry.type, entry.linkname = tarfile.SYMTYPE, SECRET
        else:
            entry.pax_headers = {where: SECRET}
        archive.addfile(entry)
    manifest = json.dumps([{"Config": "c.json", "Layers": ["a/layer.tar"]}]).encode()
    image = tarred({"a/layer.tar": buffer.getvalue(), "c.json": b"{}", "manifest.json": manifest})
    assert "etc/link" in {leak.member for leak in scan(io.BytesIO(image), SECRET)}

"""Whatever comes, the parsers take it or refuse it in words; and where it is cut makes no difference."""

import contextlib
import itertools
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.codeartifact_local.conftest import sdist, wheel
from tests.fuzz.corpus import FIELDS, seeds
from tests.fuzz.target import body_of, form_of, upload_once

from codeartifact_local.archives import ArchiveError, read_metadata
from codeartifact_local.naming import parse_distribution
from codeartifact_local.pypi.address import parse_address
from codeartifact_local.pypi.errors import PypiError
from codeartifact_local.pypi.negotiation import HTML, JSON, PLAIN_HTML, negotiate
from codeartifact_local.tokens import TokenRefusedError, Tokens

FEW = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NOW = datetime(2026, 1, 1, tzinfo=UTC)
EXPECTED = {
    "wheel": "taken",
    "sdist": "taken",
    "no-fields": "not an upload",
    "no-end": "cut short",
    "no-zip": "is not a readable wheel",
    "two-files": "more than one file",
    "long-name": "is not a file name",
    "digests": "has md5_digest",
    "empty": "cut short",
}


def cut(body: bytes, places: Sequence[int]) -> list[bytes]:
    """Cut a body at some places."""
    edges = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    return [body[start:end] for start, end in itertools.pairwise(edges)]


@pytest.mark.parametrize("name", seeds())
def test_the_fuzzers_seeds_are_taken_or_refused(tmp_path: Path, name: str) -> None:
    """Each as its name says; with this the fuzzer's target itself is known to work."""
    found = upload_once(seeds()[name], tmp_path)
    assert EXPECTED[name] in found


@FEW
@given(places=st.lists(st.integers(0, 5000), max_size=12), content=st.binary(max_size=3000))
@example(places=list(range(0, 400)), content=b"\r\n--b")
def test_a_form_is_the_same_however_it_arrives(places: list[int], content: bytes) -> None:
    """Fields and file are those of the whole body, wherever the network cuts it."""
    if b"\r\n--b" in content:
        content = content.replace(b"\r\n--b", b"\r\n-b")
    body = body_of(FIELDS, "pkg-1.0.tar.gz", content)
    with tempfile.TemporaryDirectory() as folder:
        form, received = form_of(cut(body, places), Path(folder))
    assert (form.fields, form.filename, received) == (FIELDS, "pkg-1.0.tar.gz", content)


@FEW
@given(data=st.data(), name=st.sampled_from(sorted(seeds())))
def test_a_broken_upload_is_refused_in_words(data: st.DataObject, name: str) -> None:
    """Bytes changed, lost and added anywhere: never an exception that is not an answer."""
    body = bytearray(seeds()[name])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(body)))
        body[place : place + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=20))
    with tempfile.TemporaryDirectory() as folder:
        assert upload_once(bytes(body), Path(folder))


@FEW
@given(data=st.data(), make=st.sampled_from([wheel, sdist]))
def test_a_broken_archive_is_an_archive_error(data: st.DataObject, make: object) -> None:
    """Of wheels and sdists alike, whichever byte is wrong."""
    name, whole = (wheel if make is wheel else sdist)("pkg", "1.0")
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
        with contextlib.suppress(ArchiveError):
            assert read_metadata(path, parse_distribution(name))["name"] == "pkg"


@FEW
@given(
    path=st.lists(
        st.sampled_from(
            ["d", "acme-000000000000", "dev", "simple", "pkg", "%2e%2e", "..", "%2f", "%00", "%ff", ""]
        )
        | st.text(max_size=8),
        max_size=8,
    ),
    host=st.sampled_from(["", "localhost", "acme-000000000000.d.codeartifact.us-east-1.amazonaws.com"]),
)
def test_no_address_leaves_its_path(path: list[str], host: str) -> None:
    """An address has plain segments, or is refused with 404."""
    raw = "/pypi/" + "/".join(path)
    with contextlib.suppress(PypiError):
        found = parse_address(raw.encode("utf-8", "replace"), host)
        for segment in (found.repository, *found.rest):
            assert "/" not in segment
            assert segment not in (".", "..")
            assert segment.isprintable()


@FEW
@given(accept=st.text(alphabet="ab/*;,q=.0123456789+jsonhtml ", max_size=60) | st.text(max_size=40))
def test_any_accept_header_has_an_answer(accept: str) -> None:
    """One of the forms on offer, or none."""
    assert negotiate(accept) in (None, JSON, HTML, PLAIN_HTML)


@FEW
@given(data=st.data())
def test_a_changed_token_opens_nothing(data: st.DataObject) -> None:
    """Whatever is changed, lost or added in a token, and whatever else is sent as one."""
    tokens = Tokens(b"k" * 32)
    token = tokens.issue(domain="acme", owner="0" * 12, issued=NOW, expires=NOW + timedelta(hours=1))
    tokens.check(token, domain="acme", owner="0" * 12, now=NOW)
    place = data.draw(st.integers(0, len(token)))
    end = data.draw(st.integers(place, len(token)))
    changed = token[:place] + data.draw(st.text(max_size=5)) + token[end:]
    if changed != token:
        with pytest.raises(TokenRefusedError):
            tokens.check(changed, domain="acme", owner="0" * 12, now=NOW)

"""Uploads with the real twine to a real HTTP server that answers as it is told."""

from __future__ import annotations

import logging
import ssl
import subprocess
import sys
import traceback
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest
import requests
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.carrack.repositories import Repository, package
from tests.carrack.upload_server import TOKEN, Answer, UploadServer, serving
from tests.carrack.wheels import make_large_wheel, make_wheel

from carrack.adapters import uploader as module
from carrack.adapters.hashing import describe
from carrack.adapters.pace import Pace
from carrack.adapters.uploader import TwineUploader
from carrack.errors import BuildError, CarrackError, IndexAccessError, PublishedDiffersError, StoppedError
from carrack.model.access import Access, Token
from carrack.model.artifact import Artifact


def artifact(path: Path, name: str = "alpha", version: str = "0.1.0") -> Artifact:
    """A file on disk, as planned."""
    return Artifact(name=canonicalize_name(name), version=Version(version), path=path, file=describe(path))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with alpha's sdist and wheel, made by hatchling."""
    folder = tmp_path_factory.mktemp("built")
    Repository(folder).write(package("alpha", "0.1.0", "click>=8"))
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", folder / "out"],
        cwd=folder / "packages/alpha",
        check=True,
        capture_output=True,
    )
    return folder / "out"


@pytest.fixture
def wheel(built: Path) -> Artifact:
    """Alpha's wheel."""
    return artifact(built / "alpha-0.1.0-py3-none-any.whl")


@pytest.fixture
def server() -> Iterator[UploadServer]:
    """The index on loopback."""
    with serving(UploadServer()) as running:
        yield running


@pytest.fixture
def naps() -> list[float]:
    """How long the uploader waited, each time."""
    return []


@pytest.fixture
def upload(server: UploadServer, naps: list[float]) -> TwineUploader:
    """The uploader; it notes its pauses and does not make them."""
    return TwineUploader(access=server.access, sleep=naps.append)


@pytest.mark.parametrize("file", ["alpha-0.1.0-py3-none-any.whl", "alpha-0.1.0.tar.gz"])
def test_an_upload_is_one_post_of_the_very_file(
    server: UploadServer, upload: TwineUploader, built: Path, file: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """One POST with user aws, the token, the metadata and the bytes; nothing on stdout or stderr."""
    upload.upload(artifact(built / file))
    (post,) = server.posts
    assert post.credentials == f"aws:{TOKEN}"
    assert (post.filename, post.content) == (file, (built / file).read_bytes())
    assert post.fields[":action"] == ["file_upload"]
    assert (post.fields["name"], post.fields["version"]) == (["alpha"], ["0.1.0"])
    assert post.fields["sha256_digest"] == [describe(built / file).sha256]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("status", [201, 204])
def test_other_successes_are_successes(
    server: UploadServer, upload: TwineUploader, wheel: Artifact, status: int
) -> None:
    """Every 2xx is taken as done."""
    server.answers = [Answer(status=status)]
    upload.upload(wheel)
    assert len(server.posts) == 1


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (
            Answer(status=401, body="token\n expired"),
            IndexAccessError,
            r"did not let us upload \(401\): token expired",
        ),
        (Answer(status=403, body="no"), IndexAccessError, r"\(403\): no"),
        (Answer(status=404), IndexAccessError, r"\(404\): Not Found"),
        (Answer(status=409, body="other bytes"), PublishedDiffersError, "refused the upload: other bytes"),
        (
            Answer(status=400, body="bad metadata"),
            IndexAccessError,
            r"refused the file \(400\): bad metadata",
        ),
        (Answer(status=413), IndexAccessError, r"refused the file \(413\)"),
        (
            Answer(status=301, headers={"Location": "/elsewhere/"}),
            IndexAccessError,
            r"refused the file \(301\)",
        ),
        (Answer(status=302), IndexAccessError, r"refused the file \(302\)"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else "",
)
def test_an_answer_that_another_try_would_not_change_is_an_error_at_once(
    server: UploadServer,
    upload: TwineUploader,
    wheel: Artifact,
    naps: list[float],
    answer: Answer,
    error: type[CarrackError],
    said: str,
) -> None:
    """One POST, no pause, no redirect followed; the error names the file and says what the index said."""
    server.answers = [answer]
    with pytest.raises(error, match=said) as caught:
        upload.upload(wheel)
    assert caught.value.address == wheel.file.name
    assert caught.value.hint
    assert (len(server.posts), naps) == (1, [])


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 0])
def test_a_fault_that_passes_is_tried_again_once_a_pause(
    server: UploadServer, upload: TwineUploader, wheel: Artifact, naps: list[float], status: int
) -> None:
    """A throttled, failing or broken answer (0: the connection is reset) is followed by one more POST."""
    server.answers = [Answer(status=status)]
    upload.upload(wheel)
    assert (len(server.posts), naps) == (2, [0.5])
    assert server.posts[1].content == wheel.path.read_bytes()


def test_an_index_that_does_not_answer_is_tried_again(
    server: UploadServer,
    upload: TwineUploader,
    wheel: Artifact,
    naps: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A try is bounded in time."""
    monkeypatch.setattr(module, "_TIMEOUT", (5, 0.2))
    server.answers = [Answer(slow=True)]
    upload.upload(wheel)
    assert (len(server.posts), naps) == (2, [0.5])


def test_tries_end(server: UploadServer, upload: TwineUploader, wheel: Artifact, naps: list[float]) -> None:
    """Five tries with growing pauses, none after the last; then the error says what the last one met."""
    server.answers = [Answer(status=503)] * 9
    with pytest.raises(StoppedError, match="503 Service Unavailable") as caught:
        upload.upload(wheel)
    assert len(server.posts) == 5
    assert [nap for nap in naps if nap] == [0.5, 1, 2, 4]
    assert "same command again" in caught.value.hint


def test_an_index_that_is_not_there_is_an_error_in_words(server: UploadServer, wheel: Artifact) -> None:
    """Nobody at the address: no address and no exception's name in the sentence."""
    access = server.access
    with serving(UploadServer()) as gone:
        access = gone.access
    with pytest.raises(StoppedError, match="did not take the file: no connection"):
        TwineUploader(access=access, sleep=lambda _: None).upload(wheel)


@pytest.mark.parametrize(
    ("value", "naps_then"),
    [("7", [7.0]), ("3600", [60.0]), ("0", [0.5]), ("²", [0.5]), ("Wed, 21 Oct 2015 07:28:00 GMT", [0.5])],
)
def test_retry_after_is_honoured_up_to_a_minute(
    server: UploadServer,
    upload: TwineUploader,
    wheel: Artifact,
    naps: list[float],
    value: str,
    naps_then: list[float],
) -> None:
    """The index's own pause is kept where it is longer than ours and in seconds; a minute is the most."""
    header = value.encode().decode("latin-1")
    server.answers = [Answer(status=429, headers={"Retry-After": header})]
    upload.upload(wheel)
    assert naps == naps_then


@pytest.mark.parametrize("status", [401, 409, 400, 302, 503, 0])
def test_the_token_is_nowhere(
    server: UploadServer,
    upload: TwineUploader,
    wheel: Artifact,
    status: int,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither error, traceback, repr, log nor terminal holds the token, even where the index sends it back."""
    caplog.set_level(logging.DEBUG)
    server.answers = [Answer(status=status, echo=True)] * 5
    with pytest.raises(CarrackError) as caught:
        upload.upload(wheel)
    shown = "".join(traceback.format_exception(caught.value, chain=True))
    shown += repr(caught.value) + repr(upload) + caplog.text + "".join(capfd.readouterr())
    assert server.posts[0].credentials.endswith(TOKEN)
    assert TOKEN not in shown
    assert b64encode(f"aws:{TOKEN}".encode()).decode() not in shown


def test_nothing_of_the_users_settings_changes_what_is_sent(
    server: UploadServer,
    upload: TwineUploader,
    wheel: Artifact,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A .netrc, a .pypirc and TWINE_ variables name other users and addresses; the POST goes where it was told."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    (tmp_path / ".netrc").chmod(0o600)
    (tmp_path / ".pypirc").write_text(
        "[distutils]\nindex-servers = pypi\n[pypi]\nrepository = http://127.0.0.1:1/\nusername = somebody\n"
    )
    for name, value in {
        "USERNAME": "somebody",
        "PASSWORD": "else",
        "REPOSITORY_URL": "http://127.0.0.1:1/",
    }.items():
        monkeypatch.setenv(f"TWINE_{name}", value)
    requests.post(server.access.repository_url, files={"content": b""}, timeout=10)
    upload.upload(wheel)
    assert [post.credentials for post in server.posts] == ["somebody:else", f"aws:{TOKEN}"]


@pytest.fixture
def encrypted(certificate: Path) -> Iterator[UploadServer]:
    """The index behind TLS, with a certificate of its own."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with serving(UploadServer(tls=context)) as running:
        yield running


@pytest.mark.parametrize(
    ("bundle", "said"), [("", "its certificate is not trusted"), ("nowhere.pem", "nowhere.pem")]
)
def test_a_certificate_that_is_not_trusted_is_said_and_not_tried_again(
    encrypted: UploadServer,
    wheel: Artifact,
    naps: list[float],
    bundle: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor one where the file of trusted ones is missing: the variable that helps behind a proxy is named."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    with pytest.raises(IndexAccessError, match=said) as caught:
        TwineUploader(access=encrypted.access, sleep=naps.append).upload(wheel)
    assert "REQUESTS_CA_BUNDLE" in caught.value.hint
    assert (encrypted.posts, naps) == ([], [])


def test_a_tls_connection_that_is_reset_is_tried_again(
    encrypted: UploadServer,
    certificate: Path,
    tmp_path: Path,
    naps: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It says nothing of certificates; when the tries are used up, the index may have the file all the same."""
    wheel = artifact(make_large_wheel(tmp_path, "alpha", "0.1.0", 16 << 20))
    encrypted.answers = [Answer(amid=True)]
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate / "cert.pem"))
    uploader = TwineUploader(access=encrypted.access, sleep=naps.append)
    uploader.upload(wheel)
    assert (len(encrypted.posts), naps) == (1, [0.5])
    encrypted.answers = [Answer(amid=True)] * 5
    with pytest.raises(
        StoppedError, match=r"did not take the file: (its TLS connection broke|no connection)"
    ) as caught:
        uploader.upload(wheel)
    assert "same command again" in caught.value.hint


@pytest.mark.parametrize("file", ["alpha-0.1.0-py3-none-any.whl", "alpha-0.1.0.tar.gz"])
def test_a_good_file_passes_the_check(
    upload: TwineUploader, server: UploadServer, built: Path, file: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """The strict check of a good file says nothing, anywhere, and sends nothing."""
    upload.check(artifact(built / file))
    assert capfd.readouterr() == ("", "")
    assert server.posts == []


def test_a_file_that_twine_would_warn_of_does_not_pass(
    upload: TwineUploader, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A missing long description fails the strict check; twine's own words are in the error, not on the terminal."""
    path = make_wheel(tmp_path, "alpha", "0.1.0")
    with pytest.raises(BuildError, match="strict check does not pass") as caught:
        upload.check(artifact(path))
    assert caught.value.address == path.name
    assert caught.value.untouched == "the index"
    assert "`long_description` missing" in caught.value.output
    assert capfd.readouterr() == ("", "")


def test_a_file_that_is_no_distribution_does_not_pass(upload: TwineUploader, tmp_path: Path) -> None:
    """A wheel without metadata is one sentence."""
    path = tmp_path / "alpha-0.1.0-py3-none-any.whl"
    path.write_bytes(b"PK\x05\x06" + bytes(18))
    with pytest.raises(BuildError) as caught:
        upload.check(artifact(path))
    assert caught.value.address == path.name


@pytest.mark.parametrize(("name", "version"), [("beta", "0.1.0"), ("alpha", "0.2.0")])
def test_metadata_that_says_something_else_does_not_pass(
    upload: TwineUploader, wheel: Artifact, name: str, version: str
) -> None:
    """A file whose metadata has another name or version than planned is refused; spelling does not matter."""
    with pytest.raises(BuildError, match=f"says alpha 0.1.0, but {name} {version} was planned"):
        upload.check(artifact(wheel.path, name, version))
    upload.check(artifact(wheel.path, "alpha", "0.1"))


class Gate:
    """A gate that gives `tokens` one after the other."""

    def __init__(self, access: Access, *tokens: str) -> None:
        self.access, self.tokens = access, list(tokens)

    def open(self) -> Access:
        """The way in with the first token that is left."""
        return replace(self.access, token=Token(value=self.tokens[0]))

    def renew(self, refused: Token) -> bool:
        """Go on to the next, if there is one."""
        if self.tokens[0] == refused.value and len(self.tokens) > 1:
            del self.tokens[0]
        return self.tokens[0] != refused.value


def test_a_refused_token_is_made_anew_once(server: UploadServer, wheel: Artifact, naps: list[float]) -> None:
    """After 401 the file goes again with another token, at once and without counting as a try."""
    server.answers = [Answer(status=401)]
    gate: Any = Gate(server.access, "old", "new", "never")
    TwineUploader(access=server.access, gate=gate, sleep=naps.append).upload(wheel)
    assert [post.credentials for post in server.posts] == ["aws:old", "aws:new"]
    assert naps == []


def test_a_second_refusal_ends_it(server: UploadServer, wheel: Artifact) -> None:
    """Two tokens refused are a matter of permission."""
    server.answers = [Answer(status=401), Answer(status=401)]
    gate: Any = Gate(server.access, "old", "new", "never")
    with pytest.raises(IndexAccessError, match="did not let us upload \\(401\\)"):
        TwineUploader(access=server.access, gate=gate).upload(wheel)
    assert len(server.posts) == 2


def test_threads_upload_side_by_side_and_stdout_stays_as_it_was(
    server: UploadServer, wheel: Artifact, capfd: pytest.CaptureFixture[str]
) -> None:
    """Sixteen uploads from eight threads: every file arrives whole, and what twine prints goes nowhere."""
    before = sys.stdout
    uploader = TwineUploader(access=server.access, pace=Pace(1000))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(uploader.upload, [wheel] * 16))
    assert {post.content for post in server.posts} == {wheel.path.read_bytes()}
    assert len(server.posts) == 16
    assert sys.stdout is before
    assert capfd.readouterr() == ("", "")


def uploads(uploader: TwineUploader, wheel: Artifact, count: int) -> None:
    """Upload a file so many times, from as many threads as a release has."""

    def one(_: int) -> None:
        with uploader.turn():
            uploader.upload(wheel)

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(one, range(count)))


def free(server: UploadServer) -> TwineUploader:
    """An uploader without a rate, which does not pause between tries."""
    return TwineUploader(access=server.access, pace=Pace(inf), sleep=lambda _: None)


def test_a_connection_serves_one_file_after_the_other(server: UploadServer, wheel: Artifact) -> None:
    """Forty files, one at a time, go over one connection; from many threads, over no more than are on their way."""
    uploader = free(server)
    for _ in range(40):
        uploader.upload(wheel)
    assert (len(server.posts), server.connections) == (40, 1)
    uploads(uploader, wheel, 100)
    assert len(server.posts) == 140
    assert server.connections <= 32


def test_a_connection_that_the_index_closed_is_made_anew(server: UploadServer, wheel: Artifact) -> None:
    """After an answer that ends the connection the next file has its own, and nothing is tried twice."""
    server.answers = [Answer(headers={"Connection": "close"})]
    uploader = free(server)
    uploader.upload(wheel)
    uploader.upload(wheel)
    assert (len(server.posts), server.connections) == (2, 2)


def test_more_are_on_their_way_where_an_answer_takes_long(server: UploadServer, wheel: Artifact) -> None:
    """At 150 ms an answer, four uploads are on their way at first, and soon over twice as many; never over 32."""
    server.away = 0.15
    uploads(free(server), wheel, 160)
    assert max(server.crowds[:4]) <= 4
    assert 8 < max(server.crowds) <= 32


def test_fewer_are_on_their_way_where_the_index_refuses(server: UploadServer, wheel: Artifact) -> None:
    """An index with room for six answers 429 to the others, which halves what is on its way; all arrive in the end."""
    server.away, server.room = 0.02, 6
    uploads(free(server), wheel, 200)
    assert len(server.posts) == 200 + server.refusals
    assert server.refusals > 0
    assert max(server.crowds[-100:]) <= 10


def test_no_more_are_on_their_way_than_the_pace_keeps_busy(server: UploadServer, wheel: Artifact) -> None:
    """With forty uploads a second, at 100 ms each, about four are on their way, however many wait."""
    server.away = 0.1
    uploads(TwineUploader(access=server.access, pace=Pace(40)), wheel, 60)
    assert max(server.crowds) <= 10


def test_the_pace_is_the_index_s_own(server: UploadServer) -> None:
    """The quota of AWS's account where nothing else is said of the index."""
    assert TwineUploader(access=server.access).turns.window.per_second == 10


def test_every_try_keeps_to_the_pace(server: UploadServer, wheel: Artifact) -> None:
    """A retried upload is one more call of the service's quota."""
    server.answers = [Answer(status=503)]
    waits: list[float] = []
    clock = iter([0.0, 0.0])
    pace = Pace(10, clock=lambda: next(clock), sleep=waits.append)
    TwineUploader(access=server.access, pace=pace, sleep=lambda _: None).upload(wheel)
    assert waits == [0.1]

"""Stores on S3: moto's server, and one that refuses everything."""

import errno
import gc
import gzip
import http.server
import io
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pyarrow as pa
import pytest
from moto.s3.exceptions import S3ClientError
from moto.s3.models import S3Backend
from tests.carrack.aws_server import aws_server

from record_io import (
    AccessDeniedError,
    MissingInputError,
    OutputFolder,
    OutputRefusedError,
    RecordIOError,
    UnavailableError,
    cut,
    find_inputs,
    read_records,
    s3_store,
    store_at,
)

LINES = "".join(f'{{"n": {n}}}\n' for n in range(100)).encode()
SCHEMA = pa.schema({"n": pa.int64()})


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    """Start a server, with a bucket `data` that has some records."""
    with aws_server() as environ, pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        for key, body in {
            "in/b.jsonl": LINES,
            "in/a/z.csv.gz": gzip.compress(b"n\n-1\n"),
            "in/a/": b"",
            "in/_old.csv": b"n\n7\n",
            "in/notes.txt": b"?",
            "inside.csv": b"n\n8\n",
        }.items():
            s3.put_object(Bucket="data", Key=key, Body=body)
        yield environ


@pytest.fixture(autouse=True)
def environ(server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test speak to the server, and not wait long for another."""
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(s3_store, "_ATTEMPTS", 2)


def test_objects_below_a_prefix_are_inputs_like_files_in_a_folder() -> None:
    """The same names count and the same order; what only begins like the prefix is not below it."""
    inputs = find_inputs("s3://data/in/")
    assert [(one.name, one.size) for one in inputs] == [("a/z.csv.gz", 25), ("b.jsonl", len(LINES))]
    batches = list(read_records(inputs, SCHEMA))
    assert [record["n"] for batch in batches for record in batch.records.to_pylist()] == ["-1", *range(100)]


def test_one_object_is_an_input() -> None:
    """Its name is the last part of its key."""
    (one,) = find_inputs("s3://data/inside.csv")
    assert one.name == "inside.csv"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("s3://data/absent", "s3://data/absent: nothing to read"),
        ("s3://data/in/notes.txt", "s3://data/in/notes.txt: nothing to read"),
        ("s3://no-such-bucket/in", "s3://no-such-bucket/in: there is no such bucket"),
    ],
)
def test_nothing_to_read_is_an_error_with_the_address(address: str, sentence: str) -> None:
    """One sentence, whether the bucket, the object or the records are missing."""
    with pytest.raises(MissingInputError) as raised:
        find_inputs(address)
    assert str(raised.value).startswith(sentence)


@pytest.mark.parametrize("size", [7, 50, 1000])
def test_an_object_is_read_in_pieces(size: int) -> None:
    """Each record is in one piece, like in a file of this machine."""
    inputs = find_inputs("s3://data/in/b.jsonl")
    batches = list(read_records(cut(inputs, size), SCHEMA))
    assert [record["n"] for batch in batches for record in batch.records.to_pylist()] == list(range(100))


def test_a_store_keeps_what_is_written(tmp_path: Path) -> None:
    """Bytes, files of this machine, and nothing after they are removed."""
    store = store_at("s3://data/kept")
    (tmp_path / "file").write_bytes(b"file")
    store.write("x/one", b"one")
    store.take("x/two", tmp_path / "file")
    assert not (tmp_path / "file").exists()
    assert (store.read("x/one"), store.read("x/two"), store.read("x/three")) == (b"one", b"file", None)
    assert sorted((one.name, one.size) for one in store.files()) == [("x/one", 3), ("x/two", 4)]
    assert store.here("x/two", tmp_path).read_bytes() == b"file"
    store.remove("x/one")
    assert [one.name for one in store.files("x")] == ["x/two"]
    store.remove("x")
    assert list(store.files()) == []


TORN = """
import sys
from pathlib import Path

from record_io import store_at
from tests.record_io.test_s3 import FailingDisk

Path.open = lambda path, mode: FailingDisk(b"x" * (16 << 20))
try:
    store_at("s3://data/torn").take("ended", Path("file"))
except OSError as error:
    print(error.strerror)
"""


class FailingDisk(io.BytesIO):
    """A file whose bytes end in an error of this machine."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Fail where the file would end."""
        if not (data := super().read(size)):
            raise OSError(errno.EIO, "Input/output error")
        return data


def test_no_part_of_a_file_is_seen_when_this_machine_cannot_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 has the first 16 MiB by then, and nobody makes an object of them; put again, it is whole."""
    data = b"x" * (16 << 20)
    (tmp_path / "file").write_bytes(data)
    store = store_at("s3://data/torn")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", lambda path, mode: FailingDisk(data))
        with pytest.raises(OSError, match="Input/output error"):
            store.take("part", tmp_path / "file")
    gc.collect()
    assert list(store.files()) == []
    store.take("part", tmp_path / "file")
    assert [(one.name, one.size) for one in store.files()] == [("part", 16 << 20)]
    store.remove("part")


@pytest.mark.parametrize("refused", [1, 2, 3])
def test_no_part_of_a_file_is_seen_when_s3_refuses_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: int
) -> None:
    """Whichever it is: the parts before it are no object."""
    real = S3Backend.upload_part

    def upload(
        backend: S3Backend, bucket: str, upload: str, number: int, value: bytes, *more: object
    ) -> object:
        if number == refused:
            raise S3ClientError("InternalError", "it says so")
        return real(backend, bucket, upload, number, value, *more)

    monkeypatch.setattr(S3Backend, "upload_part", upload)
    (tmp_path / "file").write_bytes(b"x" * (22 << 20))
    store = store_at("s3://data/refused")
    with pytest.raises(UnavailableError, match="it says so"):
        store.take("part", tmp_path / "file")
    gc.collect()
    assert list(store.files()) == []
    assert (tmp_path / "file").exists()


def test_a_process_that_ends_completes_nothing() -> None:
    """What it gave up is not made an object when it goes."""
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", TORN], cwd=root, stdout=subprocess.PIPE, text=True, check=True
    )
    assert ended.stdout == "Input/output error\n"
    assert list(store_at("s3://data/torn").files()) == []


def test_a_folder_in_a_bucket_knows_what_is_in_it() -> None:
    """An output there would be read by the next run; one beside it would not."""
    store = store_at("s3://data/in")
    assert store.holds("s3://data/in/out")
    assert not store.holds("s3://data/inside")
    assert not store.holds("/data/in/out")


def publish(where: str, *names: str) -> None:
    """Publish files with the given names."""
    with OutputFolder(where) as output:
        for name in names:
            (output.work / name).write_text(name)
        output.publish(names, {"answer": 42})


def test_an_output_is_published_once() -> None:
    """The manifest is there, nothing unfinished is left, and a second run is refused."""
    publish("s3://data/out", "one", "two")
    assert sorted(one.name for one in store_at("s3://data/out").files()) == ["_manifest.json", "one", "two"]
    with pytest.raises(OutputRefusedError, match="s3://data/out: holds a finished output"):
        publish("s3://data/out", "one")


def test_what_a_killed_run_has_published_is_taken_back() -> None:
    """Its list is there before the first file; without the manifest none of them counts."""
    store = store_at("s3://data/killed")
    store.write(".unfinished/_manifest.json", b'{"files": ["one", "two"]}')
    store.write("one", b"?")
    publish("s3://data/killed", "three")
    assert sorted(one.name for one in store.files()) == ["_manifest.json", "three"]


def test_other_objects_are_not_mixed_with() -> None:
    """Nor is a bucket made that is not there."""
    with pytest.raises(OutputRefusedError, match=r"s3://data/in: holds '_old\.csv'"):
        publish("s3://data/in", "one")
    with pytest.raises(OutputRefusedError, match=r"cannot be an output folder: .*there is no such bucket"):
        publish("s3://no-such-bucket/out", "one")


@contextmanager
def refusing(status: int, code: str) -> Iterator[str]:
    """A server that answers every request with an error of S3's form; yield its address."""
    body = f"<Error><Code>{code}</Code><Message>it says so</Message></Error>".encode()

    class Refusal(http.server.BaseHTTPRequestHandler):
        def _refuse(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _refuse  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusal) as refused:
        thread = threading.Thread(target=refused.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{refused.server_port}"
        refused.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "AccessDenied", AccessDeniedError),
        (403, "InvalidAccessKeyId", AccessDeniedError),
        (503, "SlowDown", UnavailableError),
        (429, "TooManyRequests", UnavailableError),
    ],
)
def test_what_s3_refuses_is_told_apart_by_who_can_act(
    status: int, code: str, kind: type[RecordIOError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Denied is for who gives permissions; slow down is for later, after it was asked a few times."""
    with refusing(status, code) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        for fails in (
            lambda: find_inputs("s3://data/in"),
            lambda: store_at("s3://data/in").read("one"),
            lambda: store_at("s3://data/in").write("one", b""),
        ):
            with pytest.raises(kind, match=r"^s3://data/in") as raised:
                fails()
            assert "\n" not in str(raised.value)


def test_a_server_that_is_not_there_may_be_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network is nobody's mistake."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(UnavailableError, match="NETWORK_CONNECTION"):
        find_inputs("s3://data/in")

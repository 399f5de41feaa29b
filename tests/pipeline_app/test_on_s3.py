"""The job on S3: moto's server has the input, the rules and the output."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from tests.carrack.aws_server import aws_server
from tests.pipeline_app.test_killed import FEW, run_killed
from tests.pipeline_app.test_shards import FILES, content, run_array, small, to
from tests.record_io.test_s3 import refusing

from pipeline_app.job import run
from pipeline_app.parameters import Parameters
from pipeline_app.watch import Stopped

__all__ = ["small"]

Prepare = Callable[..., Parameters]


class Bucket:
    """A bucket that knows what is in it."""

    def __init__(self) -> None:
        self._s3 = boto3.client("s3")
        self._s3.create_bucket(
            Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )

    def put(self, files: dict[str, bytes]) -> None:
        """Put objects."""
        for key, body in files.items():
            self._s3.put_object(Bucket="data", Key=key, Body=body)

    def content(self, prefix: str) -> dict[str, bytes]:
        """Return the bytes of every object below a prefix; keys that end in `/` are markers."""
        listed = self._s3.list_objects_v2(Bucket="data", Prefix=f"{prefix}/").get("Contents", [])
        keys = [one["Key"] for one in listed if not one["Key"].endswith("/")]
        bodies = {key: self._s3.get_object(Bucket="data", Key=key)["Body"].read() for key in keys}
        return {key.removeprefix(f"{prefix}/"): body for key, body in bodies.items()}


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    """Start a server, which all of the module's tests use."""
    with aws_server() as environ, pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        yield Bucket()


@pytest.fixture
def on_s3(bucket: Bucket, parameters: Prepare, tmp_path: Path) -> Callable[..., Parameters]:
    """Return a function that gives the parameters of a job that is all on S3, and does the same one here."""

    def prepared(files: dict[str, str], name: str) -> Parameters:
        here = parameters(files)
        run(to(here, tmp_path / "one"))
        bucket.put({f"{name}/in/{file}": text.encode() for file, text in files.items()})
        bucket.put({f"{name}/rules.toml": (tmp_path / "rules.toml").read_bytes()})
        addresses = {
            "input_path": f"s3://data/{name}/in",
            "output_path": f"s3://data/{name}/out",
            "rules_path": f"s3://data/{name}/rules.toml",
        }
        return here.model_copy(update=addresses)

    return prepared


def test_a_job_on_s3_writes_what_it_does_here(
    on_s3: Callable[..., Parameters], bucket: Bucket, tmp_path: Path
) -> None:
    """Byte for byte, and nothing unfinished is left."""
    run(on_s3(FILES, "whole"))
    assert bucket.content("whole/out") == content(tmp_path / "one")


@pytest.mark.usefixtures("small")
def test_shards_and_their_merge_on_s3_do_so_too(
    on_s3: Callable[..., Parameters], bucket: Bucket, tmp_path: Path
) -> None:
    """Each of them could be on a machine of its own: they meet nowhere but in the bucket."""
    given = on_s3(FILES, "array")
    run_array(given, given.output_path, 4)
    assert bucket.content("array/out") == content(tmp_path / "one")


@pytest.mark.usefixtures("small")
def test_a_job_on_s3_that_is_stopped_goes_on_from_there(
    on_s3: Callable[..., Parameters], bucket: Bucket, tmp_path: Path
) -> None:
    """Another machine takes over what the first one has put into the bucket."""
    given = on_s3(FILES, "stopped")
    for _ in range(3):
        asked = iter([False] * 3)
        with pytest.raises(Stopped):
            run(given, stopping=lambda asked=asked: next(asked, True))  # type: ignore[misc]
        assert "_manifest.json" not in bucket.content("stopped/out")
    run(given)
    assert bucket.content("stopped/out") == content(tmp_path / "one")


@pytest.mark.slow
def test_a_job_on_s3_that_is_killed_at_any_write_ends_with_the_same_bytes(
    on_s3: Callable[..., Parameters], bucket: Bucket, tmp_path: Path
) -> None:
    """Before each request that writes or deletes."""
    given = on_s3(FEW, "killed")
    writes = run_killed(given, 0)
    assert writes > 10
    for moment in range(writes):
        assert bucket.content(f"killed/out-{moment}") == content(tmp_path / "one")


def command(
    parameters: Parameters, environ: dict[str, str], **changes: object
) -> subprocess.CompletedProcess[str]:
    """Run `python -m pipeline_app` with the parameters in CONFIG_JSON."""
    text = json.dumps(json.loads(parameters.model_dump_json()) | changes)
    return subprocess.run(
        [sys.executable, "-m", "pipeline_app"],
        env=os.environ | {"CONFIG_JSON": text} | environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({"input_path": "s3://no-such-bucket/in"}, 66, "s3://no-such-bucket/in: there is no such bucket"),
        ({"input_path": "s3://data/absent"}, 66, "s3://data/absent: nothing to read"),
        (
            {"output_path": "s3://no-such-bucket/out"},
            78,
            "s3://no-such-bucket/out: cannot be an output folder",
        ),
        ({"rules_path": "s3://data/absent.toml"}, 78, "s3://data/absent.toml: there is no such object"),
        ({"output_path": "s3://data/mistakes/in/out"}, 78, "s3://data/mistakes/in/out: lies in the input"),
    ],
)
def test_a_mistake_is_one_sentence_and_its_exit_code(
    on_s3: Callable[..., Parameters], changes: dict[str, object], code: int, sentence: str
) -> None:
    """The address that is wrong, and who can act."""
    done = command(on_s3(FILES, "mistakes"), {}, **changes)
    assert done.returncode == code, done.stderr
    assert f"error: {sentence}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("status", "name", "code"),
    [(403, "AccessDenied", 77), pytest.param(503, "SlowDown", 75, marks=pytest.mark.slow)],
)
def test_what_s3_refuses_is_an_exit_code_for_retry_rules(
    on_s3: Callable[..., Parameters], status: int, name: str, code: int
) -> None:
    """Denied is not retried, throttled is."""
    given = on_s3(FILES, "refused")
    with refusing(status, name) as address:
        done = command(given, {"AWS_ENDPOINT_URL": address})
    assert done.returncode == code, done.stderr
    assert done.stderr.count("error:") == 1
    assert "Traceback" not in done.stderr

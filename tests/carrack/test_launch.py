"""The entrypoint that fetches packages when a job starts, as a process of its own, against files, HTTP and S3."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import boto3
import pytest
from tests.carrack.aws_server import aws_server
from tests.carrack.web import Answer, Asked, Web
from tests.carrack.wheels import make_wheel, sha256

PROGRAM = "import record_io, sys; print(record_io.VERSION, *sys.argv[1:])\n"


@dataclass
class Image:
    """What the image of an app has: launcher, runtime.json and the app's command; and a host's cache."""

    folder: Path
    wheels: Path
    environ: dict[str, str] = field(default_factory=dict)

    def record(self, prefix: str) -> None:
        """Make runtime.json as the build stage does."""
        prefixes = self.folder / "prefixes.json"
        names = {path.name.partition("-")[0].replace("_", "-") for path in self.wheels.glob("*.whl")}
        prefixes.write_text(json.dumps(dict.fromkeys(names, prefix)))
        done = self._launch("--record", str(self.wheels), str(prefixes))
        assert done.returncode == 0, done.stderr
        (self.folder / "runtime.json").write_text(done.stdout)

    def place(self, store: Path) -> None:
        """Put the wheels under their hashes."""
        for wheel in self.wheels.glob("*.whl"):
            (store / sha256(wheel)).mkdir(parents=True, exist_ok=True)
            shutil.copy(wheel, store / sha256(wheel))

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the entrypoint to its end."""
        return self._launch(sys.executable, str(self.folder / "app.py"), *arguments, **environ)

    @property
    def cache(self) -> Path:
        """The cache's folder."""
        return self.folder / "cache"

    @property
    def variables(self) -> Mapping[str, str]:
        """The job's environment."""
        return {
            "PATH": os.defpath,
            "HOME": "/nonexistent",
            "CARRACK_RUNTIME_CACHE": str(self.cache),
            **self.environ,
        }

    def _launch(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(self.folder / "launch.py"), *arguments],
            env={**self.variables, **environ},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def image(tmp_path: Path) -> Image:
    """An image whose app needs `record_io` 1.4.0, which comes at run time."""
    made = Image(folder=tmp_path / "image", wheels=tmp_path / "wheels")
    made.folder.mkdir()
    made.wheels.mkdir()
    (made.folder / "launch.py").write_text(
        resources.files("carrack").joinpath("templates/launch.py").read_text()
    )
    (made.folder / "app.py").write_text(PROGRAM)
    make_wheel(made.wheels, "record-io", "1.4.0")
    return made


@pytest.fixture
def stored(image: Image, tmp_path: Path) -> Image:
    """The same, with the wheel in a folder."""
    image.place(tmp_path / "store")
    image.record(f"file://{tmp_path}/store/")
    return image


def stored_wheel(tmp_path: Path) -> Path:
    """The wheel in the store."""
    (wheel,) = (tmp_path / "store").glob("*/*.whl")
    return wheel


def test_the_app_runs_in_a_new_interpreter_that_has_the_packages(stored: Image) -> None:
    """With the arguments of the job; the app's exit code is the job's."""
    done = stored.run("--param-json", "file")
    assert (done.stdout, done.returncode) == ("1.4.0 --param-json file\n", 0)
    (stored.folder / "app.py").write_text("raise SystemExit(78)")
    assert stored.run().returncode == 78


def test_a_second_start_fetches_nothing(stored: Image, tmp_path: Path) -> None:
    """What is in the cache is read again by its hash, and serves although the store is gone."""
    stored.run()
    shutil.rmtree(tmp_path / "store")
    assert stored.run().stdout == "1.4.0\n"


def test_children_on_one_host_fetch_once(image: Image) -> None:
    """Eight that start together send one request."""
    with Web(serving(image)) as web:
        image.record(f"{web.url}/")
        command = [
            sys.executable,
            str(image.folder / "launch.py"),
            sys.executable,
            str(image.folder / "app.py"),
        ]
        children = [
            subprocess.Popen(command, env=image.variables, stdout=subprocess.PIPE, text=True)
            for _ in range(8)
        ]
        said = [child.communicate(timeout=60)[0] for child in children]
        assert said == ["1.4.0\n"] * 8
        assert len(web.asked) == 1


def test_changed_bytes_end_with_78_and_are_not_kept(stored: Image, tmp_path: Path) -> None:
    """Both hashes are told; when the right bytes are back, the next start works."""
    wheel = stored_wheel(tmp_path)
    good = wheel.read_bytes()
    wheel.write_bytes(good + b"more")
    done = stored.run()
    assert done.returncode == 78
    assert "was locked; it was not kept" in done.stderr
    assert done.stdout == ""
    wheel.write_bytes(good)
    assert stored.run().returncode == 0


def test_a_poisoned_cache_is_fetched_again(stored: Image) -> None:
    """A wheel in the cache counts by its bytes alone."""
    stored.run()
    for wheel in stored.cache.glob("wheels/*/*.whl"):
        wheel.write_bytes(b"poison")
    shutil.rmtree(next(path for path in stored.cache.iterdir() if (path / "record_io").is_dir()))
    assert stored.run().stdout == "1.4.0\n"


def test_a_wheel_that_is_not_there_ends_with_66(stored: Image, tmp_path: Path) -> None:
    """With its address, and what puts it there."""
    stored_wheel(tmp_path).unlink()
    done = stored.run()
    assert done.returncode == 66
    assert "carrack image runtime" in done.stderr


def serving(image: Image) -> Callable[[Asked], Answer]:
    """A server of the image's wheels."""
    files = {path.name: path.read_bytes() for path in image.wheels.glob("*.whl")}

    def reply(asked: Asked) -> Answer:
        return Answer(200, files[asked.target.rpartition("/")[2]])

    return reply


def test_a_network_that_is_away_ends_with_75(image: Image) -> None:
    """After a few tries, so that the job's retry rules can try again later."""
    with Web() as web:
        address = web.url
    image.record(f"{address}/")
    done = image.run()
    assert done.returncode == 75
    assert "cannot be fetched, 4 times" in done.stderr


@pytest.mark.parametrize(("status", "code"), [(401, 77), (403, 77), (404, 66), (410, 66), (503, 75)])
def test_what_a_server_answers_decides_whether_a_retry_helps(image: Image, status: int, code: int) -> None:
    """Denied, gone, and trouble that passes have exit codes of their own."""
    with Web(lambda _: Answer(status)) as web:
        image.record(f"{web.url}/")
        assert image.run().returncode == code


def test_a_download_that_breaks_off_is_tried_again(image: Image) -> None:
    """Half of a file is no wrong file; a passing fault ends well."""
    whole = next(image.wheels.glob("*.whl")).read_bytes()
    answers = [Answer(503), Answer(200, whole[:100], {"Content-Length": str(len(whole))}), Answer(200, whole)]
    with Web(lambda _: answers.pop(0)) as web:
        image.record(f"{web.url}/")
        assert image.run().stdout == "1.4.0\n"


def test_wheels_come_from_s3_with_the_jobs_own_credentials(image: Image) -> None:
    """The address's bucket and key; one that is not there ends with 66, no credentials with 77."""
    with aws_server() as environ:
        bucket = boto3.client(
            "s3",
            endpoint_url=environ["AWS_ENDPOINT_URL"],
            region_name="eu-central-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )
        place = {"LocationConstraint": "eu-central-1"}
        bucket.create_bucket(Bucket="wheels", CreateBucketConfiguration=place)
        image.record("s3://wheels/acme/")
        assert image.run(**environ).returncode == 66
        (wheel,) = image.wheels.glob("*.whl")
        bucket.put_object(Bucket="wheels", Key=f"acme/{sha256(wheel)}/{wheel.name}", Body=wheel.read_bytes())
        assert image.run(**environ).stdout == "1.4.0\n"
        shutil.rmtree(image.cache)
        nobody = {key: value for key, value in environ.items() if "KEY" not in key}
        assert image.run(**nobody, AWS_EC2_METADATA_DISABLED="true").returncode == 77


def test_a_cache_that_others_can_write_is_refused(stored: Image) -> None:
    """Their code would run as the job's."""
    stored.cache.mkdir()
    stored.cache.chmod(0o777)
    done = stored.run()
    assert done.returncode == 78
    assert "others can write to it" in done.stderr


def test_sigterm_while_fetching_ends_with_143(image: Image) -> None:
    """Also as process 1, which has no default for it; nothing half is left in the cache."""

    def slowly(_: Asked) -> Answer:
        time.sleep(5)
        return Answer(503)

    with Web(slowly) as web:
        image.record(f"{web.url}/")
        child = subprocess.Popen(
            [sys.executable, str(image.folder / "launch.py"), "true"],
            env=image.variables,
            stderr=subprocess.PIPE,
        )
        while not web.asked:
            time.sleep(0.02)
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=30)
        assert child.returncode == 143
        assert list(image.cache.glob("wheels/*/*")) == []


def test_a_wheel_that_only_an_installer_can_place_is_refused_in_the_build(
    image: Image, tmp_path: Path
) -> None:
    """Scripts and data have no place beside the modules; the image's build says it, not the job."""
    make_wheel(image.wheels, "odd", "1.0", members={"odd-1.0.data/scripts/odd": "#!python\n"})
    with pytest.raises(AssertionError, match="which only an installer can place"):
        image.record(f"file://{tmp_path}/")


def test_members_cannot_leave_the_folder(image: Image, tmp_path: Path) -> None:
    """A name with `..` is refused like a script."""
    make_wheel(image.wheels, "evil", "1.0", members={"../evil.py": "x = 1\n"})
    with pytest.raises(AssertionError, match=r"has \.\./evil\.py"):
        image.record(f"file://{tmp_path}/")

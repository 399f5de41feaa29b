"""What stops an image before pip runs, each with one sentence; test_image.py shows it inside a build."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "pipeline_app" / "docker" / "check_lock.py"
PIN = "Record_IO==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n"
INDEX = "http://127.0.0.1:9/simple/"
BASE_PYTHON = f"{sys.base_prefix}/bin/python3"
SECRET = "not-to-be-shown-0123456789"


def check(
    folder: Path, lock: str, index_url: str, entries: str | None = None, python: str = sys.executable
) -> str:
    """Run the script on ``lock`` with ``entries`` as the netrc file; return what it says when it refuses."""
    (folder / "requirements.lock").write_text(lock)
    if entries is not None:
        (folder / "netrc").write_text(entries)
    done = subprocess.run(
        [python, SCRIPT, folder / "requirements.lock", index_url],
        env={"NETRC": str(folder / "netrc")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize(("key", "others"), [("python", "3.7 3.8"), ("machine", "s390x")])
def test_refuses_what_the_lock_was_not_made_for(tmp_path: Path, key: str, others: str) -> None:
    """A Python or machine that the lock's header leaves out is refused before the index is asked."""
    said = check(tmp_path, f"# carrack-lock: 1\n# {key}: {others}\n{PIN}", "http://127.0.0.1:9/simple/")
    assert said.startswith(f"requirements.lock: made for {key} {others}, not for this image's ")


def test_refuses_a_base_that_brings_something_else(tmp_path: Path) -> None:
    """What the lock takes as given must be there, in the very version."""
    for brought, here in (("no-such-thing", "none"), ("pip", "[0-9]")):
        said = check(tmp_path, f"# base: {brought}==0.1\n{PIN}", INDEX, python=BASE_PYTHON)
        assert re.search(
            rf"made for a base image with {brought} 0\.1, and this one has {here}.*; lock again", said
        )


def test_refuses_a_base_whose_python_is_in_an_environment(tmp_path: Path) -> None:
    """The app's own environment would not see what that one has; without anything brought it does not matter."""
    assert sys.prefix != sys.base_prefix, "the tests run in an environment"
    assert "is in a virtual environment" in check(tmp_path, f"# base: pip==0.1\n{PIN}", INDEX)
    assert "is in a virtual environment" not in check(tmp_path, PIN, INDEX)


def test_refuses_credentials_in_the_address(tmp_path: Path) -> None:
    """An address with credentials is refused, and they are not repeated."""
    said = check(tmp_path, PIN, f"http://aws:{SECRET}@127.0.0.1:9/simple/")
    assert said.startswith("INDEX_URL: ")
    assert SECRET not in said


def test_asks_for_an_address(tmp_path: Path) -> None:
    """A build without INDEX_URL is told to name the index."""
    assert "--build-arg INDEX_URL=" in check(tmp_path, PIN, "")


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param(None, id="no file"),
        pytest.param(f"machine example.com login aws password {SECRET}", id="another host"),
        pytest.param(f"machine 127.0.0.1 login aws {SECRET}", id="broken"),
    ],
)
def test_asks_for_the_token(tmp_path: Path, entries: str | None) -> None:
    """Without a readable entry for the host, it names the commands that make one, and shows no secret."""
    said = check(tmp_path, PIN, "http://127.0.0.1:9/simple/", entries)
    assert "`carrack token --netrc FILE` and build with --secret id=netrc,src=FILE" in said
    assert SECRET not in said


def test_says_that_the_index_cannot_be_reached(tmp_path: Path) -> None:
    """An address where nothing listens is named."""
    said = check(
        tmp_path, PIN, "http://127.0.0.1:9/simple/", f"machine 127.0.0.1 login aws password {SECRET}"
    )
    assert said.startswith("http://127.0.0.1:9/simple/: cannot be reached: ")

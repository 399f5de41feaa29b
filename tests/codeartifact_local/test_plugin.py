"""The pytest fixtures, as strangers use them: in a folder of their own, by the README's lines."""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from scripts.set_up import settings_of_pip
from tests.codeartifact_local.conftest import wheel

from codeartifact_local.testing import LocalCodeArtifact

README = Path(__file__).parents[2] / "packages" / "codeartifact-local" / "README.md"
RELEASE = """
import base64, os, pathlib, sys, urllib.request
content = pathlib.Path({wheel!r}).read_bytes()
fields = {{":action": "file_upload", "name": "my-package", "version": "1.0"}}
body = b"".join(
    b'--b\\r\\nContent-Disposition: form-data; name="%s"\\r\\n\\r\\n%s\\r\\n' % (name.encode(), value.encode())
    for name, value in fields.items()
)
body += b'--b\\r\\nContent-Disposition: form-data; name="content"; filename="%s"\\r\\n\\r\\n' % {name!r}.encode()
body += content + b"\\r\\n--b--\\r\\n"
login = base64.b64encode(b"aws:" + os.environ["TWINE_PASSWORD"].encode()).decode()
headers = {{"Authorization": "Basic " + login, "Content-Type": "multipart/form-data; boundary=b"}}
urllib.request.urlopen(urllib.request.Request(sys.argv[1], body, headers))
"""


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder that knows nothing of this project."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False, env={**os.environ}
    )


def test_the_readmes_tests_pass(tmp_path: Path) -> None:
    """Its blocks of Python are tests, and they run as they stand there."""
    blocks = [
        block
        for block in re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
        if "def test_" in block
    ]
    assert len(blocks) >= 2
    name, content = wheel("my-package", "1.0")
    (tmp_path / name).write_bytes(content)
    (tmp_path / "my_release.py").write_text(RELEASE.format(wheel=str(tmp_path / name), name=name))
    (tmp_path / "test_stranger.py").write_text("\n".join(blocks))
    done = run_pytest(tmp_path)
    assert (done.returncode, f"{len(blocks)} passed" in done.stdout) == (0, True), done.stdout


def test_a_session_shares_one_server_and_not_its_domains(tmp_path: Path) -> None:
    """Each `fresh` has a domain of its own; the settings are the stranger's; xdist's workers have one each."""
    (tmp_path / "conftest.py").write_text(
        "import pytest\n"
        "from codeartifact_local.settings import Settings\n"
        "@pytest.fixture(scope='session')\n"
        "def codeartifact_settings():\n"
        "    return Settings(durable=False, region='eu-west-1', public_index='http://127.0.0.1:9/')\n"
    )
    (tmp_path / "test_stranger.py").write_text(
        "urls, domains = set(), set()\n"
        "def check(one):\n"
        "    urls.add(one.url)\n"
        "    domains.add(one.domain)\n"
        "    found = one.client().describe_repository(domain=one.domain, repository=one.repository)\n"
        "    assert ':eu-west-1:' in found['repository']['arn']\n"
        "def test_first(codeartifact_session):\n"
        "    check(codeartifact_session)\n"
        "    check(codeartifact_session.fresh())\n"
        "    assert (len(urls), len(domains)) == (1, 2)\n"
        "def test_second(codeartifact_session, codeartifact):\n"
        "    check(codeartifact_session)\n"
        "    assert codeartifact.url != codeartifact_session.url\n"
    )
    for arguments in ((), ("--numprocesses", "2")):
        done = run_pytest(tmp_path, *arguments)
        assert (done.returncode, "2 passed" in done.stdout) == (0, True), done.stdout


def test_those_who_do_not_use_it_do_not_load_it(tmp_path: Path) -> None:
    """The plugin alone imports neither the server nor botocore."""
    (tmp_path / "test_stranger.py").write_text(
        "import sys\n"
        "def test_nothing():\n"
        "    heavy = ('botocore', 'starlette', 'uvicorn', 'codeartifact_local.testing')\n"
        "    assert [name for name in heavy if name in sys.modules] == []\n"
    )
    done = run_pytest(tmp_path)
    assert done.returncode == 0, done.stdout


def test_the_fixture_is_ready(codeartifact: LocalCodeArtifact) -> None:
    """Domain, repository, client, addresses and environment are there without a word."""
    place = {"domain": codeartifact.domain, "repository": codeartifact.repository}
    assert codeartifact.client().list_packages(**place)["packages"] == []
    assert codeartifact.index_url().endswith(f"/{codeartifact.repository}/simple/")
    assert codeartifact.environ()["CODEARTIFACT_LOCAL_URL"] == codeartifact.url
    assert [entry.value for entry in entry_points(group="pytest11", name="codeartifact_local")] == [
        "codeartifact_local.plugin"
    ]


@pytest.mark.slow
@pytest.mark.registry
def test_the_wheel_alone_is_enough(tmp_path: Path) -> None:
    """Built, and installed with nothing of this workspace beside it, it serves, runs, and is a fixture."""
    uv = [sys.executable, "-m", "uv"]
    environ = {**os.environ, **settings_of_pip()}
    python = str(tmp_path / "venv" / "bin" / "python")
    (tmp_path / "test_stranger.py").write_text(
        "import urllib.request\n"
        "def test_it(codeartifact):\n"
        "    console = urllib.request.urlopen(codeartifact.url).read().decode()\n"
        "    assert codeartifact.domain in console\n"
        "    place = {'domain': codeartifact.domain, 'repository': codeartifact.repository}\n"
        "    assert codeartifact.client().list_packages(**place)['packages'] == []\n"
    )
    for command in (
        [*uv, "build", "--quiet", "--wheel", "--out-dir", str(tmp_path / "dist"), str(README.parent)],
        [*uv, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv")],
        [*uv, "pip", "install", "--quiet", "--python", python, "pytest", "--find-links", str(tmp_path / "dist"),
         "codeartifact-local"],
    ):  # fmt: skip
        subprocess.run(command, env=environ, check=True, timeout=300)
    bare = {"PATH": f"{Path(python).parent}:/usr/bin:/bin", "HOME": str(tmp_path)}
    for command in (
        [python, "-m", "pytest", "-q", str(tmp_path / "test_stranger.py")],
        ["codeartifact-local", "run", "--create", "acme/dev", "--", "sh", "-c", 'test -n "$PIP_INDEX_URL"'],
    ):
        done = subprocess.run(
            [shutil.which(command[0], path=bare["PATH"]) or command[0], *command[1:]],
            cwd=tmp_path,
            env=bare,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

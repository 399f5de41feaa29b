"""The clients that people have, unmodified: boto3, aws, twine, pip, uv."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.codeartifact_local.conftest import DOMAIN, Client, FakePublicIndex, sdist, wheel


def run(client: Client, tmp_path: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a client in a HOME of its own, with a clean environment."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    ambient = {
        name: value
        for name, value in client.local.environ().items()
        if not name.startswith(("PIP_", "UV_", "TWINE_"))
    }
    own = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "PIP_CONFIG_FILE": "/dev/null",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "UV_NO_CONFIG": "1",
        "UV_CACHE_DIR": str(home / "uv"),
    }
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=ambient | own | variables,
        timeout=120,
        check=False,
        cwd=home,
    )


def tool(name: str) -> str:
    """Return a tool of this environment, or skip where it is not installed."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip(f"{name} is not installed in this environment")
    return found


def write(folder: Path, file: tuple[str, bytes]) -> str:
    """Write a distribution to a file and return its path."""
    path = folder / file[0]
    path.write_bytes(file[1])
    return str(path)


def pip_install(client: Client, tmp_path: Path, token: str, *wanted: str) -> subprocess.CompletedProcess[str]:
    """Install with pip into a folder."""
    index = client.local.index_url(DOMAIN, "dev", token)
    command = [sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    return run(client, tmp_path, *command, "--target", str(tmp_path / "site"), "--index-url", index, *wanted)


def test_boto3_is_the_same_as_botocore(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 needs only the environment that `run` gives."""
    boto3 = pytest.importorskip("boto3")
    for name, value in client.local.environ().items():
        monkeypatch.setenv(name, value)
    names = [
        repository["name"] for repository in boto3.client("codeartifact").list_repositories()["repositories"]
    ]
    assert names == ["dev", "prod", "pypi-store"]


def test_twine_uploads_and_pip_installs_what_it_needs(
    client: Client, tmp_path: Path, public_index: FakePublicIndex
) -> None:
    """Twine takes wheel and sdist, also twice; pip installs the wheel and its public requirement."""
    public_index.add(*wheel("pub", "1.0", body="value = 'public'"))
    metadata = "Metadata-Version: 2.1\nName: own\nVersion: 1.0\nRequires-Dist: pub\n"
    files = [
        write(tmp_path, wheel("own", "1.0", body="import pub", metadata=metadata)),
        write(tmp_path, sdist("own", "1.0")),
    ]
    endpoint = client.local.upload_url(DOMAIN, "dev")
    upload = (tool("twine"), "upload", "--non-interactive", "--repository-url", endpoint, *files)
    credentials = {"TWINE_USERNAME": "aws", "TWINE_PASSWORD": client.token}
    for _ in range(2):
        done = run(client, tmp_path, *upload, **credentials)
        assert done.returncode == 0, done.stdout + done.stderr
    done = pip_install(client, tmp_path, client.token, "own")
    assert done.returncode == 0, done.stderr
    assert {"own.py", "pub.py"} <= {file.name for file in (tmp_path / "site").iterdir()}
    write(tmp_path, wheel("own", "1.0", body="other", metadata=metadata))
    done = run(client, tmp_path, *upload, **credentials)
    assert (done.returncode != 0, "409" in done.stdout + done.stderr) == (True, True)


def test_pip_shows_the_401_of_an_expired_token(client: Client, tmp_path: Path) -> None:
    """With an expired token pip fails and shows the 401."""
    client.upload("dev", wheel("own", "1.0"))
    client.local.clock.advance(13 * 3600)
    done = pip_install(client, tmp_path, client.token, "own")
    assert done.returncode != 0
    assert "401" in done.stderr + done.stdout


def test_uv_installs_and_publishes(client: Client, tmp_path: Path, public_index: FakePublicIndex) -> None:
    """Uv publishes with --check-url, again without a second upload, and installs from the index."""
    uv = tool("uv")
    public_index.add(*wheel("pub", "1.0"))
    file = write(
        tmp_path,
        wheel("own", "1.0", metadata="Metadata-Version: 2.1\nName: own\nVersion: 1.0\nRequires-Dist: pub\n"),
    )
    endpoint = client.local.upload_url(DOMAIN, "dev")
    credentials = {"UV_PUBLISH_USERNAME": "aws", "UV_PUBLISH_PASSWORD": client.token}
    index = client.local.index_url(DOMAIN, "dev", client.token)
    publish = (uv, "publish", "--publish-url", endpoint, "--check-url", index, "--no-attestations", file)
    for _ in range(2):
        done = run(client, tmp_path, *publish, **credentials)
        assert done.returncode == 0, done.stderr
    assert "already exists, skipping" in done.stderr
    site = str(tmp_path / "site")
    install = (
        uv,
        "pip",
        "install",
        "--python",
        sys.executable,
        "--target",
        site,
        "--default-index",
        index,
        "own",
    )
    done = run(client, tmp_path, *install)
    assert done.returncode == 0, done.stderr
    assert {"own.py", "pub.py"} <= {file.name for file in (tmp_path / "site").iterdir()}


def test_the_aws_cli_reads_and_downloads(client: Client, tmp_path: Path) -> None:
    """Aws codeartifact lists packages, gets a token and an asset, and shows errors by their class."""
    aws = (tool("aws"), "codeartifact")
    name, content = wheel("own", "1.0")
    client.upload("dev", (name, content))
    where = ("--domain", DOMAIN, "--repository", "dev")
    listed = run(client, tmp_path, *aws, "list-packages", *where, "--output", "json")
    assert [package["package"] for package in json.loads(listed.stdout)["packages"]] == ["own"]
    token = run(
        client, tmp_path, *aws, "get-authorization-token", "--domain", DOMAIN, "--query", "authorizationToken"
    )
    assert token.stdout.strip('"\n').startswith("eyJ2ZX")
    coordinate = ("--format", "pypi", "--package", "own", "--package-version", "1.0", "--asset", name)
    output = tmp_path / "got.whl"
    done = run(client, tmp_path, *aws, "get-package-version-asset", *where, *coordinate, str(output))
    assert done.returncode == 0, done.stderr
    assert output.read_bytes() == content
    missing = run(client, tmp_path, *aws, "describe-domain", "--domain", "nowhere")
    assert "ResourceNotFoundException" in missing.stderr

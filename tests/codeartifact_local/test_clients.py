"""Clients of this environment, unmodified, without the network: aws, twine, pip, uv. `tests/clients` has them all."""

import json
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from tests.clients.workplace import Done, Workplace
from tests.codeartifact_local.conftest import DOMAIN, Client, FakePublicIndex, sdist, wheel


def run(client: Client, tmp_path: Path, *command: str, **variables: str) -> Done:
    """Run a client of this environment in a HOME of its own, with nothing of this process's environment."""
    aws = {name: value for name, value in client.local.environ().items() if name.startswith("AWS_")}
    place = Workplace(folder=tmp_path, scripts=(Path(sys.executable).parent,), variables=aws)
    return place.run(shlex.join(command), **variables)


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


def pip_install(client: Client, tmp_path: Path, token: str, *wanted: str) -> Done:
    """Install with pip into a folder."""
    index = client.local.index_url(DOMAIN, "dev", token)
    command = [sys.executable, "-m", "pip", "install", "--target", str(tmp_path / "site")]
    return run(client, tmp_path, *command, *wanted, PIP_INDEX_URL=index)


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
        assert done.exit == 0, done.said
    done = pip_install(client, tmp_path, client.token, "own")
    assert done.exit == 0, done.said
    assert {"own.py", "pub.py"} <= {file.name for file in (tmp_path / "site").iterdir()}
    write(tmp_path, wheel("own", "1.0", body="other", metadata=metadata))
    done = run(client, tmp_path, *upload, **credentials)
    assert (done.exit != 0, "409" in done.said) == (True, True)


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
        assert done.exit == 0, done.said
    assert "already exists, skipping" in done.said
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
    assert done.exit == 0, done.said
    assert {"own.py", "pub.py"} <= {file.name for file in (tmp_path / "site").iterdir()}


def test_the_aws_cli_reads_and_downloads(client: Client, tmp_path: Path) -> None:
    """Aws codeartifact lists packages, gets a token and an asset, and shows errors by their class."""
    aws = (tool("aws"), "codeartifact")
    name, content = wheel("own", "1.0")
    client.upload("dev", (name, content))
    where = ("--domain", DOMAIN, "--repository", "dev")
    listed = run(client, tmp_path, *aws, "list-packages", *where, "--output", "json")
    assert [package["package"] for package in json.loads(listed.said)["packages"]] == ["own"]
    token = run(
        client, tmp_path, *aws, "get-authorization-token", "--domain", DOMAIN, "--query", "authorizationToken"
    )
    assert token.said.strip('"').startswith("eyJ2ZX")
    coordinate = ("--format", "pypi", "--package", "own", "--package-version", "1.0", "--asset", name)
    output = tmp_path / "got.whl"
    done = run(client, tmp_path, *aws, "get-package-version-asset", *where, *coordinate, str(output))
    assert done.exit == 0, done.said
    assert output.read_bytes() == content
    missing = run(client, tmp_path, *aws, "describe-domain", "--domain", "nowhere")
    assert "ResourceNotFoundException" in missing.said

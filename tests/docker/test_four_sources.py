"""One pipeline, its package out of each of the four sources and out of a mix: the same outputs, from real images."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.carrack.repositories import GIT_ENVIRON
from tests.docker.engine import Completed, Engine
from tests.docker.git_host import serving_repositories
from tests.docker.git_image import add_git
from tests.docker.published import APP, TO_LOCAL, Published
from tests.docker.test_image import container, prepare, written

from codeartifact_local.testing import LocalCodeArtifact

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.registry]

PACKAGE = "record-rules"
RECORDS = "id,value\na,1\nb,2\na,3\nc,x\nd,4\n"


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; its stdout."""
    command = ["git", "-C", str(folder), "-c", "protocol.file.allow=always", *arguments]
    return subprocess.run(command, env=GIT_ENVIRON, check=True, capture_output=True, text=True).stdout.strip()


@dataclass(frozen=True, kw_only=True)
class Former:
    """The package's former repository: where it lies, and where a git host serves it."""

    folder: Path
    url: str

    @property
    def commit(self) -> str:
        """Its newest commit."""
        return git(self.folder, "rev-parse", "HEAD")


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A clone of the workspace, in which the package comes from somewhere."""

    workspace: Path
    environ: Mapping[str, str]
    name: str

    def carrack(self, *arguments: str) -> Completed:
        """Run a verb to its end."""
        command = [str(Path(sys.executable).with_name("carrack")), *arguments]
        return subprocess.run(
            command, cwd=self.workspace, env=self.environ, capture_output=True, text=True, timeout=600
        )

    def source(self, line: str) -> None:
        """Say in the workspace's pyproject.toml where the package comes from, and commit it."""
        manifest = self.workspace / "pyproject.toml"
        table = f"[tool.carrack.apps.{APP}]\n"
        assert table in manifest.read_text()
        more = f'{table}sources-image = "python-git:latest"\nsources.{PACKAGE} = {{ {line} }}\n'
        manifest.write_text(manifest.read_text().replace(table, more))
        git(self.workspace, "commit", "-qam", "another source")

    def build(self) -> Completed:
        """Lock, and build the image."""
        locked = self.carrack("lock", *TO_LOCAL)
        assert locked.returncode == 0, locked.stderr
        return self.build_only()

    def build_only(self) -> Completed:
        """Build the image from the lock that is there."""
        return self.carrack("image", "build", *TO_LOCAL, "--base", "python-base:latest", "--tag", self.image)

    @property
    def image(self) -> str:
        """The image's name."""
        return f"sources-{self.name}:latest"

    def kinds(self) -> dict[str, str]:
        """From where each distribution in the image comes, as the image itself says."""
        done = self.carrack("image", "inspect", "--json", self.image)
        assert done.returncode == 0, done.stderr
        return {one["name"]: one["source"] for one in json.loads(done.stdout)["distributions"]}


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory, published: Published) -> Iterator[Former]:
    """The package as a repository of its own, in which it lies at the top."""
    folder = tmp_path_factory.mktemp("hosted") / "record-rules"
    shutil.copytree(published.workspace / "packages" / PACKAGE, folder)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "-qm", "The rules")
    with serving_repositories(folder.parent) as url:
        yield Former(folder=folder, url=f"{url}/record-rules/.git")


@pytest.fixture(scope="module")
def git_image(engine: Engine, base_image: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The base image with this machine's git in it."""
    return add_git(engine, tmp_path_factory.mktemp("git-image"), base_image, tag="python-git:latest")


@pytest.fixture
def variant(
    engine: Engine,
    git_image: str,
    published: Published,
    index: LocalCodeArtifact,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Variant:
    """A clone of the published workspace of its own."""
    git(tmp_path, "clone", "-q", "--no-local", str(published.workspace), "workspace")
    environ = {**index.environ(), **engine.environ, "PATH": f"/usr/bin:{os.environ['PATH']}"}
    environ |= {key: value for key, value in GIT_ENVIRON.items() if key not in ("PATH", "HOME")}
    name = "".join(letter for letter in request.node.name.lower() if letter.isalnum())[:40]
    return Variant(workspace=tmp_path / "workspace", environ=environ, name=name)


def outputs(engine: Engine, folder: Path, image: str, *options: str) -> dict[str, bytes]:
    """What the job in an image writes of the test's records."""
    folder.mkdir()
    prepare(folder)
    (folder / "in" / "records.csv").write_text(RECORDS)
    engine.run(*container(folder, "--rm", *options)[:-1], image)
    return written(folder)


@pytest.fixture(scope="module")
def expected(
    engine: Engine, published: Published, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """What the job writes on a laptop, with every package from the index."""
    folder = tmp_path_factory.mktemp("expected")
    prepare(folder)
    (folder / "in" / "records.csv").write_text(RECORDS)
    environ = {"CONFIG_JSON": container(folder)[container(folder).index("--env") + 1].partition("=")[2]}
    told = environ["CONFIG_JSON"].replace("/job/", f"{folder}/")
    subprocess.run([published.laptop_app], env={"CONFIG_JSON": told}, check=True, capture_output=True)
    return written(folder)


def test_from_the_index(engine: Engine, variant: Variant, expected: dict[str, bytes], tmp_path: Path) -> None:
    """The default; there is no stage for git, and no launcher."""
    done = variant.build()
    assert done.returncode == 0, done.stderr
    assert variant.kinds()[PACKAGE] == "index"
    assert outputs(engine, tmp_path / "job", variant.image) == expected


def test_from_a_commit(
    engine: Engine, variant: Variant, former: Former, expected: dict[str, bytes], tmp_path: Path
) -> None:
    """Fetched and built in a stage of the image's own build; neither git nor the repository is in the image."""
    variant.source(f'git = "{former.url}", commit = "{former.commit}"')
    done = variant.build()
    assert done.returncode == 0, done.stderr
    assert variant.kinds()[PACKAGE] == "git"
    assert outputs(engine, tmp_path / "job", variant.image) == expected
    found = engine.run(
        "run", "--rm", "--entrypoint", "sh", variant.image, "-c", "command -v git; ls -d /*/.git", check=False
    )
    assert found.stdout == ""


def test_from_a_submodule(
    engine: Engine, variant: Variant, former: Former, expected: dict[str, bytes], tmp_path: Path
) -> None:
    """Built on the host from the recorded commit; the image's build needs no git."""
    git(variant.workspace, "submodule", "add", "-q", str(former.folder), "vendor/record-rules")
    variant.source('submodule = "vendor/record-rules"')
    done = variant.build()
    assert done.returncode == 0, done.stderr
    assert variant.kinds()[PACKAGE] == "submodule"
    assert variant.kinds()["record-io"] == "index"
    assert outputs(engine, tmp_path / "job", variant.image) == expected


def test_at_run_time(engine: Engine, variant: Variant, expected: dict[str, bytes], tmp_path: Path) -> None:
    """The image lacks the package; the job fetches it by its hash, and says what is wrong where it cannot."""
    store = tmp_path / "store"
    variant.source('runtime = "file:///store/"')
    done = variant.build()
    assert done.returncode == 0, done.stderr
    assert variant.kinds()[PACKAGE] == "runtime"
    folder = "find / -xdev -name record_rules -type d 2>/dev/null"
    assert (
        engine.run("run", "--rm", "--entrypoint", "sh", variant.image, "-c", folder, check=False).stdout == ""
    )
    put = variant.carrack("image", "runtime", *TO_LOCAL, "--into", str(store))
    assert put.returncode == 0, put.stderr
    mount = ("--volume", f"{store}:/store:ro", "--tmpfs", "/tmp")  # noqa: S108
    assert outputs(engine, tmp_path / "job", variant.image, *mount) == expected

    gone = engine.run("run", "--rm", variant.image, check=False)
    assert (gone.returncode, "there is no such file" in gone.stderr) == (66, True)
    (wheel,) = store.glob("*/*.whl")
    wheel.write_bytes(wheel.read_bytes() + b"changed")
    changed = engine.run("run", "--rm", *mount, variant.image, check=False)
    assert (changed.returncode, "was locked; it was not kept" in changed.stderr) == (78, True)


def test_a_commit_that_cannot_be_fetched_any_more_ends_the_build(variant: Variant, former: Former) -> None:
    """The lock is good, the git host is away when the image is built: one sentence, exit code 66, no image."""
    commit = former.commit
    with serving_repositories(former.folder.parent) as url:
        variant.source(f'git = "{url}/record-rules/.git", commit = "{commit}"')
        assert variant.carrack("lock", *TO_LOCAL).returncode == 0
    done = variant.build_only()
    assert done.returncode == 66
    assert "git fetch" in done.stderr
    assert "Traceback" not in done.stderr


def test_other_bytes_than_the_locked_ones_end_the_build(variant: Variant, former: Former) -> None:
    """A lock whose hash the commit does not build is refused inside the build, with both."""
    variant.source(f'git = "{former.url}", commit = "{former.commit}"')
    assert variant.carrack("lock", *TO_LOCAL).returncode == 0
    lock = variant.workspace / "pipeline_app" / "requirements.lock"
    before, entry, after = lock.read_text().partition("record-rules==0.1.0 \\\n    --hash=sha256:")
    assert entry
    lock.write_text(before + entry + "0" * 64 + after[64:])
    done = variant.build_only()
    assert done.returncode == 66
    assert "which is not the locked one" in done.stderr


def test_a_submodule_that_is_not_checked_out_ends_before_the_build(variant: Variant, former: Former) -> None:
    """With git's own command in the error, and the exit code of a workspace that needs a change."""
    git(variant.workspace, "submodule", "add", "-q", str(former.folder), "vendor/record-rules")
    variant.source('submodule = "vendor/record-rules"')
    assert variant.carrack("lock", *TO_LOCAL).returncode == 0
    git(variant.workspace, "submodule", "deinit", "-q", "-f", "vendor/record-rules")
    done = variant.build_only()
    assert done.returncode == 65
    assert "git submodule update --init" in done.stderr

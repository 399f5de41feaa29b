"""The same bytes on another machine and day; and where not, which member, and why."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from tests.carrack.fakes import World
from tests.carrack.in_tree import IN_TREE
from tests.carrack.local import Shell
from tests.carrack.repositories import EPOCH, GIT_ENVIRON, Repository, package, repository

from carrack.adapters.builder.settled import settle
from carrack.adapters.git import Git
from carrack.adapters.projects import read_package
from carrack.errors import WorkspaceError
from carrack.model.reproduction import Member, why

BACKEND = """\
import io, os, pathlib, tarfile, time, zipfile

def build_sdist(folder, settings=None):
    with tarfile.open(os.path.join(folder, "alpha-0.1.0.tar.gz"), "w:gz") as sdist:
        for file in ("pyproject.toml", "backend.py"):
            sdist.add(file, f"alpha-0.1.0/{file}")
    return "alpha-0.1.0.tar.gz"

def build_wheel(folder, settings=None, metadata=None):
    names, text, mode, when = ["alpha.py", "beta.py"], "", 0o644, (2024, 1, 1, 0, 0, 0)
    BODY
    with zipfile.ZipFile(os.path.join(folder, "alpha-0.1.0-py3-none-any.whl"), "w") as wheel:
        for name in names:
            info = zipfile.ZipInfo(name, when)
            info.external_attr = mode << 16
            wheel.writestr(info, text)
    return "alpha-0.1.0-py3-none-any.whl"
"""
WHEEL = "alpha-0.1.0-py3-none-any.whl"
MEMORY = "/dev/shm"  # noqa: S108 - a file system of another kind


def member(name: str = "a.py", **marks: object) -> Member:
    """A member with these marks."""
    plain = Member(name=name, time=0, mode=0o644, owner="0:0", content=b"one\n")
    return replace(plain, **marks)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (
            [member("a.py", time=60), member("b.py")],
            "a.py: time stamp: 1970-01-01 00:00:00, and 1970-01-01 00:01:00",
        ),
        ([member("a.py", mode=0o600), member("b.py")], "a.py: mode: 0644, and 0600"),
        ([member("a.py", owner="me:us"), member("b.py")], "a.py: owner: 0:0, and me:us"),
        ([member("b.py"), member("a.py")], "the order of the members"),
        ([member("a.py")], "b.py: only in the first build"),
        ([member("a.py"), member("b.py"), member("c.py")], "c.py: only in the second build"),
        (
            [member("a.py"), member("b.py", content=b"two\n")],
            "b.py: in line 1 the first has 'one', the second 'two'",
        ),
        (
            [member("a.py"), member("b.py")],
            "how the members are packed: the compression, or the archive's own header",
        ),
    ],
)
def test_every_difference_has_its_reason(other: list[Member], reason: str) -> None:
    """One line, with the member where there is one."""
    assert why([member("a.py"), member("b.py")], other) == (reason,)


@pytest.fixture
def carrack(tmp_path: Path) -> Shell:
    """The command in an empty workspace without an index."""
    repo = repository(tmp_path / "workspace")
    repo.write({"pyproject.toml": "[tool.carrack]\n", "build-constraints.txt": ""})
    return Shell(repo.root, dict(os.environ))


def commit(carrack: Shell, body: str) -> None:
    """Have the package alpha, whose backend does this before it writes a wheel."""
    Repository(carrack.workspace).commit(
        {
            "packages/alpha/pyproject.toml": IN_TREE,
            "packages/alpha/backend.py": BACKEND.replace("BODY", body),
        }
    )


def test_a_package_that_builds_the_same_twice_is_told_with_its_hashes(carrack: Shell) -> None:
    """Nothing is left on disk."""
    commit(carrack, "pass")
    done = carrack("build", "--check")
    assert done.returncode == 0, done.stderr
    assert [line.split("  ")[1] for line in done.stdout.splitlines()] == ["alpha-0.1.0.tar.gz", WHEEL]
    assert not (carrack.workspace / "dist").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("when = time.gmtime()[:6]", "alpha.py: time stamp: "),
        ("text = str(time.time())", "alpha.py: in line 1 the first has"),
        ("text = os.getcwd()", "alpha.py: in line 1 the first has"),
        ("text = os.environ['HOME']", "alpha.py: in line 1 the first has"),
        ("text = os.environ.get('LC_ALL', '')", "alpha.py: the first has 0 lines, the second 1"),
        ("mode = 0o600 if 'elsewhere' in os.environ['HOME'] else 0o644", "alpha.py: mode: 0644, and 0600"),
        ("names = names[::-1 if 'elsewhere' in os.environ['HOME'] else 1]", "the order of the members"),
        ("names += ['x'] * ('elsewhere' in os.environ['HOME'])", "x: only in the second build"),
    ],
)
def test_a_build_that_depends_on_chance_is_named_with_member_and_reason(
    carrack: Shell, body: str, reason: str
) -> None:
    """Clock, folder, home, language and order: each control ends with 66."""
    commit(carrack, body)
    done = carrack("build", "--check")
    assert done.returncode == 66, done.stderr
    assert f"{WHEEL}: {reason}" in done.stderr


@pytest.mark.skipif(not os.path.ismount(MEMORY), reason="no file system that lists as files were made")
def test_a_wheel_in_the_order_of_the_file_system_is_found_out(carrack: Shell) -> None:
    """The second time the wheel is built from files that were unpacked in the opposite order."""
    commit(carrack, "names = [name for name in os.listdir() if not name.startswith('.')]")
    done = carrack("build", "--check", TMPDIR=MEMORY)
    assert done.returncode == 66, done.stderr
    assert f"{WHEEL}: the order of the members" in done.stderr


def sdist(path: Path, *, time: int, owner: str, names: list[str], mode: int) -> Path:
    """An sdist as some machine makes it."""
    with gzip.open(path, "wb", compresslevel=1) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for name in names:
            info = tarfile.TarInfo(f"alpha-1/{name}")
            info.mtime, info.uname, info.mode, info.size = time, owner, mode, len(name)
            archive.addfile(info, io.BytesIO(name.encode()))
    return path


def test_sdists_of_the_same_files_are_the_same_bytes(tmp_path: Path) -> None:
    """Whatever time, owner, mode, order and compression their machines gave them; programs stay programs."""
    one = sdist(tmp_path / "one.tar.gz", time=5, owner="me", names=["b", "a"], mode=0o664)
    two = sdist(tmp_path / "two.tar.gz", time=9, owner="you", names=["a", "b"], mode=0o600)
    assert one.read_bytes() != two.read_bytes()
    for path in (one, two):
        settle(path, EPOCH)
    assert one.read_bytes() == two.read_bytes()
    program = sdist(tmp_path / "program.tar.gz", time=5, owner="me", names=["a"], mode=0o700)
    settle(program, EPOCH)
    with tarfile.open(program) as archive:
        assert [(m.name, m.mode, m.mtime, m.uname) for m in archive] == [("alpha-1/a", 0o755, EPOCH, "")]
        stream = archive.extractfile("alpha-1/a")
        assert stream is not None
        assert stream.read() == b"a"


def test_a_time_of_the_packing_is_settled_too(tmp_path: Path) -> None:
    """pdm-backend writes the clock's time into the head of the gzip file, and all else from the epoch."""
    found = []
    for when in (1, 2):
        path = tmp_path / f"{when}" / "alpha-1.tar.gz"
        path.parent.mkdir()
        packed = gzip.GzipFile(path, "wb", mtime=when)
        with packed, tarfile.open(fileobj=packed, mode="w") as archive:
            info = tarfile.TarInfo("alpha-1/a")
            info.mtime = EPOCH
            archive.addfile(info)
        settle(path, EPOCH)
        found.append(path.read_bytes())
    assert found[0] == found[1]


# --- what is outside of the folder ---


def export(repo: Repository, to: Path) -> None:
    """Lay out packages/alpha as a build gets it."""
    head = repo.git("rev-parse", "HEAD").strip()
    Git(repo.root, GIT_ENVIRON).export(head, PurePosixPath("packages/alpha"), to)


@pytest.mark.parametrize(
    "target",
    ["../../../../shared.py", "/etc/hostname", "../../../alpha-twin/x.py", "nowhere.py", "outside.py"],
)
def test_a_link_out_of_the_package_is_refused(tmp_path: Path, target: str) -> None:
    """With where it leads, and what to do; one within the package is built."""
    repo = repository(tmp_path / "repo")
    repo.write({**package("alpha"), "shared.py": ""})
    folder = repo.root / "packages/alpha/src/alpha"
    (folder / "inside.py").symlink_to("__init__.py")
    repo.commit()
    export(repo, tmp_path / "first")
    (folder / "outside.py").symlink_to(target)
    repo.commit()
    with pytest.raises(WorkspaceError, match="links to files outside") as caught:
        export(repo, tmp_path / "second")
    assert caught.value.faults == (f"packages/alpha/src/alpha/outside.py: leads to {target}",)


def test_a_package_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    """Its files are elsewhere, and a commit of the folder has only the link."""
    repo = repository(tmp_path / "repo")
    repo.write({name.replace("packages", "elsewhere"): text for name, text in package("alpha").items()})
    (repo.root / "packages").mkdir()
    (repo.root / "packages/alpha").symlink_to("../elsewhere/alpha")
    repo.commit()
    with pytest.raises(WorkspaceError, match="links to files outside") as caught:
        export(repo, tmp_path / "out")
    assert caught.value.faults == ("packages/alpha: leads to ../elsewhere/alpha",)


def test_a_git_lfs_pointer_is_refused(tmp_path: Path) -> None:
    """It would be published in the file's place."""
    repo = repository(tmp_path / "repo")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12\n"
    repo.commit({**package("alpha"), "packages/alpha/src/alpha/model.bin": pointer})
    with pytest.raises(WorkspaceError, match="Git LFS") as caught:
        export(repo, tmp_path / "out")
    assert caught.value.faults == ("packages/alpha/src/alpha/model.bin: is a Git LFS pointer",)
    assert "git lfs pull" in caught.value.hint


def test_a_file_that_git_lfs_fetched_is_built(tmp_path: Path) -> None:
    """Where the repository has a filter that gives the content, the content is what is exported."""
    repo = repository(tmp_path / "repo")
    pointer = "version https://git-lfs.github.com/spec/v1\n"
    repo.commit(
        {
            **package("alpha"),
            ".gitattributes": "*.bin filter=lfs\n",
            "packages/alpha/model.bin": pointer,
        }
    )
    repo.git("config", "filter.lfs.smudge", "sed s/^version.*/content/")
    export(repo, tmp_path / "out")
    assert (tmp_path / "out/model.bin").read_text() == "content\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            'readme = "../../README.md"',
            "project.readme: '../../README.md' is outside of the package's folder",
        ),
        ('license-files = ["../LICENSE"]', "project.license-files: '../LICENSE' is outside"),
        (
            '[tool.hatch.build.targets.wheel.force-include]\n"../data" = "alpha/data"',
            "tool.hatch.build.targets.wheel.force-include.../data: '../data' is outside",
        ),
        (
            '[tool.setuptools]\npackage-dir = {"" = "../src"}',
            "tool.setuptools.package-dir.: '../src' is outside",
        ),
        (
            '[tool.uv.build-backend]\nmodule-root = "../src"',
            "tool.uv.build-backend.module-root: '../src' is outside",
        ),
    ],
)
def test_a_path_out_of_the_package_is_refused_with_its_key(tmp_path: Path, text: str, fault: str) -> None:
    """Before anything is built."""
    manifest = '[project]\nname = "alpha"\nversion = "1"\n' + text + "\n"
    Repository(tmp_path).write({"packages/alpha/pyproject.toml": manifest})
    with pytest.raises(WorkspaceError) as caught:
        read_package(tmp_path, PurePosixPath("packages/alpha"))
    assert caught.value.faults[0].startswith(f"packages/alpha/pyproject.toml: {fault}")


def test_where_uv_finds_another_package_while_developing_is_nobodys_business(tmp_path: Path) -> None:
    """`tool.uv.sources` is not in any distribution."""
    manifest = '[project]\nname = "alpha"\nversion = "1"\n[tool.uv.sources]\nbeta = { path = "../beta" }\n'
    Repository(tmp_path).write({"packages/alpha/pyproject.toml": manifest})
    assert read_package(tmp_path, PurePosixPath("packages/alpha")).name == "alpha"


@pytest.mark.parametrize("tool", ["setuptools_scm[toml]>=8", "hatch-vcs", "versioningit~=3.0"])
def test_a_build_that_reads_git_is_refused_with_the_remedy(tmp_path: Path, tool: str) -> None:
    """Builds have no .git, and some of these would silently leave files out."""
    manifest = (
        f'[build-system]\nrequires = ["setuptools", "{tool}"]\n[project]\nname = "alpha"\nversion = "1"\n'
    )
    Repository(tmp_path).write({"packages/alpha/pyproject.toml": manifest})
    with pytest.raises(WorkspaceError) as caught:
        read_package(tmp_path, PurePosixPath("packages/alpha"))
    assert "reads .git, which builds do not have; remove it" in caught.value.faults[0]


def test_the_build_requirements_lock_is_in_the_receipt(carrack: Shell) -> None:
    """Each line of the journal has the digest of what a file was built with; lines from before have none."""
    world = World()
    world.history.commit(io="io 1\n", rules="rules 1\n", tools="tools 1\n")
    world.builder.constraints = "sha256:" + "0" * 64
    world.publish()
    assert {entry.constraints for entry in world.journal.entries} == {world.builder.constraints}

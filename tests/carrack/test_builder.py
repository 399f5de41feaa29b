"""Builds in isolated environments: from commits, for real."""

from __future__ import annotations

import hashlib
import io
import json
import os
import resource
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.carrack.fakes import MemoryBuilder
from tests.carrack.in_tree import IN_TREE
from tests.carrack.repositories import EPOCH, GIT_ENVIRON, Repository, package, repository

from carrack.adapters.builder import IsolatedBuilder
from carrack.adapters.environment import isolated
from carrack.adapters.git import Git
from carrack.commands.build import build
from carrack.errors import BuildError
from carrack.model.artifact import Artifact, Kinds, Source
from carrack.model.workspace import Package
from carrack.ports import Report

CONSTRAINTS = Path(__file__).parents[2] / "build-constraints.txt"
LOCK = PurePosixPath("build-constraints.txt")
HATCHLING = ("hatchling>=1.27,<2",)
BACKEND = """\
import io, json, os, tarfile, zipfile
VERSION = "0.1.0"

def build_sdist(folder, settings=None):
    {body}
    name = f"alpha-{{VERSION}}"
    with tarfile.open(os.path.join(folder, f"{{name}}.tar.gz"), "w:gz") as sdist:
        for file in ("pyproject.toml", "backend.py"):
            sdist.add(file, f"{{name}}/{{file}}")
        facts = json.dumps(dict(os.environ)).encode()
        member = tarfile.TarInfo(f"{{name}}/environ.json")
        member.size = len(facts)
        sdist.addfile(member, io.BytesIO(facts))
    return f"{{name}}.tar.gz"

def build_wheel(folder, settings=None, metadata=None):
    name = f"alpha-{{VERSION}}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("alpha.py", "")
    return name
"""


@dataclass(frozen=True)
class Told(Report):
    """Keeps the steps."""

    steps: list[str]

    def step(self, verb: str, subject: str) -> None:
        """Keep it."""
        self.steps.append(f"{verb} {subject}")


def builder(constraints: Path = CONSTRAINTS, environ: Mapping[str, str] | None = None) -> IsolatedBuilder:
    """A builder with this process's certificates, and pip's built-in index."""
    return IsolatedBuilder(
        constraints=constraints,
        environ=lambda: isolated(os.environ) | dict(environ or {}),
        seen=isolated(os.environ) | dict(environ or {}),
        report=Report(),
    )


def source(folder: Path, name: str = "alpha", requires: tuple[str, ...] = ()) -> Source:
    """A package's folder, laid out."""
    return Source(
        name=canonicalize_name(name),
        version=Version("0.1.0"),
        path=folder,
        epoch=EPOCH,
        build_requires=requires,
    )


def in_tree(folder: Path, body: str = "pass", manifest: str = IN_TREE, version: str = "0.1.0") -> Path:
    """A package that brings its own backend, which runs `body` when it makes the sdist."""
    backend = BACKEND.format(body=body).replace("0.1.0", version)
    Repository(folder).write({"pyproject.toml": manifest, "backend.py": backend})
    return folder


def hashes(artifacts: tuple[Artifact, ...]) -> dict[str, str]:
    """sha256 by file name."""
    return {artifact.file.name: artifact.file.sha256 for artifact in artifacts}


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """Work under another umask."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@dataclass(frozen=True)
class Built:
    """Two packages, built once from a commit."""

    repo: Repository
    packages: tuple[Package, ...]
    artifacts: tuple[Artifact, ...]
    steps: list[str]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Alpha and beta, built with hatchling by the workspace's own constraints; started where a build.py lies."""
    folder = tmp_path_factory.mktemp("built")
    repo = repository(folder / "repo")
    repo.commit(package("alpha") | package("beta", "0.1.0", "alpha>=0.1,<0.2"))
    (repo.root / "packages/alpha/run.sh").write_text("#!/bin/sh\n")
    (repo.root / "packages/alpha/run.sh").chmod(0o755)
    repo.commit(at=EPOCH + 60)
    (repo.root / "build.py").write_text("raise RuntimeError('not this one')\n")
    packages = tuple(
        Package(
            name=canonicalize_name(name),
            version=Version("0.1.0"),
            path=PurePosixPath(f"packages/{name}"),
            build_requires=tuple(map(Requirement, HATCHLING)),
        )
        for name in ("alpha", "beta")
    )
    steps: list[str] = []
    made = IsolatedBuilder(
        constraints=CONSTRAINTS, environ=lambda: isolated(os.environ), seen=os.environ, report=Told(steps)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repo.root)
        artifacts = build([(one, "HEAD") for one in packages], git(repo), made, Path("out"), LOCK)
        artifacts = tuple(
            Artifact(name=a.name, version=a.version, path=a.path.resolve(), file=a.file) for a in artifacts
        )
    return Built(repo=repo, packages=packages, artifacts=artifacts, steps=steps)


def git(repo: Repository) -> Git:
    """The adapter for this repository."""
    return Git(repo.root, GIT_ENVIRON)


def test_a_build_requirement_is_never_built_itself(tmp_path: Path) -> None:
    """Its hooks would be run by pip, with the token: one that has only an sdist is refused."""
    backend = f"import os\nopen({str(tmp_path / 'ran')!r}, 'w').write(os.environ.get('TOKEN', ''))\n"
    manifest = IN_TREE.replace("alpha", "only-sdist")
    sdist = tmp_path / "links" / "only_sdist-0.1.0.tar.gz"
    sdist.parent.mkdir()
    with tarfile.open(sdist, "w:gz") as archive:
        for name, text in {"pyproject.toml": manifest, "backend.py": backend}.items():
            member = tarfile.TarInfo(f"only_sdist-0.1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    (tmp_path / "pins.txt").write_text(f"only-sdist==0.1.0 --hash=sha256:{digest}\n")
    Repository(tmp_path / "alpha").write(
        {"pyproject.toml": IN_TREE.replace("[]", '["only-sdist"]'), "backend.py": ""}
    )
    wanted = Source(
        name=canonicalize_name("alpha"),
        version=Version("0.1.0"),
        path=tmp_path / "alpha",
        epoch=EPOCH,
        build_requires=("only-sdist",),
    )
    told = isolated(os.environ) | {"TOKEN": "t", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(sdist.parent)}
    made = IsolatedBuilder(
        constraints=tmp_path / "pins.txt", environ=lambda: told, seen=os.environ, report=Report()
    )
    with pytest.raises(BuildError) as caught:
        made.build([wanted], tmp_path / "out")
    assert "only-sdist" in caught.value.output
    assert not (tmp_path / "ran").exists()


def test_build_requirements_are_those_of_the_commit(tmp_path: Path) -> None:
    """Not of the work tree: what finishes a release builds the commit that began it."""
    repo = repository(tmp_path / "repo")
    own = Package(
        name=canonicalize_name("alpha"),
        version=Version("0.1.0"),
        path=PurePosixPath("packages/alpha"),
        build_requires=(Requirement("new>=2"),),
    )
    seen: list[tuple[str, ...]] = []

    class Seeing(MemoryBuilder):
        def build(
            self, sources: Sequence[Source], out: Path, kinds: Kinds = Kinds.BOTH
        ) -> tuple[Artifact, ...]:
            seen.extend(one.build_requires for one in sources)
            return ()

    for manifest in ('[build-system]\nrequires = ["old >= 1"]\n', "[project]\n", "no toml"):
        repo.commit({"packages/alpha/pyproject.toml": manifest})
        commit = repo.git("rev-parse", "HEAD")
        repo.write({"packages/alpha/pyproject.toml": '[build-system]\nrequires = ["new>=2"]\n'})
        build([(own, commit)], git(repo), Seeing(), tmp_path / "out", LOCK)
    assert seen == [("old>=1",), ("setuptools>=40.8.0",), ("new>=2",)]


@pytest.mark.registry
def test_each_package_gives_an_sdist_and_a_wheel_in_the_order_asked(built: Built) -> None:
    """An sdist, then the wheel, package by package; hash and size are the file's own; each is told as it starts."""
    assert [artifact.file.name for artifact in built.artifacts] == [
        *("alpha-0.1.0.tar.gz", "alpha-0.1.0-py3-none-any.whl"),
        *("beta-0.1.0.tar.gz", "beta-0.1.0-py3-none-any.whl"),
    ]
    for artifact in built.artifacts:
        content = artifact.path.read_bytes()
        assert artifact.file.sha256 == hashlib.sha256(content).hexdigest()
        assert artifact.file.size == len(content)
    assert built.steps == ["Building alpha 0.1.0", "Building beta 0.1.0"]


@pytest.mark.registry
def test_one_commit_gives_the_same_bytes_again(built: Built, tmp_path: Path) -> None:
    """Umask, temporary folder, locale, the work tree's times and changes, later commits elsewhere: no difference."""
    commit = built.repo.git("rev-parse", "HEAD")
    clone = Repository(tmp_path / "clone")
    built.repo.git("clone", "-q", str(built.repo.root), str(clone.root))
    clone.commit({"packages/beta/src/beta/later.py": ""}, at=EPOCH + 600)
    clone.write({"packages/alpha/src/alpha/__init__.py": '"""Changed."""\n'})
    for path in clone.root.rglob("*.py"):
        os.utime(path, (1, 1))
    (tmp_path / "elsewhere").mkdir()
    other = builder(environ={"TMPDIR": str(tmp_path / "elsewhere"), "LANG": "C", "TZ": "Asia/Tokyo"})
    with umask(0o077):
        again = build([(one, commit) for one in built.packages], git(clone), other, tmp_path / "out", LOCK)
    assert hashes(again) == hashes(built.artifacts)


@pytest.mark.registry
def test_the_files_are_those_of_python_m_build_on_a_clean_checkout(built: Built, tmp_path: Path) -> None:
    """`python -m build` with the same SOURCE_DATE_EPOCH and constraints makes the very same two files."""
    checkout = tmp_path / "checkout"
    with umask(0o022):
        built.repo.git("clone", "-q", str(built.repo.root), str(checkout))
        environ = isolated(os.environ) | {
            "SOURCE_DATE_EPOCH": str(EPOCH + 60),
            "PIP_CONSTRAINT": str(CONSTRAINTS),
        }
        subprocess.run(
            [sys.executable, "-m", "build", "-o", tmp_path / "out", checkout / "packages/alpha"],
            env=environ,
            check=True,
            capture_output=True,
        )
    made = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "out").iterdir()}
    assert made == {
        name: digest for name, digest in hashes(built.artifacts).items() if name.startswith("alpha")
    }


@pytest.mark.registry
def test_a_build_requirement_outside_of_the_constraints_is_refused(tmp_path: Path) -> None:
    """A requirement that has no hash in the constraints is not installed; pip's own words are in the error."""
    lines = CONSTRAINTS.read_text().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith("pluggy"))
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("".join(lines[:at]))
    with pytest.raises(BuildError, match="not all in the build constraints by hash") as caught:
        builder(constraints).build(
            [source(in_tree(tmp_path / "alpha"), requires=HATCHLING)], tmp_path / "out"
        )
    assert caught.value.address == "alpha"
    assert "--require-hashes" in caught.value.output
    assert list((tmp_path / "out").iterdir()) == []


def test_a_build_requirement_with_another_hash_is_refused(tmp_path: Path) -> None:
    """A file whose bytes are not those of the constraints is not installed, wherever it comes from."""
    links = tmp_path / "links"
    links.mkdir()
    with zipfile.ZipFile(links / "tool-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tool.py", "")
        wheel.writestr("tool-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tool\nVersion: 1.0\n")
        wheel.writestr(
            "tool-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr("tool-1.0.dist-info/RECORD", "")
    constraints = tmp_path / "constraints.txt"
    digest = hashlib.sha256((links / "tool-1.0-py3-none-any.whl").read_bytes()).hexdigest()
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(links)}
    wanted = [source(in_tree(tmp_path / "alpha"), requires=("tool",))]

    constraints.write_text(f"tool==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(BuildError) as caught:
        builder(constraints, offline).build(wanted, tmp_path / "out")
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in caught.value.output

    constraints.write_text(f"tool==1.0 --hash=sha256:{digest}\n")
    assert len(builder(constraints, offline).build(wanted, tmp_path / "out")) == 2


def test_what_a_commit_is_built_with_is_in_the_commit_too(tmp_path: Path) -> None:
    """The lock of the build requirements may be renewed, or be edited just now: a release is finished with its own."""
    repo = repository(tmp_path / "repo")
    in_tree(repo.root / "packages/alpha", manifest=IN_TREE)
    first = repo.commit({str(LOCK): "# the first\n"})
    repo.commit({str(LOCK): "# the second\n"}, at=EPOCH + 60)
    (repo.root / LOCK).write_text("# not committed\n")
    alpha = Package(
        name=canonicalize_name("alpha"), version=Version("0.1.0"), path=PurePosixPath("packages/alpha")
    )
    for commit, text in ((first, "# the first\n"), ("HEAD", "# the second\n")):
        made = build([(alpha, commit)], git(repo), builder(repo.root / LOCK), tmp_path / "out", LOCK)
        digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
        assert [artifact.constraints for artifact in made] == [digest, digest]


def test_the_way_to_an_index_is_asked_for_where_an_environment_is_made(tmp_path: Path) -> None:
    """A token is good for a quarter of an hour; and where every environment is there, none is needed."""
    asked: list[str] = []

    def environ() -> Mapping[str, str]:
        asked.append(f"after {len(steps)}")
        return isolated(os.environ)

    steps: list[str] = []
    made = IsolatedBuilder(constraints=CONSTRAINTS, environ=environ, seen=os.environ, report=Told(steps))
    one = source(in_tree(tmp_path / "alpha"))
    with pytest.raises(BuildError, match=r"but beta 0\.1\.0 was planned"):
        made.build(
            [one, replace(one, name=canonicalize_name("beta"), constraints="# another lock\n")],
            tmp_path / "out",
        )
    assert asked == ["after 2"]


def test_a_backend_sees_nothing_of_ours(tmp_path: Path) -> None:
    """No token, AWS, pip, proxy or other variable reaches the code of a package; the epoch and a fixed seed do."""
    token = "t0ken-that-nobody-may-see"
    planted = {
        "PIP_INDEX_URL": f"https://aws:{token}@example.com/simple/",
        "UV_DEFAULT_INDEX": f"https://aws:{token}@example.com/simple/",
        "AWS_SECRET_ACCESS_KEY": token,
        "CODEARTIFACT_AUTH_TOKEN": token,
        "https_proxy": f"http://me:{token}@proxy.example.com",
        "ANYTHING": token,
    }
    artifacts = builder(environ=planted).build([source(in_tree(tmp_path / "alpha"))], tmp_path / "out")
    with tarfile.open(artifacts[0].path) as sdist:
        member = sdist.extractfile("alpha-0.1.0/environ.json")
        assert member is not None
        environ: dict[str, str] = json.load(member)
    assert token not in json.dumps(environ)
    ours = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONHASHSEED", "SOURCE_DATE_EPOCH"}
    by_python_and_build = {"LC_CTYPE", "PWD", "PYTHONPATH"}
    assert {
        k for k in environ if not k.startswith(("PEP517_", "_PYPROJECT_HOOKS_"))
    } <= ours | by_python_and_build
    assert (environ["SOURCE_DATE_EPOCH"], environ["PYTHONHASHSEED"]) == (str(EPOCH), "0")


def test_a_failing_backend_is_an_error_with_its_output(tmp_path: Path) -> None:
    """What the backend printed is in the error, with the package's name; nothing of it reaches our stdout."""
    folder = in_tree(tmp_path / "alpha", body="print('on stdout'); raise RuntimeError('no compiler here')")
    with pytest.raises(BuildError, match="sdist: Backend subprocess exited") as caught:
        builder().build([source(folder)], tmp_path / "out")
    assert caught.value.address == "alpha"
    assert caught.value.untouched == "the index"
    assert "on stdout" in caught.value.output
    assert "RuntimeError: no compiler here" in caught.value.output


def test_a_backend_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A build-backend that cannot be imported is said by package."""
    folder = in_tree(tmp_path / "alpha", manifest=IN_TREE.replace('"backend"', '"none_such"'))
    with pytest.raises(BuildError) as caught:
        builder().build([source(folder)], tmp_path / "out")
    assert caught.value.address == "alpha"
    assert "none_such" in str(caught.value) + caught.value.output


@pytest.mark.parametrize("version", ["0.1.1", "weird"])
def test_a_file_with_another_version_than_planned_is_refused(tmp_path: Path, version: str) -> None:
    """A backend that takes its version from elsewhere, or gives an unreadable one, is found out by the file's name."""
    folder = in_tree(tmp_path / "alpha", version=version)
    with pytest.raises(
        BuildError, match=rf"the backend made alpha-{version}\.tar\.gz, but alpha 0\.1\.0"
    ) as caught:
        builder().build([source(folder)], tmp_path / "out")
    assert "must be static" in caught.value.hint


def test_without_constraints_nothing_is_built(tmp_path: Path) -> None:
    """A missing build-constraints.txt is named, with the reason for it and a command that makes it."""
    with pytest.raises(BuildError, match="the same source gives other bytes") as caught:
        builder(tmp_path / "build-constraints.txt").build(
            [source(in_tree(tmp_path / "alpha"), requires=HATCHLING)], tmp_path / "out"
        )
    assert caught.value.address == "build-constraints.txt"
    assert caught.value.hint == (
        "printf '%s\\n' 'hatchling>=1.27,<2' | uv pip compile --universal --generate-hashes "
        "--output-file build-constraints.txt -"
    )


def test_the_token_of_its_environment_is_not_in_the_repr() -> None:
    """A builder's repr, in a traceback or a log, holds none of its environment."""
    shown = repr(builder(environ={"PIP_INDEX_URL": "https://aws:t0ken@example.com/"}))
    assert "t0ken" not in shown


def test_an_sdist_that_cannot_be_unpacked_is_a_failed_build(tmp_path: Path) -> None:
    """A link to an absolute path, which pip would refuse too, is told by its name; so is an sdist that is not there."""
    folder = in_tree(tmp_path / "alpha")
    backend = folder / "backend.py"
    (folder / "away").symlink_to("/etc/hostname")
    backend.write_text(backend.read_text().replace('"backend.py")', '"backend.py", "away")'))
    with pytest.raises(BuildError, match=r"alpha-0\.1\.0\.tar\.gz cannot be unpacked: .*absolute path"):
        builder().build([source(folder)], tmp_path / "out")
    backend.write_text(backend.read_text().replace('return f"{name}.tar.gz"', 'return "none.tar.gz"'))
    with pytest.raises(BuildError, match=r"none\.tar\.gz cannot be unpacked: .*No such file"):
        builder().build([source(folder)], tmp_path / "out")


def test_a_machine_that_cannot_hold_the_build_is_no_bug(tmp_path: Path) -> None:
    """A full disk, here a limit on what a file may be, comes back from the worker process as the OSError it is."""
    folder = in_tree(tmp_path / "alpha")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            builder().build([source(folder)], tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

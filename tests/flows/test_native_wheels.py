"""A package with a real C extension, built for two targets: published, locked, promoted, installed and run."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.carrack.local import BIN, Shell, shell
from tests.carrack.repositories import Repository

from codeartifact_local.testing import LocalCodeArtifact, local_codeartifact

pytestmark = [pytest.mark.registry, pytest.mark.slow]

HERE = f"cp3{sys.version_info.minor}"
MODULE = """
#include <Python.h>

static PyObject *twice(PyObject *self, PyObject *number) { return PyNumber_Add(number, number); }

static PyMethodDef methods[] = {{"twice", twice, METH_O, "The number, and once more."}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "fast_io", 0, -1, methods};

PyMODINIT_FUNC PyInit_fast_io(void) { return PyModule_Create(&module); }
"""
MANIFEST = f"""
[build-system]
requires = ["setuptools>=80,<90"]
build-backend = "setuptools.build_meta"

[project]
name = "fast-io"
version = "1.0"
readme = "README.md"

[tool.setuptools]
ext-modules = [{{ name = "fast_io", sources = ["fast_io.c"] }}]

[tool.carrack.wheels]
pythons = ["{HERE}"]
"""
APP = f"""
[tool.carrack.apps.job]
path = "job"
lock = "job/requirements.lock"
pythons = ["3.{sys.version_info.minor}"]
"""


JOB = MANIFEST.partition("[tool.setuptools]")[0].replace("fast-io", "job") + 'dependencies = ["fast-io"]\n'


@pytest.fixture(scope="module")
def carrack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """The command in a workspace with a C extension for two targets and an app, and an index without a public one."""
    folder = tmp_path_factory.mktemp("native")
    with local_codeartifact(folder / "index") as server:
        yield _workspace(folder, server)


def _workspace(folder: Path, server: LocalCodeArtifact) -> Shell:
    made = shell(folder, server)
    pins = subprocess.run(
        [BIN / "uv", "pip", "compile", "--generate-hashes", "--no-header", "--no-annotate", "-"],
        input="setuptools>=80,<90\n",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (made.workspace / "packages/alpha/pyproject.toml").unlink()
    repo = Repository(made.workspace)
    with (made.workspace / "pyproject.toml").open("a") as manifest:
        manifest.write(APP)
    repo.git("init", "-q", "-b", "main")
    repo.commit(
        {
            "packages/fast-io/pyproject.toml": MANIFEST,
            "packages/fast-io/fast_io.c": MODULE,
            "packages/fast-io/README.md": "# fast-io\n",
            "job/pyproject.toml": JOB,
            "job/src/job/__init__.py": "",
            "job/README.md": "A job.\n",
            "build-constraints.txt": pins,
            ".gitignore": ".carrack/\n*.lock\ndist/\n",
        }
    )
    done = made("index", "create", "--to", "prod", "--yes")
    assert done.returncode == 0, done.stderr
    return made


def elsewhere(wheel: Path, machine: str) -> Path:
    """The wheel as another machine would have made it, by its name and its tags."""
    there = wheel.with_name(wheel.name.replace("x86_64", machine))
    with zipfile.ZipFile(wheel) as built, zipfile.ZipFile(there, "w") as copy:
        for member in built.infolist():
            content = built.read(member)
            if member.filename.endswith(".dist-info/WHEEL"):
                content = content.replace(b"x86_64", machine.encode())
            copy.writestr(member, content)
    return there


@pytest.mark.skipif(sys.platform != "linux", reason="the targets are Linux machines")
def test_a_version_is_whole_when_all_its_targets_are_there(carrack: Shell, tmp_path: Path) -> None:
    """Without the second target nothing is written; with it, both are locked, promoted, installed and run."""
    alone = carrack("publish", "--to", "staging")
    assert alone.returncode == 66, alone.stderr
    assert "its wheel for " + HERE + " on aarch64 is missing" in alone.stderr

    files = carrack("build", "fast-io", "--out", str(tmp_path))
    assert files.returncode == 0, files.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == f"fast_io-1.0-{HERE}-{HERE}-linux_x86_64.whl"
    short = carrack("publish", "--to", "staging", "--artifacts", str(tmp_path))
    assert short.returncode == 66, short.stderr
    elsewhere(wheel, "aarch64")
    published = carrack("publish", "--to", "staging", "--artifacts", str(tmp_path))
    assert published.returncode == 0, published.stderr
    assert "Building" not in published.stderr
    assert "3 file(s) of 1 package(s) on staging" in published.stderr

    locked = carrack("lock", "--to", "staging")
    assert locked.returncode == 0, locked.stderr
    assert (carrack.workspace / "job/requirements.lock").read_text().count("--hash=sha256:") == 2
    promoted = carrack("promote", "staging", "prod")
    assert promoted.returncode == 0, promoted.stderr
    installed = carrack("install", "--to", "prod")
    assert installed.returncode == 0, installed.stderr
    python = carrack.workspace / ".carrack/envs/job/bin/python"
    program = "import fast_io; print(fast_io.twice(21))"
    assert (
        subprocess.run([python, "-c", program], capture_output=True, text=True, check=True).stdout == "42\n"
    )


def test_sdists_alone_are_what_native_runners_build_from(carrack: Shell, tmp_path: Path) -> None:
    """`build --sdist` compiles nothing."""
    done = carrack("build", "--sdist", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["fast_io-1.0.tar.gz"]

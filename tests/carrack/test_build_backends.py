"""The bytes of `python -m build`, backend by backend: forks, kept environments and preloaded modules change none."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.carrack.local import BIN
from tests.carrack.repositories import EPOCH, GIT_ENVIRON, Repository, repository

from carrack.adapters.builder import IsolatedBuilder
from carrack.adapters.builder.settled import settle
from carrack.adapters.environment import isolated
from carrack.adapters.git import Git
from carrack.adapters.hashing import describe
from carrack.commands.build import build
from carrack.model.artifact import Kinds
from carrack.model.workspace import Package
from carrack.ports import Report

pytestmark = [pytest.mark.slow, pytest.mark.registry]
LOCK = PurePosixPath("build-constraints.txt")
PROJECT = """
[project]
name = "{name}"
version = "0.1.0"
description = "A package"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["packaging>=25"]
"""
SETUPTOOLS = PROJECT + '[tool.setuptools.packages.find]\nwhere = ["src"]\n'
NATIVE = (
    "from setuptools import Extension, setup\nsetup(ext_modules=[Extension('{name}._fast', ['fast.c'])])\n"
)
FAST = """\
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_fast", NULL, -1, NULL};
PyMODINIT_FUNC PyInit__fast(void) { return PyModule_Create(&module); }
"""
SETUP_PY = """\
import os
from setuptools import find_packages, setup
setup(name="{name}", version="0.1.0", packages=find_packages("src"), package_dir={{"": "src"}},
      long_description=open("README.md").read(), install_requires=["packaging>=25"])
"""


@dataclass(frozen=True)
class Form:
    """How a package is built."""

    requires: tuple[str, ...]
    backend: str
    rest: str
    files: tuple[tuple[str, str], ...] = ()

    def package(self, name: str) -> dict[str, str]:
        """Its files."""
        requires = ", ".join(f'"{one}"' for one in self.requires)
        backend = f'build-backend = "{self.backend}"\n' if self.backend else ""
        where = f"packages/{name}"
        return {
            f"{where}/pyproject.toml": f"[build-system]\nrequires = [{requires}]\n{backend}"
            + self.rest.format(name=name),
            f"{where}/README.md": f"# {name}\n",
            f"{where}/src/{name}/__init__.py": f'"""The module of {name}."""\n',
            f"{where}/src/{name}/data/one.txt": "one\n",
            **{f"{where}/{file}": text.replace("{name}", name) for file, text in self.files},
        }


FORMS = {
    "hatchling": Form(
        ("hatchling",),
        "hatchling.build",
        PROJECT + '[tool.hatch.build.targets.wheel]\npackages = ["src/{name}"]\n',
    ),
    "flit": Form(("flit_core",), "flit_core.buildapi", PROJECT),
    "setuptools": Form(("setuptools>=80",), "setuptools.build_meta", SETUPTOOLS),
    "setuptools-65": Form(("setuptools==65.7.0",), "setuptools.build_meta", SETUPTOOLS),
    "setuptools-65-wheel": Form(("setuptools==65.7.0", "wheel<0.46"), "setuptools.build_meta", SETUPTOOLS),
    "setup.py": Form(
        ("setuptools>=80",), "", "", (("setup.py", SETUP_PY.replace("{{", "{").replace("}}", "}")),)
    ),
    "pdm-backend": Form(("pdm-backend",), "pdm.backend", PROJECT),
    "poetry-core": Form(("poetry-core>=2",), "poetry.core.masonry.api", PROJECT),
    "uv_build": Form(("uv_build",), "uv_build", PROJECT),
}


def workspace(root: Path, form: Form) -> Repository:
    """Three packages of one form, and the pins of what they are built with."""
    repo = repository(root)
    wanted = "\n".join((*form.requires, "wheel<0.46"))
    command: list[str | Path] = [BIN / "uv", "pip", "compile", "--universal", "--generate-hashes", "-"]
    pins = subprocess.run(command, input=wanted, text=True, check=True, capture_output=True).stdout
    files = {name: text for one in ("alpha", "beta", "gamma") for name, text in form.package(one).items()}
    repo.commit({**files, str(LOCK): pins, "pyproject.toml": "[tool.carrack]\n"})
    return repo


def theirs(repo: Repository, out: Path, name: str) -> dict[str, str]:
    """What `python -m build` makes of a clean checkout; sdists settled, whose backend takes times from the clock."""
    checkout = out.parent / f"{name}-checkout"
    subprocess.run(["git", "clone", "-q", repo.root, checkout], check=True, umask=0o022)
    for path in checkout.rglob("*"):  # pdm-backend packs the files' own times
        os.utime(path, (EPOCH, EPOCH))
    subprocess.run(
        [sys.executable, "-m", "build", "-o", out / name, checkout / "packages" / name],
        env=isolated(os.environ)
        | {
            "SOURCE_DATE_EPOCH": str(EPOCH),
            "PIP_CONSTRAINT": str(repo.root / LOCK),
            "PYTHONHASHSEED": "0",
        },
        check=True,
        capture_output=True,
        umask=0o022,
    )
    for sdist in (out / name).glob("*.tar.gz"):
        settle(sdist, EPOCH)
    return {path.name: describe(path).sha256 for path in (out / name).iterdir()}


NATIVE_FORM = Form(
    ("setuptools>=80",), "setuptools.build_meta", SETUPTOOLS, (("setup.py", NATIVE), ("fast.c", FAST))
)


def test_a_c_extension_is_compiled_and_loads(tmp_path: Path, shared_cache: Path) -> None:
    """Compiler and linker run in the fork as anywhere. Its bytes have the folder's name in them; they are not kept."""
    repo = workspace(tmp_path / "repo", NATIVE_FORM)
    environ = {**os.environ, "CARRACK_CACHE": str(tmp_path / "cache")}
    for _ in range(2):
        done = subprocess.run(
            [BIN / "carrack", "build", "alpha", "beta"],
            cwd=repo.root,
            env=environ,
            check=True,
            capture_output=True,
            text=True,
        )
        assert [line.split()[1] for line in done.stderr.splitlines() if "Building" in line] == [
            "alpha",
            "beta",
        ]
    wheels = [line for line in done.stdout.splitlines() if line.endswith(".whl")]
    assert len(wheels) == 2
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(tmp_path / "installed")
    code = "import alpha._fast, beta._fast; print(alpha._fast.__name__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(tmp_path / "installed")},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "alpha._fast\n"


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_bytes_are_those_of_python_m_build(form: Form, tmp_path: Path, shared_cache: Path) -> None:
    """Of the first package, from which is learned, of the next, which are forks, and of the same again."""
    repo = workspace(tmp_path / "repo", form)
    packages = [
        Package(
            name=canonicalize_name(name),
            version=Version("0.1.0"),
            path=PurePosixPath(f"packages/{name}"),
            build_requires=tuple(map(Requirement, form.requires)),
        )
        for name in ("alpha", "beta", "gamma")
    ]
    builder = IsolatedBuilder(
        constraints=repo.root / LOCK,
        environ=lambda: isolated(os.environ),
        seen=os.environ,
        report=Report(),
        environments=shared_cache / "environments",
    )
    git = Git(repo.root, GIT_ENVIRON)
    expected = theirs(repo, tmp_path / "theirs", "alpha") | theirs(repo, tmp_path / "theirs", "gamma")
    for number in range(2):
        made = build([(one, "HEAD") for one in packages], git, builder, tmp_path / f"out-{number}", LOCK)
        found = {one.file.name: one.file.sha256 for one in made if one.name != "beta"}
        assert found == expected
    wheels = build([(packages[2], "HEAD")], git, builder, tmp_path / "wheels", LOCK, Kinds.WHEEL)
    assert [expected[one.file.name] for one in wheels] == [one.file.sha256 for one in wheels]

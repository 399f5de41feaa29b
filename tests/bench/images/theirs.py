"""The app as guides build it: a repository of each package, which the Dockerfile in `guide/` clones."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlsplit

from packaging.requirements import Requirement
from tests.carrack.repositories import GIT_ENVIRON, repository
from tests.docker.published import APP, Published

from carrack.adapters.projects import read_package

ROOT = Path(__file__).parents[3]
CLONED = ("batch-params", "record-io", "record-rules")
_built = shutil.ignore_patterns("__pycache__", ".venv", "dist")


def make_repositories(folder: Path) -> Path:
    """Make a repository of each package, and `NAME.git` beside it, with a requirements.txt; the folder."""
    for name in CLONED:
        repo = repository(folder / name)
        shutil.copytree(ROOT / "packages" / name, repo.root, dirs_exist_ok=True, ignore=_built)
        package = read_package(ROOT / "packages", PurePosixPath(name))
        repo.commit({"requirements.txt": _others(package.requires)})
        subprocess.run(
            ["git", "clone", "-q", "--bare", repo.root, folder / f"{name}.git"], env=GIT_ENVIRON, check=True
        )
    return folder


def lay_out(context: Path) -> None:
    """Lay out what the Dockerfile copies."""
    shutil.copytree(ROOT / APP, context, ignore=_built)
    shutil.copytree(Path(__file__).parent / "guide", context, dirs_exist_ok=True)
    package = read_package(ROOT, PurePosixPath(APP))
    (context / "requirements.txt").write_text(_others(package.requires))


def options(published: Published, host: str, base: str) -> list[str]:
    """The options of its build; the token is a build argument, as guides have it."""
    url = urlsplit(published.index_url)
    index = url._replace(netloc=f"aws:{quote(published.token, safe='')}@{url.netloc}").geturl()
    arguments = {"BASE_IMAGE": base, "PIP_INDEX_URL": index, "GIT_HOST": host}
    return [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]


def _others(requires: Iterable[Requirement]) -> str:
    return "".join(f"{one}\n" for one in requires if one.name not in CLONED)

"""Fetch an app's git sources and build their wheels: a build stage's work, with git and the pinned build requirements.

    python build_sources.py SOURCES.json WHEELS

Each source is fetched by its full commit id and nothing before it; commit and tree must be the locked ones, and so
must the wheel's sha256. It builds as Carrack does (an sdist, then the wheel out of it; fixed times, modes and umask),
so that the same commit makes the same bytes. The secrets `git-credentials` (git's store form) and `known_hosts`, and an
ssh agent, let git into private repositories; none of them is kept. It needs the standard library only.
"""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from settled import settle  # carrack/adapters/builder/settled.py, which is put beside this file

SECRETS = Path("/run/secrets")
SAME_EVERYWHERE = (
    "core.autocrlf=false",
    "core.eol=lf",
    "core.symlinks=true",
    "core.attributesFile=/dev/null",
)
FILE, PROGRAM, FOLDER = 0o644, 0o755, 0o755
DEFAULT = {"requires": ["setuptools>=40.8.0"], "build-backend": "setuptools.build_meta:__legacy__"}
HOOK = """
import importlib, json, sys
backend, paths, hook, folder = json.loads(sys.argv[1])
sys.path[:0] = paths
module, _, attribute = backend.partition(":")
found = importlib.import_module(module)
for name in filter(None, attribute.split(".")):
    found = getattr(found, name)
print(json.dumps(getattr(found, hook)(folder)))
"""


def main() -> None:
    """Build a wheel of every source."""
    os.umask(0o022)
    sources, wheels = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    wheels.mkdir(parents=True, exist_ok=True)
    for source in sources:
        with tempfile.TemporaryDirectory() as scratch:
            folder, epoch = lay_out(source, Path(scratch))
            wheel = build(source, folder, epoch, Path(scratch) / "built")
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            if digest not in source["sha256"]:
                sys.exit(
                    f"{source['name']}: commit {source['commit'][:12]} builds {wheel.name} with sha256 {digest}, "
                    "which is not the locked one; is build-constraints.txt another one than when it was locked?"
                )
            wheel.rename(wheels / wheel.name)


def lay_out(source: Mapping[str, Any], scratch: Path) -> tuple[Path, int]:
    """Return the source's folder as its commit has it, with that commit's time on every file, and the time."""
    repository, tree = scratch / "repository", scratch / "tree"
    repository.mkdir()
    tree.mkdir()
    git(source, repository, "init", "--quiet")
    git(source, repository, "fetch", "--quiet", "--no-tags", "--depth=1", source["url"], source["commit"])
    told = git(source, repository, "show", "--no-patch", "--format=%H %T %ct", "FETCH_HEAD").split()
    if told[:2] != [source["commit"], source["tree"]]:
        sys.exit(
            f"{source['name']}: {source['url']} gave commit {told[0]} with tree {told[1]}, and others were locked"
        )
    settings = [part for setting in SAME_EVERYWHERE for part in ("-c", setting)]
    git(source, repository, *settings, f"--work-tree={tree}", "checkout", "--quiet", "FETCH_HEAD", "--", ".")
    folder, epoch = tree / source["subdirectory"], int(told[2])
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(FOLDER if path.is_dir() else PROGRAM if path.stat().st_mode & 0o100 else FILE)
        os.utime(path, (epoch, epoch), follow_symlinks=False)
    return folder, epoch


def git(source: Mapping[str, Any], repository: Path, *arguments: str) -> str:
    """Run git without any question; what it prints."""
    helper = [f"-ccredential.helper=store --file={SECRETS}/git-credentials"]
    ssh = "ssh -o BatchMode=yes"
    if (SECRETS / "known_hosts").exists():
        ssh += f" -o StrictHostKeyChecking=yes -o UserKnownHostsFile={SECRETS}/known_hosts"
    environ = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": ssh, "GIT_CONFIG_GLOBAL": os.devnull}
    try:
        done = subprocess.run(
            ["git", *(helper if (SECRETS / "git-credentials").exists() else []), *arguments],
            cwd=repository,
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        sys.exit("git is not in this image; say sources-image, an image that has it, in the app's table")
    if done.returncode:
        sys.exit(f"{source['name']}: {source['url']}: git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def build(source: Mapping[str, Any], folder: Path, epoch: int, out: Path) -> Path:
    """Return the wheel of the distribution in `folder`, made out of its sdist."""
    out.mkdir()
    sdist = out / hook("build_sdist", source, folder, epoch, out)
    settle(sdist, epoch)
    unpacked = out / "unpacked"
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    (inside,) = unpacked.iterdir()
    return out / hook("build_wheel", source, inside, epoch, out)


def hook(name: str, source: Mapping[str, Any], folder: Path, epoch: int, out: Path) -> str:
    """Run one hook of the build backend (PEP 517) in a process of its own; the name of the file that it made."""
    manifest = folder / "pyproject.toml"
    told = (
        tomllib.loads(manifest.read_text(encoding="utf-8")).get("build-system", {})
        if manifest.exists()
        else {}
    )
    system = {**DEFAULT, **told}
    paths = [str(folder / path) for path in system.get("backend-path", [])]
    question = json.dumps([system["build-backend"], paths, name, str(out)])
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "LC_ALL") if key in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", HOOK, question],
        cwd=folder,
        env={**kept, "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(epoch)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{source['name']}: {name} failed\n{done.stdout}{done.stderr}")
    made: str = json.loads(done.stdout.splitlines()[-1])
    return made


if __name__ == "__main__":
    main()

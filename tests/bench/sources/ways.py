"""The ways that are measured: each source of code, a mix of two, and as guides do it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import boto3
from tests.bench.images import theirs
from tests.bench.sources.workshop import CHANGED, Workshop
from tests.docker.published import APP, TO_LOCAL

from carrack.adapters.projects import read_package

INDEX, GIT, SUBMODULE, RUNTIME = "index", "git", "submodule", "runtime"
MIX, GUIDE = "index, one submodule", "as guides do it"
BUCKET = "wheels"
PYTHON = "/opt/venv/bin/python"


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way of bringing the packages into an image.

    `lock` brings up to date what the image is built from. `change` changes a line of one package, and goes on until the
    image can be built; `rebuild` then builds the one that has it. `python` are the options and arguments that run the
    image's Python.
    """

    name: str
    image: str
    python: tuple[str, ...]
    lock: Callable[[], object]
    build: Callable[[], object]
    change: Callable[[], object]
    rebuild: Callable[[], object]


def ways(shop: Workshop) -> tuple[Way, ...]:
    """All of them; the workspace gets submodules, and an app for each source."""
    for package in theirs.CLONED:
        shop.repository.git("submodule", "--quiet", "add", f"{shop.host}/{package}.git", f"vendor/{package}")
    _bucket(shop).create_bucket(Bucket=BUCKET)
    with (shop.root / "pyproject.toml").open("a") as manifest:
        manifest.writelines(_apps(shop))
    shop.repository.git("commit", "-qam", "An app for each source")
    changes = {
        INDEX: shop.release,
        GIT: lambda: _move_commit(shop),
        SUBMODULE: lambda: _move_submodule(shop),
        RUNTIME: shop.release,
        MIX: lambda: _move_submodule(shop),
    }
    return (*(_ours(shop, name, change) for name, change in changes.items()), _guide(shop))


def _ours(shop: Workshop, name: str, change: Callable[[], object]) -> Way:
    app = _app(name)

    def lock() -> None:
        shop.carrack("lock", *TO_LOCAL, "--app", app)
        if name == RUNTIME:
            shop.carrack("image", "runtime", *TO_LOCAL, "--app", app)

    def changed() -> None:
        change()
        lock()

    def build() -> None:
        shop.carrack("image", "build", *TO_LOCAL, "--app", app, "--tag", f"way-{app}")

    launcher = ("/opt/carrack/launch.py", PYTHON) if name == RUNTIME else ()
    return Way(
        name=name,
        image=f"way-{app}:latest",
        python=("--entrypoint", PYTHON, f"way-{app}:latest", *launcher),
        lock=lock,
        build=build,
        change=changed,
        rebuild=build,
    )


def _guide(shop: Workshop) -> Way:
    context, image = shop.former / "context", "way-guide:latest"
    theirs.lay_out(context)
    options = theirs.options(shop.published, shop.host, shop.base_with_git)
    return Way(
        name=GUIDE,
        image=image,
        python=("--entrypoint", "python3", image),
        lock=lambda: None,
        build=lambda: shop.engine.build(context, *options, tag=image),
        change=lambda: shop.push(shop.former / CHANGED),
        rebuild=lambda: shop.engine.build(context, "--no-cache", *options, tag=image),
    )


def _move_commit(shop: Workshop) -> None:
    manifest, before = shop.root / "pyproject.toml", shop.head(CHANGED)
    shop.push(shop.former / CHANGED)
    manifest.write_text(manifest.read_text().replace(before, shop.head(CHANGED)))
    shop.repository.git("commit", "-qm", f"The newest {CHANGED}", "--", "pyproject.toml")


def _move_submodule(shop: Workshop) -> None:
    shop.push(shop.root / "vendor" / CHANGED)
    shop.repository.git("commit", "-qm", f"The newest {CHANGED}", "--", f"vendor/{CHANGED}")


def _apps(shop: Workshop) -> Iterator[str]:
    """The tables of the apps: the same app, with all of the packages from one source, or one of them."""
    own = [str(one) for one in read_package(shop.root, PurePosixPath(APP)).requires]
    every: Mapping[str, Mapping[str, str]] = {
        INDEX: {},
        GIT: {p: f'git = "{shop.host}/{p}.git", commit = "{shop.head(p)}"' for p in theirs.CLONED},
        SUBMODULE: {p: f'submodule = "vendor/{p}"' for p in theirs.CLONED},
        RUNTIME: dict.fromkeys(theirs.CLONED, f'runtime = "s3://{BUCKET}/"'),
        MIX: {CHANGED: f'submodule = "vendor/{CHANGED}"'},
    }
    for name, sources in every.items():
        # Jobs fetch from S3 with boto3, which such an app must have.
        yield from _table(shop, _app(name), [*own, "boto3>=1.40,<2"] if name == RUNTIME else own, sources)


def _table(shop: Workshop, app: str, needs: Sequence[str], sources: Mapping[str, str]) -> Iterator[str]:
    yield f"\n[tool.carrack.apps.{app}]\n"
    yield f'path = "{APP}"\nlock = "{app}.lock"\nrequirements = {needs}\n'
    yield 'pythons = ["{}.{}"]\n'.format(*sys.version_info)
    yield f'base = "{shop.base}"\nsources-image = "{shop.base_with_git}"\n'
    yield from (f"sources.{package} = {{ {line} }}\n" for package, line in sources.items())


def _app(name: str) -> str:
    return name.replace(",", "").replace(" ", "-")


def _bucket(shop: Workshop) -> Any:
    told = shop.store
    return boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=told["AWS_ENDPOINT_URL"],
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
    )

"""`make bench-images`: pipeline_app's image as Carrack builds it, beside the same app as guides build it.

Both are built in a private engine whose cache is empty, out of one local index; then a line of the app is changed, and
both are built again. Base images come from --slim and --full; without them stand-ins are made of this machine's Python
and Debian's packages, which needs root.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.bench.images import theirs
from tests.bench.pages import write
from tests.carrack.local import Shell
from tests.docker.engine import Engine, import_base_image, started_engine
from tests.docker.git_host import serving_repositories
from tests.docker.published import APP, Published, publish

from codeartifact_local.testing import local_codeartifact

HERE = Path(__file__).parent
FOUND = (
    "compilers, git or pip's cache",
    "for x in gcc git; do command -v $x; done; test -d ~/.cache/pip && echo pip cache",
)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One image: its name, that of its base, and how long it took to build, and to build again."""

    image: str
    base: str
    cold: float
    again: float


def main() -> None:
    """Build, measure, print the table, and write it to the page where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--slim", metavar="IMAGE", help="the base of Carrack's image, such as python:3.13-slim"
    )
    parser.add_argument("--full", metavar="IMAGE", help="the base of the other, such as python:3.13")
    parser.add_argument("--write", action="store_true", help="write the table to docs/images.md")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engine = stack.enter_context(started_engine())
        slim = chosen.slim or import_base_image(engine, scratch / "slim.tar", tag="slim:latest")
        full = chosen.full or _full_base(engine, scratch, slim)
        index = stack.enter_context(local_codeartifact(scratch / "index"))
        published = publish(index.environ(), scratch)
        host = stack.enter_context(serving_repositories(theirs.make_repositories(scratch / "git")))
        ours = _carrack(engine, published, Shell(published.workspace, index.environ()), slim)
        guide = _guide(engine, published, host, scratch / "guide", full)
        table = "\n".join(_table(engine, published.token, ours, guide))
    print(table)
    if chosen.write:
        write("images", table)


def _full_base(engine: Engine, scratch: Path, slim: str) -> str:
    """Debian with what the full official images have, and the slim one's Python."""
    print("making the full base image; some minutes", file=sys.stderr)
    container = engine.run("create", "--network=none", slim).stdout.strip()
    engine.run("export", "--output", str(scratch / "slim.tar"), container)
    engine.run("rm", container)
    subprocess.run([HERE / "full-base.sh", scratch / "full.tar", scratch / "slim.tar"], check=True)
    path = "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
    engine.run("import", "--change", path, str(scratch / "full.tar"), "full:latest")
    (scratch / "full.tar").unlink()
    return "full:latest"


def _carrack(engine: Engine, published: Published, shell: Shell, base: str) -> Measured:
    with_engine = Shell(shell.workspace, {**shell.environ, **engine.environ})

    def build() -> None:
        done = with_engine("image", "build", "--to", "local", "--app", APP, "--base", base, "--tag", "ours")
        assert done.returncode == 0, done.stderr

    return _timed(build, published.workspace / APP, image="ours:latest", base=base)


def _guide(engine: Engine, published: Published, host: str, context: Path, base: str) -> Measured:
    theirs.lay_out(context)
    options = theirs.options(published, host, base)
    return _timed(
        lambda: engine.build(context, *options, tag="theirs"), context, image="theirs:latest", base=base
    )


def _timed(build: Callable[[], object], app: Path, *, image: str, base: str) -> Measured:
    seconds = []
    for _ in range(2):
        began = time.monotonic()
        build()
        seconds.append(time.monotonic() - began)
        with (app / "src" / "pipeline_app" / "__init__.py").open("a") as module:
            module.write("# one more line\n")
    return Measured(image=image, base=base, cold=seconds[0], again=seconds[1])


def _table(engine: Engine, token: str, *images: Measured) -> Iterator[str]:
    yield "| | `carrack image build` | as guides build it |"
    yield "|---|---:|---:|"

    def row(what: str, cell: Callable[[Measured], object]) -> str:
        return f"| {what} | {' | '.join(str(cell(image)) for image in images)} |"

    yield row("size, MB", lambda it: _megabytes(engine, it.image))
    yield row("of that the base image", lambda it: _megabytes(engine, it.base))
    yield row("layers on the base image", lambda it: _layers(engine, it.image) - _layers(engine, it.base))
    yield row("build, s", lambda it: f"{it.cold:.0f}")
    yield row("build after a changed line, s", lambda it: f"{it.again:.0f}")
    yield row("runs as", lambda it: _ran(engine, it.image, "id -u"))
    yield row(FOUND[0], lambda it: _ran(engine, it.image, FOUND[1]).replace("\n", ", ") or "none")
    yield row("places with the token", lambda it: len(engine.leaks(it.image, token)))
    version = engine.run("version", "--format", "{{.Server.Version}}").stdout.strip()
    python = "{}.{}.{}".format(*sys.version_info)
    yield f"\n{date.today()}, {os.cpu_count()} cores x86_64, Docker {version}, Python {python}."


def _megabytes(engine: Engine, image: str) -> int:
    return round(int(engine.run("inspect", "--format", "{{.Size}}", image).stdout) / 1e6)


def _layers(engine: Engine, image: str) -> int:
    return int(engine.run("inspect", "--format", "{{len .RootFS.Layers}}", image).stdout)


def _ran(engine: Engine, image: str, script: str) -> str:
    command = ("run", "--rm", "--network=none", "--entrypoint=sh", image, "-c", f"{script}; true")
    return engine.run(*command).stdout.strip()


if __name__ == "__main__":
    main()

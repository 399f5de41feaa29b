"""The search for a secret, on real images: each but the last leaks it on purpose, in one way."""

from __future__ import annotations

import gzip
import io
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from tests.docker.engine import Engine

from carrack.adapters.token_scan import TokenScan
from carrack.commands.image_scan import refuse_leaks
from carrack.errors import BuildError
from carrack.model import remedies
from carrack.model.dockerfile_stages import reached, stages, with_names
from carrack.ports import Report

pytestmark = [pytest.mark.docker, pytest.mark.slow]

FORM = "eyJ2ZXIiOjF9.c2VjcmV0/dG9rZW4+x~=="
SECRET = FORM * 3
ADDRESS = f"http://aws:{SECRET}@127.0.0.1/simple/"
BASIC = b64encode(f"aws:{SECRET}".encode()).decode()

# What is built on the base image, and where the secret is then found.
LEAKS = {
    "argument": ('ARG TOKEN\nRUN test -n "$TOKEN"', "the image: history["),
    "environment": (f"ENV PIP_INDEX_URL={ADDRESS}", "the image: config.Env["),
    "copied": ("COPY pip.conf /etc/pip.conf", "the image: etc/pip.conf in layer "),
    "deleted later": (
        "COPY pip.conf /etc/pip.conf\nRUN rm /etc/pip.conf",
        "the image: etc/pip.conf in layer ",
    ),
    "command line": (f"RUN : pip install --index-url {ADDRESS} record-rules", "the image: history["),
    "header": (f'RUN : curl -H "Authorization: Basic {BASIC}"', "(base64 at offset 1)"),
    "gzip": ("COPY pip.conf.gz /var/cache/", "the image: var/cache/pip.conf.gz! in layer "),
    "zip": ("COPY wheel.whl /wheels/", "the image: wheels/wheel.whl!pkg/pip.conf in layer "),
    "from the secret mount": (
        "RUN --mount=type=secret,id=pip.conf cp /run/secrets/pip.conf /etc/pip.conf",
        "the image: etc/pip.conf in layer ",
    ),
}
IN_A_BUILDER = """\
FROM $BASE_IMAGE AS deeper
COPY pip.conf /etc/pip.conf
RUN rm /etc/pip.conf && echo built > /built
FROM $BASE_IMAGE AS Builder
COPY --from=deeper /built /built
FROM $BASE_IMAGE
RUN echo packed > /packed
FROM $BASE_IMAGE
COPY --from=builder /built /built
COPY --from=2 /packed /packed
"""
MOUNTED = """\
FROM $BASE_IMAGE AS unused
RUN false
FROM $BASE_IMAGE AS builder
RUN --mount=type=secret,id=pip.conf test -s /run/secrets/pip.conf && echo built > /built
FROM $BASE_IMAGE
COPY --from=builder /built /built
"""


@dataclass(frozen=True, kw_only=True)
class Built:
    """The images of one build with the engine's own client."""

    engine: Engine
    context: Path
    options: tuple[str, ...]

    @contextmanager
    def stage(self, target: str) -> Iterator[str]:
        """One stage by `--target`, which wants a name."""
        named = self.context / "Dockerfile.named"
        named.write_text(with_names((self.context / "Dockerfile").read_text()))
        options = (*self.options, "--file", str(named), "--target", target)
        self.engine.build(self.context, *options, tag="leak-stage:latest")
        yield "leak-stage:latest"
        self.engine.run("rmi", "leak-stage:latest")

    def saved(self, image: str) -> AbstractContextManager[IO[bytes]]:
        """What `docker save` writes."""
        return self.engine.saved(image)


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """Make a build context whose files hold the secret."""
    pip_conf = f"[global]\nindex-url = {ADDRESS}\n".encode()
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pkg/pip.conf", pip_conf)
    (tmp_path / "pip.conf").write_bytes(pip_conf)
    (tmp_path / "token").write_text(SECRET)
    (tmp_path / "pip.conf.gz").write_bytes(gzip.compress(pip_conf))
    (tmp_path / "wheel.whl").write_bytes(wheel.getvalue())
    return tmp_path


@pytest.fixture
def build(engine: Engine, base_image: str, context: Path) -> Callable[[str], None]:
    """Return a function that builds a Dockerfile on the base image and searches every stage of it."""

    def built(dockerfile: str) -> None:
        text = f"ARG BASE_IMAGE={base_image}\n{dockerfile}\n"
        (context / "Dockerfile").write_text(text)
        secrets = {"pip.conf": "pip.conf", "pip-conf": "pip.conf", "token": "token"}
        given = [f"--secret=id={name},src={context / file}" for name, file in secrets.items()]
        images = Built(engine=engine, context=context, options=("--build-arg", f"TOKEN={SECRET}", *given))
        engine.build(context, *images.options, tag="leak:latest")
        refuse_leaks(
            "leak:latest",
            reached(stages(text, {"TOKEN": SECRET})),
            images,
            TokenScan([SECRET]),
            Report(),
            dockerfile="Dockerfile",
        )

    return built


@pytest.mark.parametrize("leak", LEAKS)
def test_catches_a_leaking_image(build: Callable[[str], None], leak: str) -> None:
    """A token in an argument, the environment, a command, a file, a deleted or packed file is found there."""
    instructions, place = LEAKS[leak]
    with pytest.raises(BuildError) as caught:
        build(f"FROM $BASE_IMAGE\n{instructions}")
    assert place in caught.value.output
    assert SECRET not in caught.value.output


def test_catches_a_leak_of_a_builder_stage_only(build: Callable[[str], None], engine: Engine) -> None:
    """A token that only a stage of a stage had, and deleted, is found in that stage; nothing is in the image."""
    with pytest.raises(BuildError) as caught:
        build(IN_A_BUILDER)
    lines = caught.value.output.splitlines()
    assert [line.partition(" in layer")[0] for line in lines] == ["stage deeper: etc/pip.conf"]
    assert engine.leaks("leak:latest", SECRET) == ()


def test_finds_nothing_where_a_secret_was_only_mounted(build: Callable[[str], None], engine: Engine) -> None:
    """A token that was mounted while a step ran is nowhere; a stage that is not used is not even built."""
    build(MOUNTED)
    assert "leak-stage" not in engine.run("images").stdout


@pytest.mark.parametrize(
    ("remedy", "command"),
    [
        (
            remedies.for_variable("TOKEN"),
            f'python3 -c \'import os; assert os.environ["TOKEN"] == "{FORM}" * 3\'',
        ),
        (remedies.for_file("pip.conf", "/etc/pip.conf"), "pip config list | grep -q aws:"),
    ],
)
def test_the_remedies_work_and_leave_nothing(build: Callable[[str], None], remedy: str, command: str) -> None:
    """What `image lint` gives to paste has the credential while the step runs, and no stage has it afterwards."""
    line = remedy.splitlines()[0]
    assert "COMMAND" in line
    build(f"FROM $BASE_IMAGE\n{line.replace('COMMAND', command)}")

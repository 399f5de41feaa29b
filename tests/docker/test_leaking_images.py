"""The search for a secret, on real images: each but the last leaks it on purpose, in one way."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.docker.engine import Engine

from carrack.model.secret_forms import Leak

pytestmark = [pytest.mark.docker, pytest.mark.slow]

SECRET = "eyJ2ZXIiOjF9.c2VjcmV0/dG9rZW4+x~==" * 3
ADDRESS = f"http://aws:{SECRET}@127.0.0.1/simple/"

# What is built, the part of the image that then holds the secret, and how the address in that part begins.
LEAKS = {
    "argument": ('ARG TOKEN\nRUN test -n "$TOKEN"', "history", "history["),
    "environment": (f"ENV PIP_INDEX_URL={ADDRESS}", "config", "config.Env["),
    "copied": ("COPY pip.conf /etc/pip.conf", "layer.tar", "etc/pip.conf"),
    "deleted": ("COPY pip.conf /etc/pip.conf\nRUN rm /etc/pip.conf", "layer.tar", "etc/pip.conf"),
    "compressed": ("COPY pip.conf.gz /var/cache/", "layer.tar", "var/cache/pip.conf.gz!"),
}
IN_A_BUILDER = """\
FROM $BASE_IMAGE AS builder
COPY pip.conf /etc/pip.conf
RUN echo built > /built
FROM $BASE_IMAGE
COPY --from=builder /built /built
"""
MOUNTED = """\
FROM $BASE_IMAGE
RUN --mount=type=secret,id=pip.conf test -s /run/secrets/pip.conf
"""

Build = Callable[..., tuple[Leak, ...]]


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """Make a build context with a pip.conf that holds the secret."""
    pip_conf = f"[global]\nindex-url = {ADDRESS}\n".encode()
    (tmp_path / "pip.conf").write_bytes(pip_conf)
    (tmp_path / "pip.conf.gz").write_bytes(gzip.compress(pip_conf))
    return tmp_path


@pytest.fixture
def build(engine: Engine, base_image: str, context: Path) -> Build:
    """Return a function that builds instructions on the base image and scans the result."""

    def built(instructions: str, *options: str) -> tuple[Leak, ...]:
        (context / "Dockerfile").write_text(f"ARG BASE_IMAGE={base_image}\n{instructions}\n")
        engine.build(context, *options, tag="leak:latest")
        return engine.leaks("leak:latest", SECRET)

    return built


@pytest.mark.parametrize("leak", LEAKS)
def test_catches_a_leaking_image(build: Build, leak: str) -> None:
    """A token in an argument, the environment, a file, a deleted file or a compressed file is found there."""
    instructions, part, address = LEAKS[leak]
    leaks = build(f"FROM $BASE_IMAGE\n{instructions}", "--build-arg", f"TOKEN={SECRET}")
    assert {leak.form for leak in leaks} == {"plain"}
    assert any(it.layer.endswith(part) and it.member.startswith(address) for it in leaks), leaks


def test_catches_a_leak_of_a_builder_stage_only(build: Build) -> None:
    """A token in a builder stage is not in the image, and is found when that stage is searched."""
    assert build(IN_A_BUILDER) == ()
    assert {leak.member for leak in build(IN_A_BUILDER, "--target", "builder")} == {"etc/pip.conf"}


def test_finds_nothing_where_a_secret_was_only_mounted(build: Build, context: Path) -> None:
    """A token that was mounted while a step ran is nowhere in the image."""
    assert build(MOUNTED, "--secret", f"id=pip.conf,src={context / 'pip.conf'}") == ()

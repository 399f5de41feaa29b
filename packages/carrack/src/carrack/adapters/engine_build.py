"""One run of `build`: its arguments, its context on stdin, and what the engine says while it works."""

from __future__ import annotations

import re
import subprocess
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import IO, cast

from carrack.model.image import Recipe
from carrack.ports import Context, Report

_STEP = re.compile(r"(?:#\d+ (\[.*?\] .*)|(?:\[\d+/\d+\] )?STEP (\d+/\d+: .*))")
"""A step as BuildKit names it (`#7 [app 2/4] COPY …`), or podman (`[1/2] STEP 2/4: COPY …`)."""
_KEPT_LINES = 60
_SHOWN_CHARACTERS = 100
_SHORTEST_SECRET = 16


def arguments(recipe: Recipe) -> Iterator[str]:
    """The options of `build` that both engines know; no secret is among them."""
    yield from ("--file", str(recipe.dockerfile))
    for name, value in recipe.arguments.items():
        yield from ("--build-arg", f"{name}={value}")
    for name in recipe.variables:
        yield from ("--build-arg", name)
    for name, value in sorted(recipe.labels.items()):
        yield from ("--label", f"{name}={value}")
    for identity in recipe.secrets:
        yield from ("--secret", f"id={identity},env={_variable(identity)}")
    for spec in recipe.secret_specs:
        yield from ("--secret", spec)
    for spec in recipe.ssh:
        yield from ("--ssh", spec)
    if recipe.host_network:
        yield "--network=host"
    if recipe.platform:
        yield from ("--platform", recipe.platform)
    if recipe.target:
        yield from ("--target", recipe.target)


def client_variables(recipe: Recipe) -> dict[str, str]:
    """The environment of the engine's client from which it takes the secrets, and the arguments without a value."""
    return dict(recipe.variables) | {_variable(identity): text for identity, text in recipe.secrets.items()}


def _variable(identity: str) -> str:
    return "CARRACK_SECRET_" + re.sub(r"\W", "_", identity).upper()


def fed(
    command: Sequence[str],
    environ: Mapping[str, str],
    context: Context,
    report: Report,
    *,
    hidden: Iterable[str],
    folder: str,
) -> tuple[int, str]:
    """Run `command`, give it `context` on stdin, and tell `report` of each step; its exit code and last lines.

    `folder` is an empty one to run in: podman would take a Dockerfile that lies there for the context's. Words of the
    `hidden` texts are left out of what is told and returned: a step may print what it mounts.
    """
    secrets = [word for text in hidden for word in text.split() if len(word) >= _SHORTEST_SECRET]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        lines: deque[str] = deque(maxlen=_KEPT_LINES)
        output = _without(secrets, cast(IO[bytes], process.stdout))
        listener = threading.Thread(target=_listen, args=[output, lines, report])
        listener.start()
        try:
            with suppress(BrokenPipeError), cast(IO[bytes], process.stdin) as stdin:
                context(stdin)  # an engine that stops reading says why
        except BaseException:
            process.kill()
            raise
        finally:
            listener.join()
    return process.returncode, "\n".join(lines)


def _without(secrets: Sequence[str], stream: IO[bytes]) -> Iterator[str]:
    for line in stream:
        text = line.decode(errors="replace").rstrip()
        for secret in secrets:
            text = text.replace(secret, "***")
        yield text


def _listen(output: Iterable[str], lines: deque[str], report: Report) -> None:
    told: set[str] = set()
    for line in output:
        lines.append(line)
        found = _STEP.match(line)
        step = found and (found[1] or found[2])
        if step and step not in told:  # BuildKit names a step again when it goes on with it
            told.add(step)
            report.step("Building", _shortened(step))


def _shortened(step: str) -> str:
    words = " ".join(step.split())
    return words if len(words) <= _SHOWN_CHARACTERS else f"{words[: _SHOWN_CHARACTERS - 1]}…"

"""Rounds of the worker process, and of those that make the environments which it lacks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from carrack.adapters.cache.environments import Environments
from carrack.errors import BuildError
from carrack.model.artifact import Kinds, Source
from carrack.ports import Report

_OUR_OWN = {"PYTHONSAFEPATH": "1"}  # the folder where we are may have a build.py of its own


@dataclass(kw_only=True)
class Rounds:
    """Rounds of the worker, each for what is not built yet, with the environments made that the one before lacked."""

    report: Report
    environ: Callable[[], Mapping[str, str]] = field(repr=False)
    """For making environments; it may hold a token."""
    seen: Mapping[str, str] = field(repr=False)
    """For the worker, and the backends."""
    scratch: Path
    beside: Path
    """Where each package has its temporary files, and hooks are told what to do."""
    kept: Path
    """Where environments are."""
    out: Path
    kinds: Kinds
    backwards: bool
    careful: bool = False
    """Whether a build changed its environment, so that it has to be known which one it was."""
    alone: set[str] = field(default_factory=set)
    """Packages whose build changed an environment that others use; each gets one of its own."""

    def run(self, wanted: Sequence[tuple[Source, str]]) -> dict[str, dict[str, Any]]:
        """Build each source with the constraints beside it; by name, the files and what was installed for them.

        Raises BuildError and OSError.
        """
        made: dict[str, dict[str, Any]] = {}
        waiting, left = list(wanted), 8 + 6 * len(wanted)
        while waiting and left:  # a round builds, makes an environment, or sets a package apart
            left -= 1
            said = self._work(waiting)
            made |= said["made"]
            self.careful = self.careful or said["doubtful"]
            self._make_environments({source.name: (source, text) for source, text in waiting}, said["lacks"])
            self.alone.update(said["spoilt"])
            for name in said["spoilt"]:
                self.report.note(f"{name}: its build changed its build environment; it gets one of its own")
            waiting = [(source, text) for source, text in waiting if source.name not in made]
        if waiting:
            raise RuntimeError(
                f"builds that do not come to an end: {[str(source.name) for source, _ in waiting]}"
            )
        return made

    def _place(self, source: Source) -> Path:
        return self.scratch / "alone" / source.name if source.name in self.alone else self.kept

    def _make_environments(
        self, waiting: Mapping[str, tuple[Source, str]], lacks: Sequence[tuple[str, Sequence[str]]]
    ) -> None:
        asked: dict[tuple[Path, tuple[str, ...], str], list[str]] = {}
        for name, requires in lacks:
            source, text = waiting[name]
            asked.setdefault((self._place(source), tuple(requires), text), []).append(name)
        for (place, requires, text), names in asked.items():
            job = {"names": ", ".join(names), "requires": requires, "constraints": text}
            environments = Environments(place)
            with environments.find(requires, text) as found:
                is_there = found is not None  # what was made just now may be what this comes to
            if not is_there:
                environments.make(requires, text, self._maker(job))

    def _maker(self, job: Mapping[str, Any]) -> Callable[[Path], Mapping[str, Any]]:
        def fill(folder: Path) -> Mapping[str, Any]:
            return _run("environment_maker", {**job, "path": str(folder)}, {**self.environ(), **self._tmp})

        return fill

    def _work(self, waiting: Sequence[tuple[Source, str]]) -> dict[str, Any]:
        environ = {**self.seen, **self._tmp}
        texts = list(dict.fromkeys(text for _, text in waiting))
        job = {
            "constraints": texts,
            "out": str(self.out),
            "scratch": str(self.beside),
            "kinds": self.kinds.value,
            "backwards": self.backwards,
            "environ": environ,
            "careful": self.careful,
            "builds": [
                {
                    "name": source.name,
                    "source": str(source.path),
                    "epoch": source.epoch,
                    "requires": source.build_requires,
                    "constraints": texts.index(text),
                    "environments": str(self._place(source)),
                    "is_careful": self.careful and source.name not in self.alone,
                }
                for source, text in waiting
            ],
        }
        return _run("worker", job, environ)

    @property
    def _tmp(self) -> dict[str, str]:
        return {"TMPDIR": str(self.scratch)}


def _run(module: str, job: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Run one of our own processes to its end; where we are interrupted, it ends with pip and whatever it started.

    Raises what it was stopped by.
    """
    command = [sys.executable, "-m", f"carrack.adapters.builder.{module}"]
    with subprocess.Popen(
        command,
        env={**environ, **_OUR_OWN},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        umask=0o022,
        process_group=0,
    ) as process:
        try:
            out, err = process.communicate(json.dumps(job))
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        raise RuntimeError(f"the {module} ended with {process.returncode}:\n{err}")
    return _checked(json.loads(out.splitlines()[-1]))


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if "machine" in answer:
        raise OSError(*answer["machine"])
    if "failed" in answer:
        raise _failure(answer["failed"])
    return answer


def _failure(told: Sequence[Mapping[str, str]]) -> BuildError:
    """All that failed, in one error; where it is more than one, what each printed is below its name."""
    printed = [one["output"] for one in told]
    if len(told) > 1:
        printed = [f"{one['name']}: {one['reason']}\n{one['output'].rstrip()}" for one in told]
    return BuildError(
        "; ".join(dict.fromkeys(one["reason"] for one in told)),
        address=", ".join(one["name"] for one in told),
        output="\n".join(printed),
        untouched="the index",
        hint="; ".join(dict.fromkeys(one["hint"] for one in told if one["hint"])),
    )

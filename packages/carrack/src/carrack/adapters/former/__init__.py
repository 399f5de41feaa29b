"""Builds of a folder in the form that it has, to be looked at: its wheel, and what setuptools makes of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from carrack.adapters.archives import BuiltArchives
from carrack.adapters.builder import IsolatedBuilder
from carrack.adapters.folders import read_folder
from carrack.errors import BuildError
from carrack.model.artifact import Source
from carrack.model.conversion.attempt import Attempt, buildable
from carrack.model.conversion.build_system import LEGACY, backend_of
from carrack.model.conversion.folder import PYPROJECT
from carrack.model.conversion.setuptools import SetupFacts, read_facts
from carrack.ports import Report

_PROBE, _PLACE = "setup_facts", "_carrack_setup_facts"
_NOBODY = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    **{
        f"GIT_{who}_{what}": "carrack@localhost"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    },
}


@dataclass(frozen=True, kw_only=True)
class FormerBuilder:
    """Implements `ports.FormerBuilder`.

    Build requirements come from the index that `environ` names, in whatever release fits: what is built is compared
    and thrown away. Each build sees a git repository of one commit, for tools that ask git for versions and files.
    """

    environ: Mapping[str, str] = field(repr=False)

    def build(
        self, folder: Path, attempt: Attempt, out: Path, epoch: int, *, facts: bool
    ) -> tuple[Path, SetupFacts | None]:
        """See `ports.FormerBuilder`. Both are made in one environment."""
        found = read_folder(folder)
        as_it_is = {PYPROJECT: buildable(found, attempt.requires)}
        asked = {
            PYPROJECT: buildable(found, attempt.requires, backend=_PROBE, place=_PLACE),
            f"{_PLACE}/{_PROBE}.py": _probe(legacy=backend_of(found) == LEGACY),
        }
        with ExitStack() as stack:
            laid_out = [
                stack.enter_context(self._laid_out(folder, extra, attempt, epoch))
                for extra in (as_it_is, *([asked] if facts else []))
            ]
            made = self._make(laid_out, attempt, out, epoch)
        wheel = next(path for path in made[0] if path.suffix == ".whl")
        return wheel, _facts(made[1]) if facts else None

    def _make(
        self, folders: Sequence[Path], attempt: Attempt, out: Path, epoch: int
    ) -> list[tuple[Path, ...]]:
        constraints = folders[0].parent / "constraints.txt"
        constraints.write_text("".join(f"{text}\n" for text in attempt.constraints), encoding="utf-8")
        builder = IsolatedBuilder(
            constraints=constraints,
            environ=lambda: self.environ,
            seen=self.environ,
            report=Report(),
            backends=attempt.told,
            by_hash=False,
        )
        names = [canonicalize_name(f"{place}-{folder.name}") for place, folder in enumerate(folders)]
        sources = [
            Source(name=name, version=Version("0"), path=folder, epoch=epoch, build_requires=attempt.requires)
            for name, folder in zip(names, folders, strict=True)
        ]
        made = builder.make(sources, out)
        return [made[name] for name in names]

    @contextmanager
    def _laid_out(
        self, folder: Path, extra: Mapping[str, str | None], attempt: Attempt, epoch: int
    ) -> Iterator[Path]:
        """A copy of the folder with these files in it, as a git repository with the tags that are wanted."""
        with tempfile.TemporaryDirectory(prefix="carrack-former-") as scratch:
            source = Path(scratch) / folder.name
            shutil.copytree(folder, source, symlinks=True)
            self._git(source, epoch, "init", "--quiet")
            self._git(source, epoch, "add", "--all", "--force")
            self._git(
                source, epoch, "commit", "--quiet", "--allow-empty", "--no-verify", "--message", "as it was"
            )
            for tag in attempt.tags:
                self._git(source, epoch, "tag", "--annotate", "--message", tag, tag)
            for name, text in extra.items():
                if text is not None:
                    (source / name).parent.mkdir(exist_ok=True)
                    (source / name).write_text(text, encoding="utf-8")
            yield source

    def _git(self, source: Path, epoch: int, *arguments: str) -> None:
        dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{epoch} +0000")
        own = {key: value for key, value in self.environ.items() if not key.startswith("GIT_")}
        done = subprocess.run(
            ["git", "-C", str(source), *arguments],
            env={**own, **_NOBODY, **dates},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            raise BuildError("git cannot hold the folder as it was", address=source.name, output=done.stderr)


def _probe(*, legacy: bool) -> str:
    text = (files("carrack") / "adapters" / "former" / f"{_PROBE}.py").read_text(encoding="utf-8")
    return text.replace("\nLEGACY = False\n", "\nLEGACY = True\n") if legacy else text


def _facts(made: Sequence[Path]) -> SetupFacts:
    sdist = next(path for path in made if path.suffix != ".whl")
    return read_facts(json.loads(BuiltArchives().members(sdist)["facts.json"]))

"""uv as the resolver: a child process in an isolated environment."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import uv
from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.adapters.stub_wheels import write_stub
from carrack.errors import LockError
from carrack.model.base_image import Brought
from carrack.model.lock import Candidate
from carrack.model.lockfile import candidate

_OPTIONS = (
    *("--universal", "--only-binary", ":all:", "--no-header", "--no-annotate"),
    *("--quiet", "--no-progress", "--color", "never"),
)
_NO_SOLUTION = 1
"""uv's exit status where requirements contradict each other; 2 is any other failure (uv's CLI reference)."""

_CONCURRENT_DOWNLOADS = "8"
"""CodeArtifact answers 500 to some of very many concurrent requests for packages it has to fetch first."""


@dataclass(frozen=True, kw_only=True)
class UvResolver:
    """Implements `ports.Resolver`. `environ` names the index, with its token (`adapters.environment.isolated`)."""

    environ: Mapping[str, str] = field(repr=False)

    def resolve(
        self,
        requirements: Sequence[str],
        *,
        python: str,
        exact: Mapping[NormalizedName, Version],
        preferred: Iterable[Candidate],
        wheels: Path | None = None,
        brought: Sequence[Brought] = (),
    ) -> tuple[Candidate, ...]:
        """See `ports.Resolver`.

        uv may remember an older page of the index than there is. So with nothing preferred all pages are asked for
        anew, else those of the distributions in `exact`: they were published just now.

        Raises LockError with uv's explanation where nothing fits, or where the index fails.
        """
        preferred = tuple(preferred)
        stale = [f"--refresh-package={name}" for name in exact] if preferred else ["--refresh"]
        with tempfile.TemporaryDirectory(prefix="carrack-lock-") as scratch:
            folder = Path(scratch)
            _write(folder / "requirements.in", requirements)
            given = {**exact, **{one.candidate.name: one.candidate.version for one in brought}}
            _write(folder / "constraints.txt", (f"{name}=={version}" for name, version in given.items()))
            _write(folder / "resolved.txt", (str(c) for c in preferred if c.name not in given))
            stubs = [write_stub(folder, one).parent for one in brought]
            places = {str(place.absolute()) for place in (wheels, *stubs) if place}
            self._compile(folder, python, (*stale, *(f"--find-links={place}" for place in sorted(places))))
            lines = (folder / "resolved.txt").read_text(encoding="utf-8").splitlines()
        found = (candidate(line, "uv's resolution") for line in lines if line.strip())
        return tuple(one for one in found if one.name in exact or one.name not in given)

    def _compile(self, folder: Path, python: str, further: Sequence[str]) -> None:
        files = ("requirements.in", "--constraints", "constraints.txt", "--output-file", "resolved.txt")
        pythons = ("--python", sys.executable, "--python-version", python)
        done = subprocess.run(
            [uv.find_uv_bin(), "pip", "compile", *files, *_OPTIONS, *pythons, *further],
            cwd=folder,
            env={"UV_CONCURRENT_DOWNLOADS": _CONCURRENT_DOWNLOADS, **self.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            found_none = done.returncode == _NO_SOLUTION
            raise LockError(
                "no versions fit together" if found_none else "uv could not read the index",
                faults=tuple(done.stderr.splitlines()),
                untouched="the lock",
            )


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

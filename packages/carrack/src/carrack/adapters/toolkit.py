"""The toolkit: as it runs here, and as an index has it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from packaging.utils import NormalizedName

from carrack.adapters.pins_file import compile_pins, entries, entry_name
from carrack.errors import IndexAccessError, LockError
from carrack.model.controls import TOOLKIT

_OPTIONS = (
    *(
        "--only-binary",
        ":all:",
    ),  # an sdist is somebody's code, and would run here before anything was compared
    *("--custom-compile-command", "make requirements"),  # what the file's first lines tell people to run
)
_NO_SOLUTION = 1
"""uv's exit status where nothing fits; 2 is any other failure (uv's CLI reference)."""
_REFUSED = "could not be queried"
"""What uv's hint says where nothing was found because the index answered 401 or 403."""
_NOT_COMPARED = ("RECORD", "WHEEL")
"""What the installer, and the build for an editable install, write anew."""
_UNTOUCHED = "everything; nothing was written"


@dataclass(frozen=True, kw_only=True)
class IndexedToolkit:
    """Implements `ports.Toolkit`. `environ` names the one index (`adapters.environment.isolated`)."""

    environ: Mapping[str, str] = field(repr=False)
    place: str
    """The index in words, without credentials."""

    @cached_property
    def versions(self) -> Mapping[NormalizedName, str]:
        """See `ports.Toolkit`."""
        return {name: found.version for name in TOOLKIT if (found := _installed(name))}

    def pinned(self, requires: Sequence[str], constraints: str) -> str:
        """See `ports.Toolkit`.

        Raises LockError with uv's explanation where the index does not have it; IndexAccessError where it does not
        let us in, or cannot be read.
        """
        done = compile_pins(requires, constraints, self.environ, *_OPTIONS)
        if done.returncode == _NO_SOLUTION and _REFUSED not in done.stderr:
            raise LockError(
                "not all that a workspace with this toolkit needs is on this index",
                address=self.place,
                faults=tuple(done.stderr.splitlines()),
                untouched=_UNTOUCHED,
                hint="configure pip (PIP_INDEX_URL) with the index that has the toolkit, or publish it there; "
                "in a workspace that has one: carrack init --to NAME",
            )
        if done.returncode:
            raise IndexAccessError(
                "this index does not let us in, or cannot be read: " + " ".join(done.stderr.split()),
                address=self.place,
                untouched=_UNTOUCHED,
                hint="look at what `pip config list` says of index-url, cert and proxy: a token in the address lasts "
                "12 hours at most",
            )
        return done.stdout

    def differing(self, pins: str) -> tuple[str, ...]:
        """See `ports.Toolkit`. Raises LockError with pip's own words where a file is not to be had."""
        ours = [entry for entry in entries(pins) if entry_name(entry) in self.versions]
        with tempfile.TemporaryDirectory(prefix="carrack-toolkit-") as scratch:
            self._download("".join(ours), Path(scratch))
            wheels = sorted(Path(scratch).glob("*.whl"))
            return tuple(line for wheel in wheels for line in _differences(wheel))

    def _download(self, pins: str, into: Path) -> None:
        (into / "requirements.txt").write_text(pins, encoding="utf-8")
        options = ("--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--dest", str(into))
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pip", "download", *options, "-r", str(into / "requirements.txt")],
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise LockError(
                "pip could not download the toolkit",
                address=self.place,
                faults=tuple(done.stderr.splitlines()),
                untouched=_UNTOUCHED,
                hint="run the same command again",
            )


def _installed(name: NormalizedName) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _differences(wheel: Path) -> Iterator[str]:
    """A line for each member that is not, byte for byte, what is installed here."""
    here = distribution(wheel.name.partition("-")[0])
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            folder, _, name = member.partition("/")
            if folder.endswith(".dist-info"):
                same = name in _NOT_COMPARED or (here.read_text(name) or "").encode() == archive.read(member)
            else:
                same = _here(folder, name) == archive.read(member)
            if not same:
                yield f"{wheel.name}: {member} is another than that of {here.name} {here.version} here"


def _here(package: str, name: str) -> bytes | None:
    """The file `name` of an importable package; None where there is none, or no such package."""
    spec = find_spec(package) if package.isidentifier() else None
    places = (spec.submodule_search_locations if spec else None) or ()
    return next((file.read_bytes() for place in places if (file := Path(place) / name).is_file()), None)

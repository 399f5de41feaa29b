"""Built files that are kept under everything that makes them, each read and hashed again before it is believed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import uuid4

from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.adapters.cache import FACTS, remove, used_now
from carrack.adapters.cache.interpreter import interpreter
from carrack.model.artifact import Artifact, Kinds, Source, digest_of, sha256_of
from carrack.model.build_environment import said_of
from carrack.model.published import File

_FORM = 1
"""Raised when Carrack itself makes other bytes of the same source: what was kept before is then made anew."""


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What an entry says of itself."""

    version: Version
    installed: tuple[str, ...]
    files: tuple[File, ...]


@dataclass(frozen=True)
class KeptArtifacts:
    """Implements `ports.Kept` in `folder`: KEY/PINS/, with the files and, written last, what they are.

    The key is of the source and this Python. What the constraints say of whatever was installed for the build is beside
    it: a pin of another tool changes nothing.
    """

    folder: Path

    def find(
        self, sources: Sequence[Source], out: Path, kinds: Kinds
    ) -> Mapping[NormalizedName, tuple[Artifact, ...]]:
        """See `ports.Kept`. An entry that is not as it was kept is removed, and so missing here."""
        found = {source.name: self._find(source, out, kinds) for source in sources}
        return {name: artifacts for name, artifacts in found.items() if artifacts}

    def keep(self, sources: Sequence[Source], artifacts: Sequence[Artifact], kinds: Kinds) -> None:
        """See `ports.Kept`. Wheels for some machines only are not: no key says what their compiler was."""
        for source in sources:
            own = [artifact for artifact in artifacts if artifact.name == source.name]
            if (
                source.tree
                and source.constraints is not None
                and own
                and all(one.installed is not None and one.is_portable for one in own)
            ):
                with suppress(OSError):  # a cache that cannot be written to is no reason to fail
                    self._keep(source, own, kinds)

    def _find(self, source: Source, out: Path, kinds: Kinds) -> tuple[Artifact, ...]:
        if not source.tree or source.constraints is None:
            return ()
        key = self.folder / _key(source, kinds)
        for entry in _folders(key):
            facts = _read(entry)
            if facts is None or entry.name != self._said(facts.installed, source):
                continue
            if all(_have(entry / file.name, file, out) for file in facts.files):
                used_now(key)
                return tuple(_artifact(source, file, out, facts) for file in facts.files)
            remove(entry)
        return ()

    def _keep(self, source: Source, artifacts: Sequence[Artifact], kinds: Kinds) -> None:
        installed = tuple(artifacts[0].installed or ())
        key = self.folder / _key(source, kinds)
        key.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".new-") as scratch:
            entry = Path(scratch) / "entry"
            entry.mkdir()
            for artifact in artifacts:
                shutil.copyfile(artifact.path, entry / artifact.file.name)
            files = [{"name": a.file.name, "sha256": a.file.sha256, "size": a.file.size} for a in artifacts]
            facts = {"version": str(artifacts[0].version), "installed": installed, "files": files}
            (entry / FACTS).write_text(json.dumps(facts), encoding="utf-8")
            place = key / self._said(installed, source)
            remove(place)
            entry.rename(place)

    def _said(self, installed: Sequence[str], source: Source) -> str:
        asked = (tuple(installed), source.constraints or "")
        if asked not in self._digests:
            self._digests[asked] = sha256_of(said_of(asked[0], asked[1]))[:32]
        return self._digests[asked]

    @cached_property
    def _digests(self) -> dict[tuple[tuple[str, ...], str], str]:
        return {}


def _key(source: Source, kinds: Kinds) -> str:
    facts = [_FORM, interpreter(), kinds.value, source.name, str(source.version), source.tree, source.epoch]
    return sha256_of(json.dumps([*facts, *sorted(source.build_requires)]))[:40]


def _folders(key: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from sorted(path for path in key.iterdir() if path.is_dir())


def _read(entry: Path) -> _Facts | None:
    """What the entry says of itself; None where that was harmed."""
    try:
        told = json.loads((entry / FACTS).read_bytes())
        facts = _Facts(
            version=Version(told["version"]),
            installed=tuple(told["installed"]),
            files=tuple(File(**fact) for fact in told["files"]),
        )
        names = [os.path.basename(file.name) == file.name and file.name.strip(".") for file in facts.files]
        return facts if all(names) and all(isinstance(one, str) for one in facts.installed) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _have(kept: Path, file: File, out: Path) -> bool:
    """Whether the file is in `out`, by its hash: because it was there, or because it is as it was kept."""
    there, beside = (
        out / file.name,
        out / f".{file.name}.{uuid4().hex}.new",
    )  # another run may have the same `out`
    try:
        if _hash(there) == file.sha256:
            return True
        there.unlink()  # a rename onto a file would wait for the disk
    except FileNotFoundError:
        pass
    try:
        if _hash(kept, beside) == file.sha256:
            beside.rename(there)
            return True
    except FileNotFoundError:
        pass
    beside.unlink(missing_ok=True)
    return False


def _hash(path: Path, copy: Path | None = None) -> str:
    """The file's sha256, and a copy of the bytes that were hashed."""
    digest = hashlib.sha256()
    with path.open("rb") as old, open(copy or os.devnull, "wb") as new:
        while piece := old.read(1 << 20):
            digest.update(piece)
            if copy:
                new.write(piece)
    return digest.hexdigest()


def _artifact(source: Source, file: File, out: Path, facts: _Facts) -> Artifact:
    return Artifact(
        name=source.name,
        version=facts.version,
        path=out / file.name,
        file=file,
        constraints=digest_of(source.constraints or ""),
        installed=facts.installed,
    )

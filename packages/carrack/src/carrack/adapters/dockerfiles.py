"""Reads Dockerfiles, and looks into the folders that they are built from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from carrack.errors import UsageError
from carrack.model.dockerignore import ignored

_LARGEST = 1 << 20
"""In bytes; no configuration file is larger."""


@dataclass(frozen=True, kw_only=True)
class Dockerfiles:
    """Dockerfiles on disk. `context` is the folder that they are built from; each one's own, if not said."""

    context: Path | None = None

    def text(self, dockerfile: Path) -> str:
        """The text of a Dockerfile. Raises UsageError where there is no such file."""
        try:
            return dockerfile.read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise UsageError("there is no such file", address=str(dockerfile)) from None

    def files(self, dockerfile: Path) -> Callable[[str], str | None]:
        """Gives the text of a file that a build of `dockerfile` gets; None where it gets none of that name."""
        context = self.context or dockerfile.parent
        own = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
        patterns = _read(own) if own.is_file() else _read(context / ".dockerignore")

        def text(path: str) -> str | None:
            name = PurePosixPath("/", path).relative_to("/")
            if ".." in name.parts or ignored(str(name), patterns or ""):
                return None
            return _read(context / name)

        return text


def _read(file: Path) -> str | None:
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            return opened.read(_LARGEST)
    except OSError:
        return None

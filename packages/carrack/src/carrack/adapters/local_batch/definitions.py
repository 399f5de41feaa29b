"""The job definitions that are registered on this machine, each revision a file."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from carrack.errors import JobError
from carrack.model.jobs.job import JSON


@dataclass(frozen=True)
class Definitions:
    """The definitions for one kind of executor, in a folder."""

    folder: Path

    def register(self, definition: JSON) -> dict[str, Any]:
        """Give a definition its next revision, which is on the disk when this returns."""
        name = definition["jobDefinitionName"]
        folder = self._of(name)
        folder.mkdir(parents=True, exist_ok=True)
        for revision in range(max(self._revisions(name), default=0) + 1, 1_000_000):
            told = {**definition, "revision": revision, "status": "ACTIVE"}
            if _claimed(folder / f"{revision}.json", told):
                return told
        raise JobError("has too many revisions", address=str(folder))

    def active(self, name: str) -> Iterator[dict[str, Any]]:
        """The revisions of a definition, newest first."""
        for revision in sorted(self._revisions(name), reverse=True):
            told: dict[str, Any] = json.loads((self._of(name) / f"{revision}.json").read_text("utf-8"))
            yield told

    def find(self, said: str) -> dict[str, Any]:
        """The definition that `name`, `name:revision`, or an ARN of either, means. Raises JobError where none is."""
        name, _, revision = said.rpartition("/")[2].partition(":")
        for told in self.active(name):
            if not revision or str(told["revision"]) == revision:
                return told
        raise JobError(
            "there is no such job definition on this machine",
            address=said,
            hint="carrack job define --on " + self.folder.name,
        )

    def _of(self, name: str) -> Path:
        return self.folder / quote(name, safe="")

    def _revisions(self, name: str) -> Iterator[int]:
        return (int(path.stem) for path in self._of(name).glob("*.json"))


def _claimed(path: Path, told: JSON) -> bool:
    """Write a file that must not be there yet; whether it was not. Two who register at once get two revisions."""
    beside = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(told, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(beside, path)
    except FileExistsError:
        return False
    finally:
        beside.unlink()
    return True

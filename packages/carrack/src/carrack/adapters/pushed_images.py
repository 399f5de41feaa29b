"""The record of pushed images on disk: one JSON object a line, appended."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from carrack.adapters.whole_lines import append
from carrack.model.registry import Pushed
from carrack.ports import Report

_SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class PushedImages:
    """Implements `ports.PushRecords` in a file, normally `.carrack/images.jsonl` of the workspace.

    Where it cannot be written, `report` is told, and the push was one nevertheless.
    """

    file: Path
    report: Report

    def append(self, pushed: Pushed) -> None:
        """See `ports.PushRecords`."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            if self.last(pushed.app) != pushed:
                with self.file.open("a+b") as records:
                    append(records, json.dumps({"schema": _SCHEMA, **asdict(pushed)}))
        except OSError as error:
            self.report.note(f"{self.file}: {error.strerror}; the image is pushed, and not noted there")

    def last(self, app: str) -> Pushed | None:
        """See `ports.PushRecords`. A line that cannot be read is none."""
        try:
            lines = self.file.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return None
        return next((one for line in reversed(lines) if (one := _read(line)) and one.app == app), None)


def _read(line: str) -> Pushed | None:
    try:
        told = json.loads(line)
        if told.pop("schema") != _SCHEMA:
            return None
        return Pushed(**{**told, "images": tuple(told["images"])})
    except (ValueError, KeyError, TypeError, AttributeError):
        return None

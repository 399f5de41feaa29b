"""What the workspace's history keeps of an import: the trailers of its merge commit, and which commit became which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.utils import NormalizedName

from carrack.model.adoption import Submodule
from carrack.model.source_address import SourceAddress

ADOPTED = "Carrack-Adopted"
_KEYS = (
    "Carrack-Source",
    "Carrack-Source-Commit",
    "Carrack-Folder",
    "Carrack-History",
    "Carrack-Rewritten-By",
)
_SUBDIR = "Carrack-Source-Folder"


@dataclass(frozen=True, kw_only=True)
class Record:
    """Where a package came from. `commit` is the source's, `history` what it became; `tool` did that.

    `baseline` is the tag of the newest release on the source's line, and its version.
    """

    name: NormalizedName
    path: PurePosixPath
    source: str
    subdir: PurePosixPath
    commit: str
    history: str
    tool: str
    baseline: tuple[str, str] | None = None

    def message(self, subject: str, body: str) -> str:
        """A commit message with this record in its trailers."""
        values = (self.source, self.commit, str(self.path), self.history, self.tool)
        lines = [
            f"{ADOPTED}: {self.name}",
            *(f"{key}: {value}" for key, value in zip(_KEYS, values, strict=True)),
        ]
        lines += [f"{_SUBDIR}: {self.subdir}"] if self.subdir.parts else []
        lines += [f"Carrack-Baseline: {' '.join(self.baseline)}"] if self.baseline else []
        return f"{subject}\n\n{body}\n\n" + "\n".join(lines) + "\n"


def parse_record(message: str) -> Record | None:
    """The record in a commit's message; None where it has none, or not all of it."""
    told = dict(re.findall(r"^(Carrack-[A-Za-z-]+): (.+)$", message, re.MULTILINE))
    if not {ADOPTED, *_KEYS} <= told.keys():
        return None
    return Record(
        name=NormalizedName(told[ADOPTED]),
        path=PurePosixPath(told["Carrack-Folder"]),
        source=told["Carrack-Source"],
        subdir=PurePosixPath(told.get(_SUBDIR, ".")),
        commit=told["Carrack-Source-Commit"],
        history=told["Carrack-History"],
        tool=told["Carrack-Rewritten-By"],
    )


def commit_list(commits: Mapping[str, str | None]) -> str:
    """Which commit became which, a line each, sorted: what finds the commit that an old link or message names."""
    head = "# The commits of the former repository, and what each is here; - where it had nothing of the folder.\n"
    return head + "".join(f"{old} {new or '-'}\n" for old, new in sorted(commits.items()))


def commit_list_path(name: NormalizedName) -> PurePosixPath:
    """Where that list is, in the workspace."""
    return PurePosixPath("adopted") / f"{name}.commits"


def root_modules(
    before: str | None, submodules: Iterable[Submodule], at: PurePosixPath, address: SourceAddress
) -> str:
    """The root's .gitmodules with the submodules of a package at `at`; relative addresses become the source's own."""
    text = before or ""
    for submodule in submodules:
        if submodule.url is None:
            continue
        path = at / submodule.path
        if f'[submodule "{path}"]' not in text:
            url = address.relative(submodule.url)
            separator = "" if not text or text.endswith("\n") else "\n"
            text += (
                f'{separator}[submodule "{_quoted(str(path))}"]\n\tpath = {_quoted(str(path), always=True)}\n'
            )
            text += f"\turl = {_quoted(url, always=True)}\n"
    return text


def _quoted(value: str, *, always: bool = False) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if always and re.search(r'[#;"\\]|^\s|\s$', value) else escaped

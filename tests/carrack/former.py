"""Former repositories as they are found: odd in every way that git allows."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.carrack.repositories import EPOCH, GIT_ENVIRON, Repository, repository

SETUP = 'from setuptools import setup\n\nsetup(name="old-tool", version="1.2.0", py_modules=["old_tool"])\n'


@dataclass(frozen=True)
class Former(Repository):
    """A repository that is to be adopted."""

    def say(self, message: str, files: Mapping[str, str] | None = None, *, at: int = EPOCH) -> str:
        """Commit files, or nothing, with a message."""
        self.write(files or {})
        self.git("add", "--all")
        date = f"{at} +0000"
        self.git(
            "commit", "-qm", message, "--allow-empty", GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date
        )  # fmt: skip
        return self.git("rev-parse", "HEAD")

    def tag(self, name: str, message: str = "", commit: str = "HEAD") -> None:
        """A light tag, or one with a message."""
        self.git("tag", *(["-am", message] if message else []), name, commit)

    def raw(self, *arguments: bytes | str, told: bytes = b"") -> bytes:
        """Run git with bytes that are no text."""
        return subprocess.run(
            ["git", "-C", self.root, *arguments],
            input=told,
            env=GIT_ENVIRON,
            check=True,
            capture_output=True,
        ).stdout.strip()


def former(root: Path) -> Former:
    """A small one: three commits, a merge, a light tag and one with a message."""
    made = Former(repository(root).root)
    made.say("Begin, see #1", {"setup.py": SETUP.replace("1.2.0", "1.0"), "old_tool.py": "one = 1\n"})
    made.tag("v1.0")
    made.git("switch", "-qc", "topic")
    made.say("More", {"old_tool.py": "one = 11\n"})
    made.git("switch", "-q", "main")
    made.say("Elsewhere", {"README": "An old tool.\n"}, at=EPOCH + 60)
    made.git("merge", "-q", "--no-ff", "-m", "Merge pull request #2 from topic", "topic")
    made.say("Release", {"setup.py": SETUP})
    made.tag("v1.2.0", "old-tool 1.2.0")
    return made


def odd(root: Path) -> Former:
    """Everything odd at once that a whole history can have, and must keep."""
    made = former(root)
    made.say("An empty commit")
    (made.root / "run.sh").write_text("#!/bin/sh\n")
    (made.root / "run.sh").chmod(0o755)
    (made.root / "link.py").symlink_to("old_tool.py")
    (made.root / "dos.txt").write_bytes(b"one\r\ntwo\r\n")
    made.say("Modes", {"packages/other/pyproject.toml": "no toml", ".gitattributes": "*.bat text eol=crlf\n"})
    made.write({"go.bat": "echo\n", "with space/größe.txt": "", 'quo"te.txt': ""})
    made.say("Names")
    _other_root(made)
    _octopus(made)
    _bytes(made)
    made.tag("release-1.3", "odd\n\nname")
    made.tag("nightly")
    made.raw("update-ref", b"refs/tags/caf\xe9", "HEAD")
    tree = made.git("rev-parse", "HEAD^{tree}")
    made.git("update-ref", "refs/tags/a-tree", tree)
    made.git("tag", "-am", "of a tag", "nested", "v1.2.0")
    return made


def _other_root(made: Former) -> None:
    made.git("switch", "-q", "--orphan", "docs")
    made.say("Another root", {"docs/index.txt": "docs\n"})
    made.git("switch", "-q", "main")
    made.git("merge", "-q", "--allow-unrelated-histories", "-m", "Join the docs", "docs")


def _octopus(made: Former) -> None:
    for name in ("one", "two", "three"):
        made.git("switch", "-qc", name, "main~1")
        made.say(f"Arm {name}", {f"arms/{name}.txt": name})
    made.git("switch", "-q", "main")
    made.git("merge", "-q", "-m", "An octopus", "one", "two", "three")


def _bytes(made: Former) -> None:
    """A path and a message that are no UTF-8, one of them with its encoding said."""
    blob = made.git("hash-object", "-w", "--stdin")
    made.raw("update-index", "--add", "--cacheinfo", b"100644," + blob.encode() + b",caf\xe9.txt")
    tree = made.raw("write-tree").decode()
    person = b"Andr\xe9 <a@example.com> 1700000000 -0730"
    for extra, message in (
        (b"", b"d\xe9j\xe0 vu, like abc1234\n"),
        (b"encoding ISO-8859-1\n", b"\xe9t\xe9\n"),
    ):
        parent = made.raw("rev-parse", "HEAD")
        text = b"tree %s\nparent %s\nauthor %s\ncommitter %s\n%s\n%s" % (
            tree.encode(), parent, person, person, extra, message,
        )  # fmt: skip
        commit = made.raw("hash-object", "-t", "commit", "-w", "--literally", "--stdin", told=text)
        made.raw("update-ref", "refs/heads/main", commit)
    made.raw("reset", "-q", "--hard")

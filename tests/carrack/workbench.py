"""Packages whose own code runs while they are built, by one backend that they share, in environments that are kept."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.carrack.repositories import EPOCH
from tests.carrack.wheels import make_wheel, sha256

from carrack.adapters.builder import IsolatedBuilder
from carrack.adapters.environment import isolated
from carrack.model.artifact import Artifact, Kinds, Source
from carrack.ports import Report

BACKEND = Path(__file__).with_name("shared_backend.py").read_text()
MODULES = {
    "shared_backend.py": BACKEND,
    "shared_lazily.py": "VALUE = 'as it was installed'\n",
    "shared_early.py": "import os\nEPOCH = os.environ['SOURCE_DATE_EPOCH']\n",
    "shared_cwd.py": "import os\nSEEN = os.getcwd()\n",
    "shared_cwdb.py": "import os\nSEEN = os.getcwdb()\n",
    "shared_argv.py": "import sys\nSEEN = list(sys.argv)\n",
    "shared_thread.py": "import threading, time\nthreading.Thread(target=time.sleep, args=[9], daemon=True).start()\n",
}
MANIFEST = """\
[build-system]
requires = ["shared-backend"]
build-backend = "shared_backend"
{place}
[project]
name = "{name}"
version = "1.0"
[tool.shared]
requires = {extra}
"""


class Told(Report):
    """Keeps its notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """Keep it."""
        self.notes.append(text)


@dataclass
class Workbench:
    """`folder` has an index of local files, and the build environments; `made` counts those that were made."""

    folder: Path
    told: Told = field(default_factory=Told)
    made: int = 0

    def __post_init__(self) -> None:
        self.links.mkdir(parents=True)
        make_wheel(self.links, "shared-backend", "1.0", members=MODULES)
        make_wheel(self.links, "extra-tool", "1.0")
        self.pin()

    @property
    def links(self) -> Path:
        """The index."""
        return self.folder / "links"

    @property
    def environments(self) -> Path:
        """Where build environments are kept."""
        return self.folder / "environments"

    @property
    def constraints(self) -> Path:
        """The build requirements by hash."""
        return self.folder / "constraints.txt"

    def pin(self, *more: str) -> None:
        """Have what the index has in the constraints."""
        wheels = sorted(self.links.glob("*.whl"))
        pins = (f"{wheel.name.split('-')[0]}==1.0 --hash=sha256:{sha256(wheel)}" for wheel in wheels)
        self.constraints.write_text("".join(f"{line}\n" for line in (*pins, *more)))

    def source(
        self,
        name: str,
        code: str = "",
        *,
        epoch: int = EPOCH,
        extra: Sequence[str] = (),
        files: Mapping[str, str] | None = None,
        place: str = "",
        requires: tuple[str, ...] = ("shared-backend",),
    ) -> Source:
        """A package whose build runs this code."""
        root = self.folder / "sources" / f"{name}-{len(list(self.folder.glob('sources/*')))}" / name
        root.mkdir(parents=True)
        manifest = MANIFEST.format(name=name, extra=json.dumps(list(extra)), place=place)
        for file, text in {"pyproject.toml": manifest, "build.py": code, **(files or {})}.items():
            (root / file).write_text(text)
        return Source(
            name=canonicalize_name(name),
            version=Version("1.0"),
            path=root,
            epoch=epoch,
            build_requires=requires,
        )

    def environ(self) -> Mapping[str, str]:
        """The way to the index, which is asked for where an environment is made."""
        self.made += 1
        return isolated(os.environ) | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.links)}

    @property
    def builder(self) -> IsolatedBuilder:
        """The builder."""
        return IsolatedBuilder(
            constraints=self.constraints,
            environ=self.environ,
            seen=os.environ,
            report=self.told,
            environments=self.environments,
        )

    def build(self, *sources: Source, kinds: Kinds = Kinds.WHEEL) -> dict[str, dict[str, Any]]:
        """Build these at once; what each found out."""
        out = self.folder / "out"
        artifacts = self.builder.build(sources, out, kinds)
        return {one.name: facts(one) for one in artifacts if one.file.is_wheel}


def facts(artifact: Artifact) -> dict[str, Any]:
    """What a package's code found out."""
    with zipfile.ZipFile(artifact.path) as wheel:
        found: dict[str, Any] = json.loads(wheel.read("facts.json"))
    return found

"""Pin by hash what is installed: the development environment, the tests' clients, the bench's peers, an image.

The packages of this workspace are left out by name, so that no stranger's package of that name is ever asked for.
"""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

ROOT = Path(__file__).parents[1]
PINS = {
    "client": ROOT / "tests" / "clients" / "requirements",
    "bench": ROOT / "tests" / "bench" / "requirements",
    "fuzz": ROOT / "tests" / "fuzz" / "requirements",
}
TOOLS = ("batch-params", "carrack", "codeartifact-local")
HEADER = "# Pinned by hash for every supported Python; no index is named. Made by `make requirements`.\n"


def main() -> None:
    """Write requirements-tools.txt, requirements-dev.txt, the image's two, and a file for each group in `PINS`."""
    groups = read(ROOT / "pyproject.toml")["dependency-groups"]
    manifests = [*(ROOT / "packages").glob("*/pyproject.toml"), ROOT / "pipeline_app" / "pyproject.toml"]
    projects = {manifest.parent.name: read(manifest)["project"] for manifest in sorted(manifests)}
    ours = {canonicalize_name(project["name"]) for project in projects.values()}
    tools = [*groups["tools"], *third_party([projects[name] for name in TOOLS], ours)]
    everything = [*tools, *groups["dev"], *third_party(list(projects.values()), ours)]
    pin(tools, ROOT / "requirements-tools.txt")
    pin(everything, ROOT / "requirements-dev.txt")
    server = ROOT / "packages" / "codeartifact-local"
    pin(third_party([projects[server.name]], ours), server / "docker" / "requirements.txt")
    backend = read(server / "pyproject.toml")["build-system"]["requires"]
    pin(backend, server / "docker" / "build-requirements.txt")
    for group in sorted(groups):
        kind, _, name = group.partition("-")
        if kind in PINS:
            pin(groups[group], PINS[kind] / f"{name}.txt")


def read(manifest: Path) -> dict[str, Any]:
    """A pyproject.toml."""
    table: dict[str, Any] = tomllib.loads(manifest.read_text(encoding="utf-8"))
    return table


def third_party(projects: list[dict[str, Any]], ours: set[NormalizedName]) -> list[str]:
    """The requirements of `projects` on other people's packages."""
    required = {text for project in projects for text in project.get("dependencies", [])}
    return sorted(text for text in required if canonicalize_name(Requirement(text).name) not in ours)


def pin(requirements: list[str], to: Path) -> None:
    """Resolve for every supported Python; what `to` pins already stays where it can."""
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate"]
    command = ["uv", "pip", "compile", "--quiet", *options, "--output-file", str(to), "-"]
    subprocess.run(command, input="\n".join(requirements), text=True, check=True)
    to.write_text(HEADER + to.read_text(encoding="utf-8").removeprefix(HEADER), encoding="utf-8")


if __name__ == "__main__":
    main()

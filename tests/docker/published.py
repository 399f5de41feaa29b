"""The way that precedes the image: a workspace whose packages are on a running index, and whose app is locked."""

import netrc
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
APP = "pipeline_app"
TO_LOCAL = ("--to", "local")
VERB_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class Published:
    """A clone of this repository, ready for `docker build`, and the index that serves it."""

    workspace: Path
    index_url: str
    netrc: Path

    @property
    def laptop_app(self) -> Path:
        """The app's command outside of any container, installed from the same lock."""
        return self.workspace / ".carrack" / "envs" / APP / "bin" / "pipeline-app"

    @property
    def token(self) -> str:
        """The token in the netrc file."""
        entry = netrc.netrc(self.netrc).authenticators(urlsplit(self.index_url).hostname or "")
        assert entry is not None
        return entry[2]


def publish(environ: Mapping[str, str], folder: Path) -> Published:
    """Clone HEAD into `folder`, publish its packages to the local index of `environ`, lock and install its app."""
    workspace, netrc_file = folder / "workspace", folder / "netrc"
    subprocess.run(["git", "clone", "--quiet", "--no-local", ROOT, workspace], check=True)

    def carrack(*arguments: str) -> str:
        command = [str(Path(sys.executable).with_name("carrack")), *arguments]
        done = subprocess.run(
            command, cwd=workspace, env=environ, capture_output=True, text=True, timeout=VERB_SECONDS
        )
        assert done.returncode == 0, f"carrack {' '.join(arguments)}: exit {done.returncode}\n{done.stderr}"
        return done.stdout

    carrack("index", "create", *TO_LOCAL, "--yes")
    carrack("publish", *TO_LOCAL)
    carrack("lock", *TO_LOCAL, "--app", APP)
    carrack("install", *TO_LOCAL, "--app", APP)
    carrack("token", *TO_LOCAL, "--netrc", str(netrc_file))
    return Published(
        workspace=workspace,
        index_url=carrack("index", "url", *TO_LOCAL).strip(),
        netrc=netrc_file,
    )

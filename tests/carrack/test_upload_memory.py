"""Memory stays flat while a large file is uploaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.carrack.wheels import make_large_wheel

from codeartifact_local.testing import LocalCodeArtifact

MOST_MEGABYTES = 120
GIBIBYTE = 1 << 30
UPLOAD = """
import re, sys
from pathlib import Path
from packaging.utils import canonicalize_name
from packaging.version import Version
from requests_toolbelt import MultipartEncoder
from carrack.adapters import uploader
from carrack.adapters.hashing import describe
from carrack.model.access import Access, Token
from carrack.model.artifact import Artifact
from carrack.model.index import Index

path, url, token, collects = sys.argv[1:]
index = Index(name="test", domain="carrack", owner="0" * 12, region="us-east-1", repository="prod")
access = Access(index=index, repository_url=url, token=Token(value=token))
if collects == "collects":
    class Collected(bytes):
        def __new__(cls, fields):
            encoder = MultipartEncoder(fields)
            made = super().__new__(cls, encoder.to_string())
            made.content_type = encoder.content_type
            return made
    uploader.MultipartEncoder = Collected
artifact = Artifact(
    name=canonicalize_name("large"), version=Version("1.0"), path=Path(path), file=describe(Path(path))
)
uploader.TwineUploader(access=access).upload(artifact)
# Not getrusage: its peak is that of the process that started this one, too (getrusage(2), execve keeps it).
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1000)
"""


def peak(server: LocalCodeArtifact, path: Path, how: str) -> float:
    """The largest memory, in MB, of a process that uploads a file; that the index has it whole is seen."""
    command: list[str | Path] = [
        sys.executable,
        "-c",
        UPLOAD,
        path,
        server.upload_url("carrack", "prod"),
        server.token("carrack"),
        how,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (asset,) = server.client().list_package_version_assets(
        domain="carrack", repository="prod", format="pypi", package="large", packageVersion="1.0"
    )["assets"]
    assert (asset["name"], asset["size"]) == (path.name, path.stat().st_size)
    return float(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "how", "is_flat"), [(2 * GIBIBYTE, "streams", True), (GIBIBYTE // 4, "collects", False)]
)
def test_memory_is_flat(
    server: LocalCodeArtifact, tmp_path: Path, size: int, how: str, is_flat: bool
) -> None:
    """Two gibibytes take no more than a small file; a form that is put together first, of an eighth of that, does."""
    server.create("carrack", "prod")
    path = make_large_wheel(tmp_path, "large", "1.0", size)
    assert path.stat().st_blocks * 512 < size / 10
    assert (peak(server, path, how) < MOST_MEGABYTES) == is_flat

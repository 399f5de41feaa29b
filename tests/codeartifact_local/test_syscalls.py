"""The order of system calls in one upload: a kill alone would not show what a power cut takes."""

import itertools
import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.codeartifact_local.conftest import DOMAIN, Client, wheel
from tests.codeartifact_local.process import MODULE, broken, debian_tool, served

from codeartifact_local.settings import Settings
from codeartifact_local.testing import LocalCodeArtifact

CALLS = "write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,sendto,sendmsg,writev"
_LINE = re.compile(r"(?P<pid>\d+) +(?P<rest>.*)")
_BEGUN = re.compile(r"(?P<name>\w+)\((?P<arguments>.*?)(?:\) += (?P<result>.*)| <unfinished \.\.\.>)$")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>.*= (?P<result>.*)$")


@dataclass
class Call:
    """A system call: where in the record it began, and where it had ended."""

    name: str
    arguments: str
    began: int
    ended: int


def read(record: Path) -> list[Call]:
    """Read what strace wrote."""
    calls: list[Call] = []
    open_calls: dict[str, Call] = {}
    for number, line in enumerate(record.read_text(errors="replace").splitlines()):
        found = _LINE.match(line)
        if found is None:
            continue
        if begun := _BEGUN.match(found["rest"]):
            call = Call(begun["name"], begun["arguments"], number, number)
            calls.append(call)
            if begun["result"] is None:
                open_calls[found["pid"]] = call
        elif _RESUMED.match(found["rest"]) and found["pid"] in open_calls:
            open_calls.pop(found["pid"]).ended = number
    return calls


def upload_once(tmp_path: Path, start: tuple[str, ...]) -> tuple[list[Call], str]:
    """Trace a server while it takes one upload, and return its calls and the file's hash."""
    record = tmp_path / "strace"
    tracer = [debian_tool("strace"), "-f", "-y", "-s", "40", "-o", str(record), "-e", f"trace={CALLS}"]
    with served(tmp_path / "data", start=start, under=tracer) as (process, url):
        local = LocalCodeArtifact(url=url, settings=Settings())
        local.client().create_domain(domain=DOMAIN)
        local.client().create_repository(domain=DOMAIN, repository="dev")
        client = Client(local, local.token(DOMAIN))
        assert client.upload("dev", wheel("pkg", "1.0", body="x" * 200_000)).status_code == 200
        sha256 = client.page("dev", "pkg")["files"][0]["hashes"]["sha256"]
        local.client().close()
        # The tracer writes the end of its record when the server that it runs has stopped.
        (server,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(server), signal.SIGTERM)
        process.wait(60)
    return read(record), sha256


def check_order(calls: list[Call], sha256: str) -> None:
    """Fail unless each step had ended on the disk before the next began."""

    def every(names: str, path: str) -> list[Call]:
        return [call for call in calls if call.name in names.split() and re.search(path, call.arguments)]

    received = every("write", "/incoming/")
    answers = every("write send sendto sendmsg writev", "HTTP/1.1 200")
    answer = next(call for call in answers if call.began > received[-1].ended)
    earlier = [call for call in calls if received[-1].ended < call.began and call.ended < answer.began]
    wal = [call for call in earlier if "sqlite3-wal" in call.arguments]
    steps = [
        received[-1:],
        every("fsync", "/incoming/"),
        every("rename renameat renameat2", rf"/incoming/.*/assets/{sha256[:2]}/{sha256}"),
        every("fsync", rf"/assets/{sha256[:2]}>"),
        [call for call in wal if call.name in ("write", "pwrite64")][-1:],
        [call for call in wal if call.name in ("fsync", "fdatasync")][-1:],
        [answer],
    ]
    assert all(steps), [len(step) for step in steps]
    ordered = [step[-1] for step in steps]
    for first, second in itertools.pairwise(ordered):
        assert first.ended < second.began, f"{second.name} {second.arguments} before the end of {first.name}"


@pytest.mark.slow
def test_an_upload_is_on_the_disk_before_it_is_answered(tmp_path: Path) -> None:
    """File written, synced, renamed, folder synced, row written, synced: and only then 200."""
    check_order(*upload_once(tmp_path, MODULE))


@pytest.mark.slow
@pytest.mark.parametrize(
    "patch",
    [
        "from codeartifact_local.store.blobs import Incoming; Incoming.sync = lambda self: None",
        "from codeartifact_local.store.blobs import Blobs; Blobs._sync_folder = lambda self, folder: None",
        "from codeartifact_local.store import database\n"
        "configure = database.Database._configure\n"
        "def hasty(self, connection):\n"
        "    configure(self, connection)\n"
        "    connection.execute('PRAGMA synchronous=OFF')\n"
        "database.Database._configure = hasty",
    ],
    ids=["file not synced", "folder not synced", "row not synced"],
)
def test_a_missing_sync_is_noticed(tmp_path: Path, patch: str) -> None:
    """The control: a server that leaves one of the syncs out fails the check above."""
    calls, sha256 = upload_once(tmp_path, broken(patch))
    with pytest.raises(AssertionError):
        check_order(calls, sha256)

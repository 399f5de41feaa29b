"""What people get wrong, typed for real: one clear error each, its exit code, no traceback, and nothing written."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Self

import pytest
from tests.carrack.local import INDEX, Shell, upload
from tests.carrack.mounts import alone
from tests.carrack.repositories import EPOCH, GIT_ENVIRON, Repository, package, repository
from tests.carrack.wheels import make_sdist, make_wheel

from carrack.errors import ExitCode
from codeartifact_local.protocol.signature import Key
from codeartifact_local.settings import Settings
from codeartifact_local.testing import LocalCodeArtifact, local_codeartifact

KEY = Key(access_key_id="AKIAEXAMPLE", secret_access_key="a secret of this test")
ROOT = "[tool.carrack]\n{keys}" + "".join(INDEX.format(name=n) + "tags = true\n" for n in ("prod", "staging"))
PUBLISH = ("publish", "--to", "prod")
BUMP = ("bump", "alpha", "patch")


@dataclass
class Place:
    """A workspace of alpha and beta, which needs it, in one commit; an index that has nothing; and a user."""

    repo: Repository
    server: LocalCodeArtifact
    carrack: Shell

    def write(self, name: str, text: str) -> None:
        """Write a file of the workspace, and commit it."""
        self.repo.commit({name: text}, at=EPOCH + 60)

    def replace(self, name: str, old: str, new: str) -> None:
        """Change a text of the workspace, and commit it."""
        text = (self.repo.root / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def files(self) -> dict[str, str]:
        """Every file of the workspace but git's, with its content; and git's refs."""
        root = self.repo.root
        found = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
        refs = {"refs": self.repo.git("for-each-ref")} if (root / ".git").exists() else {}
        return refs | {str(path.relative_to(root)): path.read_text(errors="replace") for path in found}

    def index(self) -> list[Any]:
        """What the service has, at any place."""
        client, found = self.server.client(), []
        for one in client.list_repositories()["repositories"]:
            where = {"domain": one["domainName"], "repository": one["name"]}
            for known in client.list_packages(**where)["packages"]:
                asked = {**where, "format": "pypi", "package": known["package"]}
                found.append([where, known, client.list_package_versions(**asked)["versions"]])
        return found


@pytest.fixture
def server(nothing_public: str) -> Iterator[LocalCodeArtifact]:
    """A service that wants signatures of one key, by its own clock."""
    with local_codeartifact(
        public_index=nothing_public, settings=Settings(durable=False, key=KEY)
    ) as running:
        running.create("carrack", "prod", "staging")
        yield running


@pytest.fixture
def place(tmp_path: Path, server: LocalCodeArtifact) -> Place:
    """Give that workspace."""
    repo = repository(tmp_path / "workspace")
    repo.commit(
        {
            "pyproject.toml": ROOT.format(keys='packages = ["packages/*"]'),
            "build-constraints.txt": "",
            **package("alpha"),
            **package("beta", "0.1.0", "alpha>=0.1,<0.2"),
        }
    )
    (tmp_path / "home").mkdir()
    environ = {
        **server.environ(),
        **GIT_ENVIRON,
        "PATH": server.environ()["PATH"],
        "HOME": str(tmp_path / "home"),
    }
    return Place(repo, server, Shell(repo.root, environ))


def refused(place: Place, command: tuple[str, ...], code: ExitCode, said: str, **environ: str) -> str:
    """Type a command that must end with this code and this one sentence; nothing changes. What else it said."""
    before = (place.files(), place.index())
    done = place.carrack(*command, **environ)
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert (done.returncode, done.stdout, len(errors)) == (code, "", 1), done.stderr
    assert said in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    assert (place.files(), place.index()) == before
    return done.stderr


MANIFEST = "packages/alpha/pyproject.toml"


def cycle(place: Place) -> None:
    """Alpha needs beta, which needs alpha."""
    place.replace(MANIFEST, "dependencies = [\n", 'dependencies = [\n    "beta",\n')


def one_name(place: Place) -> None:
    """A second package whose name is the same one by PEP 503."""
    place.repo.commit({**package("al_pha"), **package("Al.Pha")}, at=EPOCH + 60)


def no_version(place: Place) -> None:
    """A manifest that says none."""
    place.replace(MANIFEST, 'version = "0.1.0"\n', "")


def bad_version(place: Place) -> None:
    """A version that PEP 440 does not know."""
    place.replace(MANIFEST, 'version = "0.1.0"', 'version = "0.1.beta.x"')


def unknown_policy(place: Place) -> None:
    """A way to follow that there is not."""
    place.replace(
        "pyproject.toml", "[tool.carrack]\n", '[tool.carrack.bump]\ndependents = "loose"\n[tool.carrack]\n'
    )


WORKSPACE = [
    (cycle, "these packages need each other in a circle: alpha -> beta -> alpha"),
    (
        one_name,
        "packages/al_pha/pyproject.toml: project.name: packages/Al.Pha/pyproject.toml has the name al-pha too",
    ),
    (no_version, f"{MANIFEST}: project.version: is missing"),
    (bad_version, f"{MANIFEST}: project.version: Invalid version: '0.1.beta.x'"),
    (
        unknown_policy,
        "pyproject.toml: tool.carrack.bump.dependents: input should be 'keep', 'exact', 'compatible'",
    ),
]


@pytest.mark.parametrize(("harm", "said"), WORKSPACE, ids=lambda v: getattr(v, "__name__", ""))
def test_a_workspace_that_cannot_be(place: Place, harm: Callable[[Place], None], said: str) -> None:
    """Is refused by each verb before it asks the index, with the file and the key."""
    harm(place)
    for command in (PUBLISH, BUMP, ("status", "--to", "prod")):
        told = refused(place, command, ExitCode.WORKSPACE, said)
        assert "untouched: everything; nothing was written" in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "---\nalpha: huge\n---\n",
            "changes/a.md: line 2: 'huge' is no level; say alpha: major or minor or patch",
        ),
        ("---\nalpha minor\n---\n", "changes/a.md: line 2: 'alpha minor' is no package's name"),
        ("alpha: minor\n", "changes/a.md: it does not begin with `---`"),
        ("---\nalpah: minor\n---\n", "changes/a.md: there is no package 'alpah'"),
        ("---\nalpha: minor\n---\n\udcff", "changes/a.md: it is not UTF-8"),
    ],
)
def test_a_broken_change_file(place: Place, text: str, said: str) -> None:
    """With its line; also a level that there is not, and bytes that are no text."""
    file = place.repo.root / "changes" / "a.md"
    file.parent.mkdir()
    file.write_text(text, errors="surrogateescape")
    refused(place, ("bump", "--index", "prod"), ExitCode.WORKSPACE, said)
    refused(place, ("bump", "--check", "HEAD"), ExitCode.WORKSPACE, said)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("bump", "alpha", "huge"), "'huge' is not one of 'major', 'minor', 'patch'"),
        (("bump", "alpha", "--to", "two"), "Invalid version: 'two'"),
        (("bump", "alpha", "--to", "0.1"), f"{MANIFEST}: project.version: 0.1 is not higher than 0.1.0"),
        (("publish", "--to", "prd"), "there is no index 'prd'; did you mean prod?"),
        (("publish", "--to", "prod", "alhpa"), "there is no package 'alhpa'; did you mean alpha?"),
    ],
)
def test_a_word_that_is_none(place: Place, command: tuple[str, ...], said: str) -> None:
    """On the command line."""
    before = place.files()
    done = place.carrack(*command)
    assert (done.returncode, done.stdout, said in done.stderr) == (ExitCode.USAGE, "", True), done.stderr
    assert place.files() == before


def test_a_tag_that_points_elsewhere(place: Place) -> None:
    """The tag of a release that is not there yet, on other files."""
    place.repo.git("tag", "alpha-v0.1.0")
    place.write("packages/alpha/src/alpha/more.py", "more = 1\n")
    told = refused(
        place, PUBLISH, ExitCode.WORKSPACE, "tag alpha-v0.1.0: alpha 0.1.0: tag alpha-v0.1.0 is on "
    )
    assert "next: git tag --delete alpha-v0.1.0 (and at the remote), or raise the version" in told


def test_a_plan_for_another_index(place: Place) -> None:
    """It is published where it was made for, or nowhere."""
    assert place.carrack("plan", "--to", "staging", "--out", "plan.json").returncode == 0
    said = "the index: the plan is for 000000000000/us-east-1/carrack/staging, and this is"
    refused(place, ("publish", "--plan", "plan.json", "--to", "prod"), ExitCode.PLAN, said)


def without_repository(place: Place) -> dict[str, str]:
    """The domain has no such repository."""
    place.server.client().delete_repository(domain="carrack", repository="prod")
    return {}


def without_domain(place: Place) -> dict[str, str]:
    """The account has no such domain."""
    for one in ("prod", "staging", "pypi-store"):
        place.server.client().delete_repository(domain="carrack", repository=one)
    place.server.client().delete_domain(domain="carrack")
    return {}


def nobody_listens(place: Place) -> dict[str, str]:
    """The address is one where nothing is."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return {"CODEARTIFACT_LOCAL_URL": f"http://127.0.0.1:{free.getsockname()[1]}"}


def no_address(place: Place) -> dict[str, str]:
    """The variable that says where it is is not set."""
    return {"CODEARTIFACT_LOCAL_URL": ""}


def wrong_secret(place: Place) -> dict[str, str]:
    """Keys that the service does not know."""
    return {"AWS_SECRET_ACCESS_KEY": "another"}


def may_not_read(place: Place) -> dict[str, str]:
    """Keys that may not list what is published."""
    place.server.faults.fail("ListPackageVersions", times=None, status=403)
    return {}


def may_not_sign_in(place: Place) -> dict[str, str]:
    """Keys that get no token."""
    place.server.faults.fail("GetAuthorizationToken", times=None, status=403)
    return {}


ACCESS = [
    (without_repository, "index prod: Repository not found. Domain: carrack, Repository: prod"),
    (without_domain, "index prod: there is no domain carrack in account 000000000000, region us-east-1"),
    (nobody_listens, "index prod: nothing answers at http://127.0.0.1:"),
    (no_address, "index prod: its address is to be in the variable CODEARTIFACT_LOCAL_URL"),
    (wrong_secret, "index prod: AWS refuses these credentials"),
    (may_not_read, "index prod: these credentials may not do that"),
    (may_not_sign_in, "index prod: these credentials may not do that"),
]


@pytest.mark.parametrize(("harm", "said"), ACCESS, ids=lambda v: getattr(v, "__name__", ""))
def test_an_index_that_does_not_let_us_in(
    place: Place, harm: Callable[[Place], dict[str, str]], said: str
) -> None:
    """One sentence with the index, and the next command; the workspace has no cache of what was not said."""
    told = refused(place, PUBLISH, ExitCode.INDEX, f"error: {said}", **harm(place))
    assert "  next: " in told


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_that_is_wrong(place: Place, minutes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signatures are too old, or of the future, by the service's clock; the machine's is to be set."""

    class Theirs(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(minutes=minutes)

    nothing = place.index()
    monkeypatch.setattr("codeartifact_local.protocol.control_plane.datetime", Theirs)
    before, done = place.files(), place.carrack(*PUBLISH)
    assert (done.returncode, done.stdout, place.files()) == (ExitCode.INDEX, "", before), done.stderr
    sentence, hint = done.stderr.splitlines()[1:]
    assert sentence.startswith(
        "error: index prod: this machine's clock is wrong: Signature expired or not yet current"
    )
    assert hint == "  next: set this machine's clock"
    monkeypatch.undo()
    assert place.index() == nothing


def published(place: Place, folder: Path, repository: str, epoch: int) -> None:
    """Have alpha on an index, with bytes that depend on `epoch`."""
    folder.mkdir()
    upload(place.server, make_sdist(folder, "alpha", "0.1.0", epoch=epoch), repository)
    wheel = make_wheel(folder, "alpha", "0.1.0", members={"alpha/__init__.py": f"EPOCH = {epoch}\n"})
    upload(place.server, wheel, repository)


@pytest.fixture
def twice(place: Place, tmp_path: Path) -> Place:
    """The workspace, with alpha on both indexes, in other bytes; staging's are those of the commit's time."""
    app = (
        '\n[tool.carrack.apps.job]\npath = "job"\nrequirements = ["alpha"]\n'
        'lock = "job/job.lock"\npythons = ["3.12"]\n'
    )
    place.repo.write({f"job/{Path(name).name}": text for name, text in package("job").items()})
    place.write("pyproject.toml", (place.repo.root / "pyproject.toml").read_text() + app)
    published(place, tmp_path / "staging", "staging", EPOCH)
    published(place, tmp_path / "prod", "prod", EPOCH + 1)
    return place


def test_a_lock_of_another_index_s_receipt(twice: Place) -> None:
    """It is of other files, so that nothing is installed."""
    assert (locked := twice.carrack("lock", "--to", "staging")).returncode == 0, locked.stderr
    said = "error: job/job.lock: the lock is stale: it was made for other files of alpha than prod holds"
    told = refused(twice, ("install", "--to", "prod"), ExitCode.LOCK, said)
    assert "untouched: every environment" in told


def test_a_receipt_of_another_index_is_not_believed(twice: Place) -> None:
    """In this index's place it tells nothing: receipts are found by the hashes that the index itself has."""
    states = {}
    for to in ("staging", "prod"):
        (alpha, _) = json.loads(twice.carrack("status", "--to", to, "--json").stdout)
        states[to] = alpha["state"]
    assert states == {"staging": "untagged", "prod": "untraced"}
    receipts = twice.repo.root / ".carrack" / "receipts"
    shutil.copy(
        receipts / "000000000000.us-east-1.carrack.staging.jsonl",
        receipts / "000000000000.us-east-1.carrack.prod.jsonl",
    )
    (alpha, _) = json.loads(twice.carrack("status", "--to", "prod", "--json").stdout)
    assert alpha["state"] == "untraced"


def full(script: str, place: Place, scratch: Path, room: str, **environ: str) -> None:
    """Run a script with so much room for temporary files: it is stopped, told as what it is, and changes nothing."""
    scratch.mkdir()
    before = (place.files(), place.index())
    script = f'mount -t tmpfs -o size={room} none "$2"; cd "$3"; export TMPDIR=$2; {script} 2>&1 || echo $?'
    said = alone(script, scratch, place.repo.root, **environ).splitlines()
    (sentence,) = [line for line in said if line.startswith("error: ")]
    assert sentence.startswith(f"error: {scratch}/carrack-"), said
    assert sentence.endswith(": this machine does not let us go on: No space left on device")
    assert "make room" in said[-2]
    assert said[-1] == str(int(ExitCode.RESUMABLE))
    assert (place.files(), place.index()) == before


@pytest.mark.parametrize("room", ["8k", "16k"])
def test_a_full_disk(place: Place, tmp_path: Path, room: str) -> None:
    """Where builds are laid out, which comes before the first upload."""
    full('"$1" publish --to prod', place, tmp_path / "scratch", room, **place.carrack.environ)


@pytest.mark.registry
@pytest.mark.parametrize("room", ["100k", "1700k"])
def test_a_disk_that_fills_amid_a_build(place: Place, tmp_path: Path, room: str) -> None:
    """Pip or the backend say so in their own words; it is no fault of the build requirements."""
    constraints = (Path(__file__).parents[2] / "build-constraints.txt").read_text()
    place.write("build-constraints.txt", constraints)
    environ = {**os.environ, **GIT_ENVIRON, "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    environ["CARRACK_CACHE"] = str(tmp_path / "scratch" / "cache")
    full('"$1" build alpha --out "$2/out"', place, tmp_path / "scratch", room, **environ)


def test_a_lock_that_finds_no_room(twice: Place) -> None:
    """The one that was there stays whole, and nothing lies beside it."""
    assert (locked := twice.carrack("lock", "--to", "staging")).returncode == 0, locked.stderr
    before = twice.files()
    script = """
    cp job/job.lock "$TMPDIR/before"; mount -t tmpfs -o size=16k none job; cp "$TMPDIR/before" job/job.lock
    cat /dev/zero >job/full 2>/dev/null || true
    "$1" lock --to prod 2>&1 || echo $?
    cmp job/job.lock "$TMPDIR/before"; ls -A job
    """
    folder = twice.repo.root.parent
    said = alone(
        f'cd "$2"; {script}', twice.repo.root, **twice.carrack.environ, TMPDIR=str(folder)
    ).splitlines()
    sentence = "error: job/job.lock: this machine does not let us write it: No space left on device"
    assert (sentence in said, said[-3:]) == (True, [str(int(ExitCode.RESUMABLE)), "full", "job.lock"]), said
    assert twice.files() == before


def without_repository_of_git(place: Place) -> dict[str, str]:
    """A copy of the files."""
    shutil.rmtree(place.repo.root / ".git")
    return {}


def without_commit(place: Place) -> dict[str, str]:
    """A repository that was just begun."""
    shutil.rmtree(place.repo.root / ".git")
    place.repo.git("init", "-q")
    return {}


def without_git(place: Place) -> dict[str, str]:
    """No such program."""
    return {"PATH": "/nonexistent"}


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (without_git, "error: git is not on PATH"),
        (without_repository_of_git, "builds are made from commits, and git finds none: not a git repository"),
        (without_commit, "builds are made from commits, and git finds none: "),
    ],
)
def test_no_git(place: Place, harm: Callable[[Place], dict[str, str]], said: str) -> None:
    """No program, no repository, no commit; each verb that needs it says what to do."""
    environ = harm(place)
    for command in (PUBLISH, ("status", "--to", "prod"), ("bump", "--index", "prod")):
        told = refused(place, command, ExitCode.WORKSPACE, said, **environ)
        assert "  next: " in told


@pytest.mark.parametrize("out", ["/proc/no-such-folder", "pyproject.toml/below"])
def test_a_folder_for_builds_that_cannot_be(place: Place, out: str) -> None:
    """A place that takes no folders, or a file on the way: said before anything is built."""
    told = refused(place, ("build", "--out", out), ExitCode.USAGE, f"{out} cannot be made: ")
    assert "next: say another folder: carrack build --out FOLDER" in told

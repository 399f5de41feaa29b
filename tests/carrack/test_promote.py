"""Promotion between repositories of a real local CodeArtifact: same bytes, closed names, a way on after failures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version
from tests.carrack.fakes import KilledError, MemoryJournal, Told, name
from tests.carrack.local import INDEX, Shell, index_at, upload
from tests.carrack.repositories import Repository, package, repository
from tests.carrack.wheels import make_sdist, make_wheel, sha256

from carrack.adapters.aws import Connection
from carrack.adapters.codeartifact import CodeArtifactReader
from carrack.adapters.git import Git
from carrack.adapters.manifests import read_workspace
from carrack.adapters.promoter import CodeArtifactPromoter
from carrack.commands.promote import Means, Side, examine, promote
from carrack.errors import IndexAccessError, StoppedError
from carrack.model.controls import Controls
from carrack.model.index import Index
from codeartifact_local.testing import LocalCodeArtifact

LOCK = """\
# carrack-lock: 1
# app: job
# python: 3.12
# machine: x86_64
# requirements: sha256:{zeros}
# receipt: sha256:{zeros}
alpha==0.1.0 \\
    --hash=sha256:{digest}
"""


@dataclass
class Stage:
    """A workspace of two packages, both on `staging`; `prod` and another domain have nothing."""

    repo: Repository
    server: LocalCodeArtifact
    carrack: Shell
    folder: Path

    def put(
        self, package: str, version: str, repository: str = "staging", *, requires: tuple[str, ...] = ()
    ) -> None:
        """Upload sdist and wheel of a package."""
        upload(self.server, make_sdist(self.folder, package, version), repository)
        upload(self.server, make_wheel(self.folder, package, version, requires=requires), repository)

    def files(self, domain: str = "carrack", repository: str = "prod") -> dict[str, str]:
        """Every file of our packages there, with its hash."""
        client, found = self.server.client(), dict[str, str]()
        where = {"domain": domain, "repository": repository, "format": "pypi"}
        for one in client.list_packages(**where)["packages"]:
            for version in client.list_package_versions(**where, package=one["package"])["versions"]:
                place = {**where, "package": one["package"], "packageVersion": version["version"]}
                assets = client.list_package_version_assets(**place)["assets"]
                found |= {asset["name"]: asset["hashes"]["SHA-256"] for asset in assets}
        return found

    def controls(self, package: str) -> dict[str, str]:
        """The origin controls of a package on prod."""
        where = {"domain": "carrack", "repository": "prod", "format": "pypi", "package": package}
        found: dict[str, str] = self.server.client().describe_package(**where)["package"][
            "originConfiguration"
        ]["restrictions"]
        return found


@pytest.fixture
def stage(tmp_path: Path, server: LocalCodeArtifact) -> Stage:
    """Give that workspace."""
    server.create("carrack", "prod", "staging")
    server.create("other", "prod")
    repo = repository(tmp_path / "workspace")
    elsewhere = (
        INDEX.format(name="elsewhere").replace('"carrack"', '"other"').replace('"elsewhere"', '"prod"')
    )
    indexes = "".join(INDEX.format(name=one) for one in ("prod", "staging"))
    repo.commit(
        {
            "pyproject.toml": "[tool.carrack]\n" + indexes + elsewhere,
            **package("alpha"),
            **package("beta", "0.1.0", "alpha>=0.1"),
        }
    )
    (tmp_path / "shell-home").mkdir()
    (tmp_path / "files").mkdir()
    shell = Shell(repo.root, {**server.environ(), "HOME": str(tmp_path / "shell-home")})
    made = Stage(repo, server, shell, tmp_path / "files")
    made.put("alpha", "0.1.0")
    made.put("beta", "0.1.0", requires=("alpha>=0.1",))
    return made


def test_versions_are_copied_with_the_same_hashes_and_their_names_are_closed(stage: Stage) -> None:
    """Needed ones first; on the other side nobody feeds the names from the public index. Again: nothing to do."""
    done = stage.carrack("promote", "staging", "prod")
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()[1:3]] == [
        ["alpha", "0.1.0"],
        ["beta", "0.1.0"],
    ]
    assert stage.files() == stage.files(repository="staging") != {}
    assert stage.controls("alpha") == {"publish": "ALLOW", "upstream": "BLOCK"}
    again = stage.carrack("promote", "staging", "prod")
    assert again.stdout == "nothing to promote: prod has all of it, with the same files\n"


def test_a_dry_run_shows_the_moves_and_makes_none(stage: Stage) -> None:
    """As a table and for a program."""
    shown = stage.carrack("promote", "staging", "prod", "--dry-run")
    assert "2 packages would be on prod" in shown.stdout
    facts = json.loads(stage.carrack("promote", "staging", "prod", "--dry-run", "--json").stdout)
    assert [(move["package"], move["way"], move["guard"]) for move in facts] == [
        ("alpha", "copy", True),
        ("beta", "copy", True),
    ]
    assert stage.files() == {}


def test_named_packages_bring_what_they_need(stage: Stage) -> None:
    """And nothing else; a package that the source lacks stays behind, unless it is needed."""
    stage.repo.commit(package("gamma", "1.0"))
    done = stage.carrack("promote", "staging", "prod", "alpha")
    assert [file.partition("-")[0] for file in stage.files()] == ["alpha", "alpha"], done.stderr
    done = stage.carrack("promote", "staging", "prod")
    assert "gamma 1.0 is not complete on staging, and stays behind" in done.stderr
    done = stage.carrack("promote", "staging", "prod", "gamma")
    assert (done.returncode, "gamma 1.0: is not on staging" in done.stderr) == (65, True)


def test_another_domain_gets_the_very_bytes(stage: Stage) -> None:
    """Copies do not reach there: the files are fetched, uploaded, and proven."""
    done = stage.carrack("promote", "staging", "elsewhere")
    assert done.returncode == 0, done.stderr
    assert "Uploading" in done.stderr
    assert stage.files("other") == stage.files(repository="staging") != {}


def test_a_version_that_is_there_in_part_is_completed(stage: Stage) -> None:
    """With the file that is missing."""
    upload(stage.server, stage.folder / "alpha-0.1.0.tar.gz", "prod")
    assert stage.carrack("promote", "staging", "prod").returncode == 0
    assert stage.files() == stage.files(repository="staging")


def test_other_bytes_on_the_target_stop_everything_before_any_write(stage: Stage) -> None:
    """With both hashes, and exit code 73; `alpha`, which could go, does not."""
    other = make_wheel(stage.folder, "beta", "0.1.0", members={"beta.py": "other\n"})
    upload(stage.server, other, "prod")
    done = stage.carrack("promote", "staging", "prod")
    assert (done.returncode, sha256(other) in done.stderr) == (73, True)
    assert list(stage.files()) == [other.name]


@pytest.mark.parametrize("status", ["Unlisted", "Archived"])
@pytest.mark.parametrize("side", ["staging", "prod"])
def test_a_version_that_was_withdrawn_is_not_promoted(stage: Stage, side: str, status: str) -> None:
    """On either side: 65, with the status; on the target's, with what brings it back."""
    stage.carrack("promote", "staging", "prod", "alpha")
    where = {
        "domain": "carrack",
        "repository": side,
        "format": "pypi",
        "package": "alpha",
        "versions": ["0.1.0"],
    }
    stage.server.client().update_package_versions_status(**where, targetStatus=status)
    done = stage.carrack("promote", "staging", "prod", "beta")
    assert (done.returncode, f"alpha 0.1.0: is {status} on {side}" in done.stderr) == (65, True), done.stderr
    assert "beta" not in " ".join(stage.files())
    if side == "prod":  # what is printed leads to a promotion
        back = next(line for line in done.stderr.splitlines() if "carrack retract" in line)
        brought = stage.carrack(*back.partition("carrack ")[2].removesuffix(" brings it back").split())
        assert brought.returncode == 0, brought.stderr
        assert stage.carrack("promote", "staging", "prod").returncode == 0


@pytest.mark.parametrize(("tested", "code"), [(True, 0), (False, 73)])
def test_what_a_lock_was_tested_with_is_what_is_promoted(stage: Stage, tested: bool, code: int) -> None:
    """A lock that pins the version by other hashes was tested with other files."""
    digest = sha256(stage.folder / "alpha-0.1.0-py3-none-any.whl") if tested else "0" * 64
    manifest = (stage.repo.root / "pyproject.toml").read_text()
    app = '[tool.carrack.apps.job]\npath = "."\nlock = "lock"\npythons = ["3.12"]\nrequirements = ["alpha"]\n'
    stage.repo.commit({"pyproject.toml": manifest + app, "lock": LOCK.format(zeros="0" * 64, digest=digest)})
    done = stage.carrack("promote", "staging", "prod")
    assert done.returncode == code, done.stderr
    assert ("its lock has alpha 0.1.0 with other files" in done.stderr) is not tested


def test_a_refusal_part_way_says_what_is_there_and_goes_on(stage: Stage) -> None:
    """75: what is on prod, what is not, and the next command, which finishes."""
    stage.server.faults.fail("CopyPackageVersions", status=403, times=1)
    failed = stage.carrack("promote", "staging", "prod")
    assert failed.returncode == 75, failed.stderr
    assert "on prod, whole and proven: nothing; perhaps alpha 0.1.0" in failed.stderr
    assert "not promoted: beta 0.1.0" in failed.stderr
    assert "carrack promote staging prod goes on" in failed.stderr
    assert stage.carrack("promote", "staging", "prod").returncode == 0
    assert stage.files() == stage.files(repository="staging")


def test_a_failure_part_way_names_the_way_back_too(stage: Stage, aws_user: Path) -> None:
    """What this run brought is in the hint, as the command that takes it back."""
    sides, promoter, workspace = sides_of(stage)
    promotion = examine(workspace, (), *sides, promoter)

    def fail(*_: Any) -> None:
        raise IndexAccessError("no permission")

    means = means_of(stage, promoter)
    copy = promoter.copy
    promoter.copy = lambda source, package, *rest: (fail if package == "beta" else copy)(
        source, package, *rest
    )
    with pytest.raises(StoppedError) as caught:
        promote(promotion, *sides, means, {})
    back = caught.value.hint.partition("; or back: carrack ")[2].split()
    assert back == ["retract", "alpha==0.1.0", "--from", sides[1].index.name, "--yes"]
    back[3] = "prod"
    assert stage.carrack(*back).returncode == 0
    where = {"domain": "carrack", "repository": "prod", "format": "pypi", "package": "alpha"}
    described = stage.server.client().describe_package_version(**where, packageVersion="0.1.0")
    assert described["packageVersion"]["status"] == "Unlisted"


def test_a_revision_that_changed_meanwhile_is_not_copied(stage: Stage, aws_user: Path) -> None:
    """What was looked at is what is copied: a file that was added since makes another revision."""
    sides, promoter, workspace = sides_of(stage)
    promotion = examine(workspace, (), *sides, promoter)
    extra = make_wheel(stage.folder, "alpha", "0.1.0", tag="py2-none-any")
    upload(stage.server, extra, "staging")
    with pytest.raises(Exception, match="MISMATCHED_REVISION"):
        promote(promotion, *sides, means_of(stage, promoter), {})
    assert stage.files() == {}


def sides_of(stage: Stage) -> tuple[tuple[Side, Side], Any, Any]:
    """Both sides, the promoter of prod, and the workspace, in this process."""
    indexes = [index_at(stage.server.url, repository=one, name=one) for one in ("staging", "prod")]
    sides = tuple(Side(index=index, reader=CodeArtifactReader(Connection(index))) for index in indexes)
    workspace = read_workspace(stage.repo.root, dict(stage.server.environ()))
    return sides, CodeArtifactPromoter(Connection(indexes[1])), workspace  # type: ignore[return-value]


def means_of(stage: Stage, promoter: Any) -> Means:
    """What a promotion works with; no upload is expected."""

    def uploader() -> Any:
        raise AssertionError("nothing is uploaded within a domain")

    git = Git(stage.repo.root, {})
    return Means(
        promoter=promoter,
        uploader=uploader,
        history=git,
        journal=MemoryJournal(),
        report=Told(),
        sleep=lambda _: None,
    )


class Deadly:
    """A promoter that dies before, or right after, its nth change."""

    def __init__(self, promoter: Any, at: int, *, after: bool) -> None:
        self._promoter, self._left, self._after = promoter, at, after

    def controls(self, name: Any) -> Controls | None:
        """Look."""
        found: Controls | None = self._promoter.controls(name)
        return found

    def set_controls(self, *arguments: Any) -> None:
        """Change, or die."""
        self._change("set_controls", *arguments)

    def copy(self, *arguments: Any) -> None:
        """Change, or die."""
        self._change("copy", *arguments)

    def _change(self, method: str, *arguments: Any) -> None:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise KilledError
        getattr(self._promoter, method)(*arguments)
        if self._left == 0:
            raise KilledError


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_killed_at_any_step_the_next_run_finishes(
    stage: Stage, aws_user: Path, step: int, after: bool
) -> None:
    """Two packages are four changes: before and after each of them; then prod is as after an undisturbed run."""
    sides, promoter, workspace = sides_of(stage)
    promotion = examine(workspace, (), *sides, promoter)
    with pytest.raises(KilledError):
        promote(promotion, *sides, means_of(stage, Deadly(promoter, step, after=after)), {})
    promote(examine(workspace, (), *sides, promoter), *sides, means_of(stage, promoter), {})
    assert examine(workspace, (), *sides, promoter).writing == ()
    assert stage.files() == stage.files(repository="staging")
    assert [stage.controls(one)["upstream"] for one in ("alpha", "beta")] == ["BLOCK", "BLOCK"]


def test_commits_become_tags_and_receipt_of_the_target(stage: Stage, aws_user: Path) -> None:
    """Where the target's releases get tags, and their commits are known."""
    sides, promoter, workspace = sides_of(stage)
    means = means_of(stage, promoter)
    commit = stage.repo.git("rev-parse", "HEAD")
    promote(examine(workspace, (), *sides, promoter), *sides, means, {name("alpha"): commit})
    assert stage.repo.git("tag").split() == ["alpha-v0.1.0"]
    assert {(entry.name, entry.version, entry.commit) for entry in means.journal.read(sides[1].index)} == {
        ("alpha", Version("0.1.0"), commit),
        ("beta", Version("0.1.0"), None),
    }


def test_controls_of_a_package_that_is_not_there_are_none(stage: Stage, aws_user: Path) -> None:
    """And can be set ahead."""
    index: Index = index_at(stage.server.url)
    promoter = CodeArtifactPromoter(Connection(index))
    assert promoter.controls(name("delta")) is None
    promoter.set_controls(name("delta"), Controls(publish=True, upstream=False))
    assert promoter.controls(name("delta")) == Controls(publish=True, upstream=False)

"""The way back, on a real local CodeArtifact and a real git history: what breaks is told, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests
from packaging.version import Version
from tests.carrack.fakes import name
from tests.carrack.local import index_at
from tests.carrack.test_promote import LOCK, Stage, stage
from tests.carrack.wheels import sha256

from carrack.adapters.aws import Connection
from carrack.adapters.promoter import CodeArtifactPromoter
from carrack.errors import StoppedError
from carrack.model.retraction import Status

__all__ = ["stage"]

APP = """
[tool.carrack.apps.job]
path = "job"
requirements = ["alpha"]
lock = "job/requirements.lock"
pythons = ["3.12"]
machines = ["x86_64"]
"""


@pytest.fixture
def shop(stage: Stage) -> Stage:
    """Beta 0.1.0 and two versions of alpha on staging; a lock that pins the first, then one that pins the second."""
    stage.put("alpha", "0.2.0")
    manifest = stage.repo.root / "pyproject.toml"
    stage.repo.commit(
        {"pyproject.toml": manifest.read_text() + APP, "job/requirements.lock": lock_of(stage, "0.1.0")}
    )
    stage.repo.git("tag", "first")
    stage.repo.commit({"job/requirements.lock": lock_of(stage, "0.2.0")})
    return stage


def lock_of(stage: Stage, version: str) -> str:
    """The app's lock with this version of alpha."""
    wheel = stage.folder / f"alpha-{version}-py3-none-any.whl"
    return LOCK.format(zeros="0" * 64, digest=sha256(wheel)).replace("==0.1.0", f"=={version}")


def status(stage: Stage, package: str, version: str) -> str:
    """The version's status on staging."""
    described = stage.server.client().describe_package_version(
        domain="carrack", repository="staging", format="pypi", package=package, packageVersion=version
    )
    return str(described["packageVersion"]["status"])


def page(stage: Stage, package: str) -> str:
    """The package's page as pip sees it."""
    answer = requests.get(
        f"{stage.server.upload_url('carrack', 'staging')}simple/{package}/",
        auth=("aws", stage.server.token("carrack")),
        timeout=30,
    )
    return answer.text


def test_the_plan_tells_who_pins_it_and_writes_nothing(shop: Stage) -> None:
    """Checkout and branch pin it; the commit before has the last lock without it; the version before is named."""
    done = shop.carrack("retract", "alpha==0.2.0", "--from", "staging")
    assert done.returncode == 0, done.stderr
    good = shop.repo.git("rev-parse", "first").strip()
    assert done.stdout.splitlines() == [
        "alpha 0.2.0: Published -> Unlisted; it leaves the index page: pip and uv find it no more by name, with a hash "
        "neither; locks that hold addresses of files (uv.lock, pylock.toml) go on",
        "  pinned by job/requirements.lock (checkout, main)",
        f"    the last that was without it: git checkout {good} -- job/requirements.lock",
        "  before it: 0.1.0",
        "  images that are built and jobs that run have the files in them, and go on",
    ]
    assert "carrack retract alpha==0.2.0 --from staging --yes" in done.stderr
    assert status(shop, "alpha", "0.2.0") == "Published"


def test_what_the_checkout_locks_is_not_taken_back_unasked(shop: Stage) -> None:
    """Refused with the way back; when told so, or without the lock, it is done."""
    done = shop.carrack("retract", "alpha==0.2.0", "--from", "staging", "--yes")
    assert done.returncode == 76
    assert "job/requirements.lock pins alpha 0.2.0" in done.stderr
    assert "next: git checkout" in done.stderr
    assert status(shop, "alpha", "0.2.0") == "Published"
    done = shop.carrack("retract", "alpha==0.2.0", "--from", "staging", "--yes", "--break-locks")
    assert done.returncode == 0, done.stderr
    assert status(shop, "alpha", "0.2.0") == "Unlisted"


def test_the_next_command_leads_to_a_checkout_that_goes_on(shop: Stage) -> None:
    """The hint's own words, typed, make the lock one that does not pin it; then it is taken back."""
    refused = shop.carrack("retract", "alpha==0.2.0", "--from", "staging", "--yes")
    (hint,) = [line for line in refused.stderr.splitlines() if "next:" in line]
    shop.repo.git(*hint.partition("git ")[2].split())
    done = shop.carrack("retract", "alpha==0.2.0", "--from", "staging", "--yes")
    assert done.returncode == 0, done.stderr
    assert "alpha-0.2.0" not in page(shop, "alpha")
    assert "alpha-0.1.0" in page(shop, "alpha")


def test_it_is_brought_back(shop: Stage) -> None:
    """Published again, with the same files; a second time there is nothing to do."""
    before = page(shop, "alpha")
    shop.carrack(
        "retract", "alpha==0.2.0", "--from", "staging", "--yes", "--break-locks", "--status", "archived"
    )
    assert status(shop, "alpha", "0.2.0") == "Archived"
    for _ in range(2):
        done = shop.carrack("retract", "alpha==0.2.0", "--from", "staging", "--status", "published", "--yes")
        assert done.returncode == 0, done.stderr
    assert "is Published already" in done.stdout
    assert page(shop, "alpha") == before


def test_several_versions_of_one_package_go_together(shop: Stage) -> None:
    """None is forgotten, none stands in for another, and no lock with either of them is the way back."""
    versions = ("alpha==0.2.0", "alpha==0.1.0")
    plan = json.loads(shop.carrack("retract", *versions, "--from", "staging", "--json").stdout)
    assert [(one["version"], one["previous"]) for one in plan] == [("0.2.0", None), ("0.1.0", None)]
    assert plan[0]["pinned"][0]["good"] is None
    assert plan[0]["stranded"] != []
    done = shop.carrack("retract", *versions, "--from", "staging", "--yes", "--break-locks")
    assert done.returncode == 0, done.stderr
    assert [status(shop, "alpha", version) for version in ("0.1.0", "0.2.0")] == ["Unlisted"] * 2


def test_what_nothing_else_meets_is_stranded(shop: Stage) -> None:
    """Beta and the app go on with the version before; when that goes too, both are named."""
    shop.carrack("retract", "alpha==0.2.0", "--from", "staging", "--yes", "--break-locks")
    (plan,) = json.loads(shop.carrack("retract", "alpha==0.1.0", "--from", "staging", "--json").stdout)
    assert plan["stranded"] == [
        "packages/beta/pyproject.toml wants 'alpha>=0.1', which no other version there meets",
        "pyproject.toml wants 'alpha', which no other version there meets",
    ]
    assert plan["previous"] is None
    assert plan["pinned"] == [
        {
            "lock": "job/requirements.lock",
            "refs": ["first"],
            "good": shop.repo.git("rev-parse", "HEAD").strip(),
        }
    ]


def test_who_needs_it_goes_first_and_comes_back_last(shop: Stage) -> None:
    """Beta needs alpha, whatever order they are typed in."""
    versions = ("alpha==0.1.0", "beta==0.1.0", "--from", "staging", "--yes")
    out = shop.carrack("retract", *versions)
    back = shop.carrack("retract", *versions, "--status", "published")
    order = [
        [line.split()[1] for line in done.stderr.splitlines() if line.split()[0] == "Setting"]
        for done in (out, back)
    ]
    assert order == [["beta", "alpha"], ["alpha", "beta"]]


def test_after_it_status_says_blocked_and_publish_writes_nothing(shop: Stage) -> None:
    """The tree's version is not released a second time."""
    shop.carrack("retract", "beta==0.1.0", "--from", "staging", "--yes")
    rows = json.loads(shop.carrack("status", "--to", "staging", "--json").stdout)
    (row,) = [row for row in rows if row["package"] == "beta"]
    assert (row["state"], row["reason"]) == ("blocked", "0.1.0 is Unlisted on the index; raise the version")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("alpha",), 64, "'alpha' is not NAME==VERSION"),
        (("alpha>=1",), 64, "'alpha>=1' is not NAME==VERSION"),
        (("alpha==0.*",), 64, "'alpha==0.*' is not NAME==VERSION"),
        (("alpha==9.9",), 65, "alpha 9.9 is not there"),
        (("gamma==1.0",), 65, "gamma 1.0 is not there"),
        (("Alhpa==0.2.0",), 65, "there is no package 'alhpa' in this workspace; did you mean alpha?"),
    ],
)
def test_what_cannot_be_taken_back_is_one_sentence(
    shop: Stage, arguments: tuple[str, ...], code: int, message: str
) -> None:
    """What is no version, or not on the index."""
    done = shop.carrack("retract", *arguments, "--from", "staging", "--yes")
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_disposed_version_stays_so(shop: Stage) -> None:
    """Its files are gone; nobody can bring it back."""
    shop.server.client().dispose_package_versions(
        domain="carrack", repository="staging", format="pypi", package="alpha", versions=["0.1.0"]
    )
    done = shop.carrack("retract", "alpha==0.1.0", "--from", "staging", "--status", "published", "--yes")
    assert done.returncode == 65
    assert "alpha 0.1.0 is Disposed, and stays so" in done.stderr


def test_a_failure_part_way_says_what_is_done_and_the_same_command_goes_on(shop: Stage) -> None:
    """75: beta perhaps, alpha not; the next run does both."""
    shop.server.faults.fail("UpdatePackageVersionsStatus", status=403, times=1)
    versions = ("alpha==0.1.0", "beta==0.1.0", "--from", "staging", "--yes")
    failed = shop.carrack("retract", *versions)
    assert failed.returncode == 75, failed.stderr
    assert "Unlisted on staging: nothing; perhaps beta 0.1.0" in failed.stderr
    assert "as it was: alpha 0.1.0" in failed.stderr
    assert shop.carrack("retract", *versions).returncode == 0
    assert [status(shop, package, "0.1.0") for package in ("alpha", "beta")] == ["Unlisted", "Unlisted"]


def test_a_revision_that_changed_since_the_look_is_left(shop: Stage, aws_user: Path) -> None:
    """What was looked at is what is taken back."""
    withdrawer = CodeArtifactPromoter(Connection(index_at(shop.server.url, repository="staging")))
    with pytest.raises(StoppedError, match="MISMATCHED_REVISION"):
        withdrawer.set_status(name("alpha"), Version("0.1.0"), "other", "Published", Status.UNLISTED)
    assert status(shop, "alpha", "0.1.0") == "Published"

"""`index cost`: what is free stays free, what is assumed is called so, and prices have a date."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.version import Version
from tests.carrack.fakes import name
from tests.carrack.local import Shell, index_at, shell, upload
from tests.carrack.test_aws import tapped
from tests.carrack.wheels import make_wheel

from carrack.adapters.aws import Connection
from carrack.adapters.domain import CodeArtifactDomain
from carrack.errors import IndexAccessError
from carrack.model.cost import GB, Estimate, Storage
from carrack.model.habits import Basis, Habit, installs, other_requests, releases
from carrack.model.lock import Candidate, Lock, Pin
from carrack.model.prices import PRICES, Prices, prices_for
from codeartifact_local.testing import LocalCodeArtifact

OURS = Prices(
    region="us-east-1",
    read=date(2027, 1, 15),
    source="our agreement",
    gb_month=Decimal("0.04"),
    ten_thousand_requests=Decimal("0.03"),
)
APP = """
[tool.carrack.apps.job]
path = "packages/alpha"
lock = "job.lock"
pythons = ["3.12"]
"""
PRICES_TABLE = """
[tool.carrack.prices.us-east-1]
read = 2027-01-15
source = "our agreement"
gb-month = 1000
ten-thousand-requests = 0.5
free-gb = 0
free-requests = 10
currency = "EUR"
"""


def lock(*pins: tuple[str, str, str | None]) -> Lock:
    """A lock of these names, versions and markers."""
    return Lock(
        app="job",
        pythons=("3.12",),
        machines=("x86_64",),
        requirements="sha256:1",
        receipt="sha256:2",
        pins=frozenset(
            Pin(
                candidate=Candidate(
                    name=name(one), version=Version(version), marker=Marker(marker) if marker else None
                ),
                hashes=frozenset({"0" * 64}),
            )
            for one, version, marker in pins
        ),
    )


def month(size: int = 0, *habits: Habit, prices: Prices = PRICES["us-east-1"]) -> Estimate:
    """An estimate for an index in us-east-1."""
    storage = Storage(size=size, basis=Basis.MEASURED)
    return Estimate(index=index_at(None), storage=storage, habits=habits, prices=prices)


# --- the model ---


@pytest.mark.parametrize(
    ("size", "requests", "costs"),
    [
        (0, 0, ("0.00", "0.00")),
        (2 * GB, 100_000, ("0.00", "0.00")),
        (2 * GB + 1, 100_001, ("0.01", "0.01")),
        (3 * GB, 110_000, ("0.05", "0.05")),
        (102 * GB, 1_100_000, ("5.00", "5.00")),
    ],
)
def test_the_free_part_is_free_and_the_rest_rounded_up(
    size: int, requests: int, costs: tuple[str, str]
) -> None:
    """Two GB and 100,000 requests cost nothing; what is over them does, from its first byte and request on."""
    found = month(size, other_requests(requests))
    assert (found.storage_cost, found.requests_cost) == tuple(map(Decimal, costs))
    assert found.total == found.storage_cost + found.requests_cost


def test_an_install_asks_for_each_distribution_once() -> None:
    """A page and a file each, beside address and token; one that is pinned twice, by markers, is one."""
    twice = (("a", "1", "python_version < '3.12'"), ("a", "2", "python_version >= '3.12'"))
    assert installs(10, lock(("b", "1", None), *twice)).requests == 10 * (2 + 2 * 2)
    assert installs(10, lock()).requests == 20


def test_each_line_says_how_it_is_known() -> None:
    """What was measured, what somebody said, what has a date, and what is assumed."""
    found = month(GB, installs(1, lock(("a", "1", None))), releases(1, 3), other_requests(5))
    assert {line.what: line.basis.value for line in found.lines()} == {
        "storage": "measured",
        "installs": "assumed",
        "releases": "assumed",
        "others": "said",
        "together": "assumed",
        "free": "assumed",
        "prices": "dated",
        "transfer": "not counted",
    }
    assert {line.what: line.basis for line in month(0, other_requests(5)).lines()}["together"] is Basis.SAID


def test_the_workspace_s_own_prices_come_first() -> None:
    """Then those that are known; a region without any gets us-east-1's, and is told so with the remedy."""
    assert prices_for("us-east-1", {"us-east-1": OURS}) is OURS
    assert prices_for("us-west-2", {"us-east-1": OURS}) is PRICES["us-west-2"]
    elsewhere = Estimate(
        index=index_at(None, region="eu-west-1"),
        storage=Storage(size=0, basis=Basis.SAID),
        habits=(),
        prices=prices_for("eu-west-1", {}),
    )
    (line,) = (line for line in elsewhere.lines() if line.what == "prices")
    assert line.basis is Basis.ASSUMED
    assert line.why.startswith("us-east-1's, read 20")
    assert line.why.endswith("eu-west-1's are not known here: say [tool.carrack.prices.eu-west-1]")


# --- the service ---


def test_an_answer_without_a_size_is_not_taken_for_an_empty_domain(aws_user: Path) -> None:
    """The service's model lets it be left out; with it, it is what is said."""
    connection = Connection(index_at(None))
    wire = tapped(connection, b'{"domain": {"name": "carrack"}}')
    with pytest.raises(IndexAccessError, match="does not say how much"):
        CodeArtifactDomain(connection).size()
    wire.body = b'{"domain": {"assetSizeBytes": 7}}'
    assert CodeArtifactDomain(connection).size() == 7


# --- the command ---


@pytest.fixture
def carrack(server: LocalCodeArtifact, tmp_path: Path) -> Shell:
    """The command line, its index ready, with an app that has no lock yet."""
    server.create("carrack", "prod", "staging")
    found = shell(tmp_path, server)
    with (found.workspace / "pyproject.toml").open("a") as file:
        file.write(APP)
    return found


def facts(carrack: Shell, *options: str, **extra: str) -> dict[str, Any]:
    """What `index cost --json` gives."""
    done = carrack("index", "cost", "--json", *options, **extra)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_size_is_what_the_service_says_and_counts_a_file_once(
    carrack: Shell, server: LocalCodeArtifact, tmp_path: Path
) -> None:
    """However many repositories of the domain have it; and nothing is changed by looking."""
    assert facts(carrack)["storage"] == {"bytes": 0, "basis": "measured"}
    file = make_wheel(tmp_path, "alpha", "1.0")
    for repository in ("prod", "staging"):
        upload(server, file, repository)
    assert facts(carrack)["storage"] == {"bytes": file.stat().st_size, "basis": "measured"}


def test_habits_become_requests_and_all_is_called_an_estimate(carrack: Shell) -> None:
    """The table has a line for each, the date of its prices, and the sum; --json has the same numbers."""
    (carrack.workspace / "job.lock").write_text(lock(("a", "1", None), ("b", "1", None)).format())
    habits = ("--installs", "50000", "--releases", "20", "--requests", "7", "--storage", "22")
    shown = carrack("index", "cost", *habits)
    assert shown.returncode == 0, shown.stderr
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    assert lines[:2] == ["said storage 22.00 GB 1.00 USD", "by --storage"]
    assert lines[2] == "assumed installs 300,000 requests"
    assert lines[3].startswith(
        "50,000 x 6: page and file of the 2 distributions in job's lock, address and token"
    )
    assert lines[4] == "assumed releases 520 requests"
    assert lines[5].startswith("20 x 26: one version a run")
    assert lines[8] == "assumed together 300,527 requests 1.01 USD"
    assert lines[11] == "dated prices 0.05 USD a GB, 0.05 USD per 10,000 requests"
    assert lines[12].startswith(f"us-east-1's, read {PRICES['us-east-1'].read} in a copy of AWS's price list")
    assert lines[-2] == "estimate a month 2.01 USD"
    found = facts(carrack, *habits)
    assert found["estimate"] == {"currency": "USD", "storage": 1.0, "requests": 1.01, "total": 2.01}
    assert [one["times"] * one["each"] for one in found["requests"]] == [300_000, 520, 7]
    assert found["prices"]["read"] == PRICES["us-east-1"].read.isoformat()


def test_prices_of_the_workspace_are_used_and_shown_with_their_date(
    carrack: Shell, server: LocalCodeArtifact, tmp_path: Path
) -> None:
    """Rates, free part and currency, all from pyproject.toml."""
    with (carrack.workspace / "pyproject.toml").open("a") as file:
        file.write(PRICES_TABLE)
    wheel = make_wheel(tmp_path, "alpha", "1.0")
    upload(server, wheel)
    found = facts(carrack, "--requests", "10010")
    assert found["estimate"] == {"currency": "EUR", "storage": 0.01, "requests": 0.5, "total": 0.51}
    assert 0 < wheel.stat().st_size * 1000 < GB / 100
    shown = carrack("index", "cost").stdout
    assert "  us-east-1's, read 2027-01-15 in our agreement\n" in shown


def test_without_a_lock_the_command_that_makes_it_is_said(carrack: Shell) -> None:
    """Exit 76, as for an install; without --installs no lock is needed."""
    done = carrack("index", "cost", "--installs", "1")
    assert (done.returncode, done.stdout) == (76, "")
    assert "error: job.lock: there is no such file yet" in done.stderr
    assert "next: carrack lock --to prod --app job" in done.stderr
    assert carrack("index", "cost").returncode == 0


def test_a_domain_that_is_not_there_is_one_sentence(carrack: Shell, server: LocalCodeArtifact) -> None:
    """Exit 69, how to make it, and how to estimate before it is made."""
    for repository in ("prod", "staging", "pypi-store"):
        server.client().delete_repository(domain="carrack", repository=repository)
    server.client().delete_domain(domain="carrack")
    done = carrack("index", "cost")
    assert (done.returncode, done.stdout) == (69, "")
    assert "there is no domain carrack in account 000000000000" in done.stderr
    assert "next: carrack index create --to prod; or say --storage GB, so that nobody is asked" in done.stderr


def test_who_may_not_look_is_told_and_can_say_the_size(carrack: Shell, server: LocalCodeArtifact) -> None:
    """Exit 69 for a denial; with --storage the service is not even asked."""
    server.faults.fail("DescribeDomain", times=None, status=403)
    done = carrack("index", "cost")
    assert (done.returncode, done.stdout) == (69, "")
    assert "these credentials may not do that" in done.stderr
    assert "or say --storage GB" in done.stderr
    nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "CODEARTIFACT_LOCAL_URL": ""}
    assert facts(carrack, "--storage", "4", **nobody)["estimate"]["total"] == 0.1


@pytest.mark.parametrize("option", ["--installs", "--releases", "--requests", "--storage"])
@pytest.mark.parametrize("count", ["-1", "1.5", "nan", "1" + 13 * "0"])
def test_a_count_is_a_whole_number(carrack: Shell, option: str, count: str) -> None:
    """Anything else is a usage error, and no sum."""
    done = carrack("index", "cost", option, count)
    assert (done.returncode, done.stdout) == (64, "")


def test_the_largest_counts_still_have_a_sum(carrack: Shell) -> None:
    """Nothing overflows."""
    most = str(10**12)
    (carrack.workspace / "job.lock").write_text(lock(("a", "1", None)).format())
    habits = [
        word for option in ("--installs", "--releases", "--requests", "--storage") for word in (option, most)
    ]
    assert facts(carrack, *habits)["estimate"]["total"] > 10**9

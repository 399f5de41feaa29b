"""The first set-up: shown first, made once, and nothing taken away."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.utils import NormalizedName
from tests.carrack.local import BIN, Shell, index_at, shell

from carrack.adapters.aws import Connection
from carrack.adapters.domain import CodeArtifactDomain
from carrack.commands.index_create import carry_out, examine
from carrack.errors import IndexAccessError, StoppedError
from carrack.model.changes import (
    PUBLIC,
    AddUpstreams,
    Change,
    Connect,
    CreateDomain,
    CreateRepository,
    Right,
)
from carrack.model.domain import DomainState, Repository, plan_setup, sources
from carrack.model.index import Index
from carrack.ports import DomainAdmin, Report
from codeartifact_local.testing import LocalCodeArtifact

PROD, STAGING = index_at("http://x"), index_at("http://x", name="staging", repository="staging")
READY = DomainState(
    exists=True,
    repositories={
        "pypi-store": Repository(connections=(PUBLIC,)),
        "prod": Repository(upstreams=("pypi-store",)),
        "staging": Repository(upstreams=("pypi-store",)),
    },
)


def having(**repositories: Repository) -> DomainState:
    """READY, but for these."""
    return DomainState(exists=True, repositories={**READY.repositories, **repositories})


# --- the plan ---


def test_an_empty_account_gets_everything_in_an_order_that_works() -> None:
    """The domain first, then the store with its connection, then what has the store upstream."""
    assert plan_setup([PROD, STAGING], DomainState(exists=False)).findings == (
        CreateDomain(domain="carrack"),
        CreateRepository(repository="pypi-store"),
        Connect(repository="pypi-store"),
        CreateRepository(repository="prod", upstreams=("pypi-store",)),
        CreateRepository(repository="staging", upstreams=("pypi-store",)),
    )


def test_a_domain_that_is_ready_needs_nothing() -> None:
    """Everything is found right, and nothing would change."""
    setup = plan_setup([PROD, STAGING], READY)
    assert setup.changes == ()
    assert all(isinstance(finding, Right) for finding in setup.findings)


def test_other_upstreams_stay_and_keep_their_priority() -> None:
    """The store is added behind them."""
    setup = plan_setup([PROD], having(prod=Repository(upstreams=("theirs", "older"))))
    assert setup.changes == (
        AddUpstreams(repository="prod", added=("pypi-store",), present=("theirs", "older")),
    )
    assert plan_setup([PROD], having(prod=Repository(upstreams=("theirs", "pypi-store")))).changes == ()


def test_a_repository_with_its_own_public_connection_is_left_so() -> None:
    """It gives public packages already, and CodeArtifact does not allow it an upstream too."""
    setup = plan_setup([PROD], having(prod=Repository(connections=(PUBLIC,))))
    assert (setup.changes, setup.obstacles) == ((), ())


@pytest.mark.parametrize(
    ("name", "present"),
    [
        ("prod", Repository(connections=("public:npmjs",))),
        ("pypi-store", Repository(connections=("public:npmjs",))),
        ("pypi-store", Repository(upstreams=("theirs",))),
    ],
)
def test_what_would_have_to_go_is_an_obstacle(name: str, present: Repository) -> None:
    """A connection or upstreams that exclude ours are named, and not taken away."""
    setup = plan_setup([PROD], having(**{name: present}))
    ((obstacle),) = setup.obstacles
    assert name in str(obstacle)
    assert (*present.connections, *present.upstreams)[0] in str(obstacle)
    assert setup.changes == ()


def test_indexes_may_share_a_repository_or_have_stores_of_their_own() -> None:
    """Each repository gets every store that an index wants for it; an index may be a store itself."""
    other = index_at("http://x", name="other", store="second-store")
    itself = index_at("http://x", name="store", repository="pypi-store")
    assert sources([PROD, other, itself]) == {
        "pypi-store": (),
        "second-store": (),
        "prod": ("pypi-store", "second-store"),
    }


# --- on a real domain ---


def admin(server: LocalCodeArtifact) -> CodeArtifactDomain:
    """The domain on `server`."""
    return CodeArtifactDomain(Connection(index_at(server.url)))


@pytest.fixture
def indexes(server: LocalCodeArtifact, aws_user: Path) -> list[Index]:
    """`prod` and `staging` on `server`."""
    return [index_at(server.url), index_at(server.url, name="staging", repository="staging")]


def test_a_domain_is_made_ready_and_proved(server: LocalCodeArtifact, indexes: list[Index]) -> None:
    """Afterwards the service itself says what it should, and a second look finds nothing to change."""
    setup = examine(indexes, admin(server))
    assert len(setup.changes) == 5
    assert carry_out(setup, indexes, admin(server), Report()).changes == ()
    assert admin(server).state(sources(indexes)) == READY
    assert examine(indexes, admin(server)).changes == ()


def test_an_upstream_is_added_to_those_that_a_repository_has(
    server: LocalCodeArtifact, indexes: list[Index]
) -> None:
    """The service then has the old ones first."""
    client = server.client()
    client.create_domain(domain="carrack")
    client.create_repository(domain="carrack", repository="theirs")
    client.create_repository(domain="carrack", repository="prod", upstreams=[{"repositoryName": "theirs"}])
    carry_out(examine(indexes, admin(server)), indexes, admin(server), Report())
    assert admin(server).state(["prod"]).repositories["prod"].upstreams == ("theirs", "pypi-store")


def test_an_obstacle_stops_before_anything_is_written(
    server: LocalCodeArtifact, indexes: list[Index]
) -> None:
    """The other repositories are not made either; the error says what stands in the way."""
    client = server.client()
    client.create_domain(domain="carrack")
    client.create_repository(domain="carrack", repository="theirs")
    client.create_repository(
        domain="carrack", repository="pypi-store", upstreams=[{"repositoryName": "theirs"}]
    )
    with pytest.raises(IndexAccessError, match="pypi-store has theirs") as caught:
        carry_out(examine(indexes, admin(server)), indexes, admin(server), Report())
    assert "nothing was changed" in caught.value.untouched
    assert admin(server).state(["prod", "staging"]).repositories == {}


class Failing:
    """The real domain, until the change number `at`, which is refused."""

    def __init__(self, real: DomainAdmin, at: int) -> None:
        self._real, self._left = real, at

    def state(
        self,
        repositories: Iterable[str],
        names: Collection[NormalizedName] = (),
        policies: Collection[str | None] = (),
    ) -> DomainState:
        """As it is."""
        return self._real.state(repositories, names, policies)

    def make(self, change: Change) -> None:
        """One change, or a refusal."""
        if self._left == 0:
            raise IndexAccessError("these credentials may not do that", hint="ask for it")
        self._left -= 1
        self._real.make(change)


def test_a_refusal_part_way_says_what_is_done_and_what_is_not(
    server: LocalCodeArtifact, indexes: list[Index]
) -> None:
    """What is done stays, the error names both halves, and the same command goes on from there."""
    failing = Failing(admin(server), at=2)
    with pytest.raises(StoppedError, match="may not do that") as caught:
        carry_out(examine(indexes, failing), indexes, failing, Report())
    assert caught.value.done == "create domain carrack; create repository pypi-store"
    assert caught.value.untouched.startswith("not done: connect repository pypi-store")
    assert caught.value.hint == "ask for it; then run the same command again"
    rest = examine(indexes, admin(server))
    assert len(rest.changes) == 3
    carry_out(rest, indexes, admin(server), Report())
    assert admin(server).state(sources(indexes)) == READY


def test_a_refusal_of_the_first_change_says_that_nothing_changed(
    server: LocalCodeArtifact, indexes: list[Index]
) -> None:
    """It keeps its own exit code: there is nothing to go on from."""
    failing = Failing(admin(server), at=0)
    with pytest.raises(IndexAccessError) as caught:
        carry_out(examine(indexes, failing), indexes, failing, Report())
    assert "nothing was changed" in caught.value.untouched


def test_a_domain_that_changed_meanwhile_is_not_written_to(
    server: LocalCodeArtifact, indexes: list[Index]
) -> None:
    """What was agreed to was another plan."""
    setup = examine(indexes, admin(server))
    server.client().create_domain(domain="carrack")
    with pytest.raises(IndexAccessError, match="somebody else changed the domain"):
        carry_out(setup, indexes, admin(server), Report())
    assert admin(server).state(sources(indexes)).repositories == {}


def test_a_change_that_does_not_show_is_not_called_done(
    server: LocalCodeArtifact, indexes: list[Index]
) -> None:
    """The domain is read again at the end; what the service took and does not show stops with the sentence."""

    class Forgetful(Failing):
        def make(self, change: Change) -> None:
            """Say yes, and do nothing for the store's connection."""
            if not isinstance(change, Connect):
                self._real.make(change)

    forgetful = Forgetful(admin(server), at=0)
    with pytest.raises(StoppedError, match="does not show it yet: connect repository pypi-store"):
        carry_out(examine(indexes, forgetful), indexes, forgetful, Report())


# --- the command ---


def test_without_a_terminal_the_plan_is_shown_and_yes_is_needed(
    server: LocalCodeArtifact, tmp_path: Path
) -> None:
    """Exit 64, the plan on stdout, the next command, and nothing changed; --yes does it; then nothing is to do."""
    carrack = shell(tmp_path, server)
    shown = carrack("index", "create")
    assert shown.returncode == 64
    assert "create repository staging with upstream pypi-store" in shown.stdout
    assert "carrack index create --to prod --yes" in shown.stderr
    assert not server.client().list_domains()["domains"]
    done = carrack("index", "create", "--to", "staging", "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("index staging: account 000000000000, region us-east-1, domain carrack")
    again = carrack("index", "create")
    assert (again.returncode, "change" in again.stdout) == (0, False)


def on_a_terminal(carrack: Shell, answer: bytes, **extra: str) -> int:
    """`carrack index create` with a terminal on which `answer` is typed; its exit code."""
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    done = subprocess.run(
        [BIN / "carrack", "index", "create"],
        cwd=carrack.workspace,
        env={**carrack.environ, **extra},
        stdin=theirs, stdout=theirs, stderr=theirs, check=False, timeout=60,
    )  # fmt: skip
    os.close(ours)
    os.close(theirs)
    return done.returncode


def test_on_a_terminal_the_person_decides(server: LocalCodeArtifact, tmp_path: Path) -> None:
    """`n` changes nothing, CI is never asked, and `y` makes the changes."""
    carrack = shell(tmp_path, server)
    carrack = replace(carrack, environ={k: v for k, v in carrack.environ.items() if k != "CI"})
    assert on_a_terminal(carrack, b"n\n") == 130
    assert on_a_terminal(carrack, b"y\n", CI="true") == 64
    assert not server.client().list_domains()["domains"]
    assert on_a_terminal(carrack, b"y\n") == 0
    assert len(server.client().list_repositories()["repositories"]) == 3

"""What the index told of a revision is not asked again, and never believed of another one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.carrack.local import index_at, upload
from tests.carrack.wheels import make_wheel

from carrack.adapters.aws import Connection
from carrack.adapters.codeartifact import CodeArtifactReader
from carrack.adapters.hashing import describe
from carrack.adapters.known_versions import KnownVersions
from carrack.model.index import Index
from carrack.model.published import PublishedVersion
from codeartifact_local.testing import LocalCodeArtifact

pytestmark = pytest.mark.usefixtures("aws_user")
NAME, ONE = canonicalize_name("remembered"), Version("1.0")
Look = Callable[[], tuple[PublishedVersion | None, list[str]]]


@pytest.fixture(scope="module")
def domain(shared_server: LocalCodeArtifact) -> LocalCodeArtifact:
    """The shared server with a domain of these tests."""
    return shared_server.fresh()


@pytest.fixture
def server(domain: LocalCodeArtifact, tmp_path: Path) -> LocalCodeArtifact:
    """A repository of the domain with `remembered` 1.0."""
    repository = secrets.token_hex(8)
    domain.client().create_repository(domain=domain.domain, repository=repository)
    upload(domain, make_wheel(tmp_path, NAME, "1.0"), repository, domain.domain)
    return replace(domain, repository=repository)


@pytest.fixture
def look(server: LocalCodeArtifact, tmp_path: Path) -> Look:
    """Asks about `remembered` 1.0, as another process would; with which requests."""

    def ask() -> tuple[PublishedVersion | None, list[str]]:
        connection, sent = Connection(_index(server)), list[str]()
        connection.client.meta.events.register("before-send", lambda request, **_: sent.append(request.url))
        reader = CodeArtifactReader(connection, KnownVersions(tmp_path / "versions"))
        found = reader.state({NAME: ONE})[NAME].current
        return found, [url.split("?")[0].rpartition("/v1/")[2] for url in sent]

    return ask


def _index(server: LocalCodeArtifact) -> Index:
    return index_at(server.url, domain=server.domain, repository=server.repository)


BOTH, ONE_ONLY = ["package/versions", "package/version/assets"], ["package/versions"]


def test_a_revision_is_asked_for_once(look: Look, tmp_path: Path) -> None:
    """The second look takes one request, and says the same."""
    first, asked = look()
    again, then = look()
    assert (asked, then) == (BOTH, ONE_ONLY)
    assert first == again
    assert first is not None
    assert first.files == (describe(next(tmp_path.glob("*.whl"))),)


def test_a_file_that_came_since_is_seen(look: Look, server: LocalCodeArtifact, tmp_path: Path) -> None:
    """It gave the version another revision."""
    look()
    (tmp_path / "other").mkdir()
    other = make_wheel(tmp_path / "other", NAME, "1.0", tag="py2-none-any")
    upload(server, other, server.repository, server.domain)
    found, asked = look()
    assert asked == BOTH
    assert found is not None
    assert describe(other) in found.files


def test_a_version_that_was_disposed_of_has_no_files(look: Look, server: LocalCodeArtifact) -> None:
    """Its revision is as it was."""
    before, _ = look()
    server.client().dispose_package_versions(
        domain=server.domain, repository=server.repository, format="pypi", package=NAME, versions=["1.0"]
    )
    found, _ = look()
    assert before is not None
    assert found is not None
    assert (found.revision, found.status, found.files) == (before.revision, "Disposed", ())


@pytest.mark.parametrize("harm", ["", "[{}]", '[{"name": 1}]', "\x00"])
def test_a_cache_that_was_harmed_is_none(look: Look, tmp_path: Path, harm: str) -> None:
    """The index is asked for all of it."""
    first, _ = look()
    (file,) = (tmp_path / "versions").glob("*.json")
    file.write_text(harm)
    assert look() == (first, BOTH)
    assert look() == (first, ONE_ONLY)


def test_a_folder_that_cannot_be_made_is_no_error(server: LocalCodeArtifact, tmp_path: Path) -> None:
    """A look takes its two requests each time."""
    (tmp_path / "file").touch()
    reader = CodeArtifactReader(Connection(_index(server)), KnownVersions(tmp_path / "file" / "versions"))
    for _ in range(2):
        assert reader.state({NAME: ONE})[NAME].current is not None


def test_what_one_look_did_not_ask_about_stays_known(
    look: Look, server: LocalCodeArtifact, tmp_path: Path
) -> None:
    """A look at one package forgets no other."""
    look()
    upload(server, make_wheel(tmp_path, "another", "1.0"), server.repository, server.domain)
    reader = CodeArtifactReader(Connection(_index(server)), KnownVersions(tmp_path / "versions"))
    reader.state({canonicalize_name("another"): ONE})
    assert look()[1] == ONE_ONLY

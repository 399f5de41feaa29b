"""Reading an index's simple pages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.utils import canonicalize_name
from tests.carrack.static_index import StaticIndex
from tests.carrack.wheels import make_sdist, make_wheel, sha256

from carrack.adapters.simple_index import SimpleIndex
from carrack.errors import IndexAccessError
from carrack.model.access import Token
from carrack.model.listing import ListedFile

THING = canonicalize_name("thing")


def test_every_file_is_listed_with_its_hash(static_index: StaticIndex) -> None:
    """Wheels and sdists, yanked ones marked, None where the index gives no hash."""
    wheel = make_wheel(static_index.folder, "thing", "1.0")
    newer = make_wheel(static_index.folder, "thing", "1.1")
    sdist = make_sdist(static_index.folder, "thing", "1.0")
    static_index.yanked.add(newer.name)
    static_index.hashless.add(sdist.name)
    assert set(SimpleIndex(static_index.access).files(THING)) == {
        ListedFile(name=wheel.name, sha256=sha256(wheel)),
        ListedFile(name=newer.name, sha256=sha256(newer), yanked=True),
        ListedFile(name=sdist.name, sha256=None),
    }


def test_a_project_that_is_not_there_has_no_files(static_index: StaticIndex) -> None:
    """404 is an answer, not a fault."""
    assert SimpleIndex(static_index.access).files(THING) == ()


def test_a_page_is_asked_for_once(static_index: StaticIndex) -> None:
    """A lock looks at our own packages twice, and the index is asked once."""
    make_wheel(static_index.folder, "thing", "1.0")
    index = SimpleIndex(static_index.access)
    assert index.files(THING) == index.files(THING)
    assert static_index.requests == ["/pypi/prod/simple/thing/"]


def test_a_refused_token_is_called_that(static_index: StaticIndex) -> None:
    """The error names the status and the next command, and does not show the token."""
    access = replace(static_index.access, token=Token(value="expired-yesterday"))
    with pytest.raises(IndexAccessError, match=r"refused the token \(HTTP 401\)") as caught:
        SimpleIndex(access).files(THING)
    assert caught.value.hint == "carrack token --to private"
    assert "expired-yesterday" not in str(caught.value)


def test_an_index_that_does_not_answer_is_an_access_error(static_index: StaticIndex) -> None:
    """No traceback where nobody listens, and no token in the sentence."""
    access = replace(static_index.access, repository_url="http://127.0.0.1:1/pypi/prod/")
    with pytest.raises(IndexAccessError, match="gave no page") as caught:
        SimpleIndex(access).files(THING)
    assert static_index.token not in str(caught.value)


def test_a_passing_fault_is_tried_again(static_index: StaticIndex) -> None:
    """CodeArtifact's 429 and 5xx under load do not end a lock."""
    wheel = make_wheel(static_index.folder, "thing", "1.0")
    static_index.failures += [429, 503]
    assert [file.name for file in SimpleIndex(static_index.access).files(THING)] == [wheel.name]
    assert len(static_index.requests) == 3

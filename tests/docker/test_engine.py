"""Where no engine can be had: what is said, and when that is a failure."""

import os

import pytest
from tests.docker.engine import EngineMissingError, do_without, started_engine

NONE_HERE = EngineMissingError("none here")


def test_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """For anybody but root there is no engine, and the reason is said."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(EngineMissingError, match="needs Linux and root"), started_engine():
        pass


def test_a_missing_engine_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an engine a test is skipped with the reason."""
    monkeypatch.delenv("CARRACK_REQUIRE_DOCKER", raising=False)
    with pytest.raises(pytest.skip.Exception, match="none here"):
        do_without(NONE_HERE)


def test_a_missing_engine_fails_where_one_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    """With CARRACK_REQUIRE_DOCKER=1 a missing engine is a failure, so that no run passes without images."""
    monkeypatch.setenv("CARRACK_REQUIRE_DOCKER", "1")
    with pytest.raises(pytest.fail.Exception, match="none here"):
        do_without(NONE_HERE)

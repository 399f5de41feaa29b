"""A release out of the cache is the release that is built anew, byte for byte."""

from __future__ import annotations

import pytest
from tests.flows.conftest import Carrack
from tests.flows.test_killed_publish import holdings

from codeartifact_local.testing import LocalCodeArtifact

pytestmark = [pytest.mark.registry, pytest.mark.slow]


def test_what_is_published_out_of_the_cache_is_what_is_built_anew(
    carrack: Carrack, index: LocalCodeArtifact
) -> None:
    """One index gets what was kept, another what is built for it; the second run finds nothing to do in either."""
    carrack.ok("build", "--no-cache")
    carrack.ok("build")
    kept = carrack("publish", "--to", "local")
    anew = carrack("publish", "--to", "local-staging", "--no-cache")
    assert (kept.returncode, anew.returncode) == (0, 0), kept.stderr + anew.stderr
    assert "Building" not in kept.stderr
    assert anew.stderr.count("Building") == len(list((carrack.workspace / "packages").iterdir()))
    assert holdings(index.client(), "prod") == holdings(index.client(), "staging") != {}
    for name in ("local", "local-staging"):
        assert "nothing to release" in carrack.ok("publish", "--to", name)

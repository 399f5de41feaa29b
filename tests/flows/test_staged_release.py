"""A staged release: published to staging, locked and tested there, promoted, and installed from production."""

from __future__ import annotations

import pytest
from tests.flows.conftest import Carrack
from tests.flows.test_killed_publish import holdings

from codeartifact_local.testing import LocalCodeArtifact

pytestmark = pytest.mark.registry


def test_what_was_locked_against_staging_installs_from_production(
    carrack: Carrack, index: LocalCodeArtifact
) -> None:
    """The same files, so the same lock; nothing is built or uploaded a second time."""
    carrack.ok("publish", "--to", "local-staging")
    carrack.ok("lock", "--to", "local-staging")
    lock = (carrack.workspace / "pipeline_app" / "requirements.lock").read_bytes()
    promoted = carrack.ok("promote", "local-staging", "local")
    assert "5 packages are on local" in promoted
    assert holdings(index.client(), "prod") == holdings(index.client(), "staging") != {}
    carrack.ok("install", "--to", "local")
    assert (carrack.workspace / "pipeline_app" / "requirements.lock").read_bytes() == lock
    assert "nothing to release" in carrack.ok("publish", "--to", "local")

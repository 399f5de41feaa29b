"""The pytest plugin: local CodeArtifacts as fixtures. It loads the server only for tests that use one."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from codeartifact_local.settings import Settings
    from codeartifact_local.testing import LocalCodeArtifact


@pytest.fixture(scope="session")
def codeartifact_settings() -> "Settings":
    """Give the settings of the servers below; define a fixture of this name to change them."""
    from codeartifact_local.settings import Settings

    return Settings(durable=False, domains_per_account=100_000)  # a domain a test is more than AWS's ten


@pytest.fixture
def codeartifact(codeartifact_settings: "Settings") -> "Iterator[LocalCodeArtifact]":
    """Give a local CodeArtifact of this test's own, with a domain and a repository in it."""
    from codeartifact_local.testing import local_codeartifact

    with local_codeartifact(settings=codeartifact_settings) as local:
        yield local.fresh()


@pytest.fixture(scope="session")
def codeartifact_session(codeartifact_settings: "Settings") -> "Iterator[LocalCodeArtifact]":
    """Give one local CodeArtifact to the whole run; `codeartifact_session.fresh()` is a domain of one's own."""
    from codeartifact_local.testing import local_codeartifact

    with local_codeartifact(settings=codeartifact_settings) as local:
        yield local.fresh()

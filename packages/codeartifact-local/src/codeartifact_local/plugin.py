"""The pytest plugin: the fixture `codeartifact`. It loads the server only for tests that use it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from codeartifact_local.testing import LocalCodeArtifact


@pytest.fixture
def codeartifact() -> "Iterator[LocalCodeArtifact]":
    """Give an empty local CodeArtifact, for one test."""
    from codeartifact_local.testing import local_codeartifact

    with local_codeartifact() as local:
        yield local

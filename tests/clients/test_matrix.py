"""Each client, from its own package, does what docs/fidelity.md says of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.clients.bench import open_bench
from tests.clients.caller import Caller
from tests.clients.deeds import DEEDS
from tests.clients.expectations import CELLS, Cell

from codeartifact_local.testing import LocalCodeArtifact

pytestmark = [pytest.mark.slow, pytest.mark.registry]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.client}: {cell.deed}")
def test_a_client_does_what_the_table_says(
    cell: Cell,
    local: LocalCodeArtifact,
    caller: Caller,
    tmp_path: Path,
    observed: dict[tuple[str, str], Cell],
) -> None:
    """The client ends with the exit code and the words of its row, no traceback, and leaves the caller's files."""
    bench = open_bench(cell.client, local, tmp_path / "place")
    done = DEEDS[cell.deed](bench)
    assert (done.exit, cell.says in done.said) == (cell.exit, True), done
    assert "Traceback" not in done.said
    assert caller.changed() == []
    observed[cell.client, cell.deed] = Cell(
        client=cell.client, deed=cell.deed, exit=done.exit, says=cell.says
    )

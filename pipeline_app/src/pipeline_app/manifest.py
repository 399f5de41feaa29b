"""What the manifest says of a finished job: enough to check its output, and to know what it was made from."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from importlib.metadata import version

from pipeline_app.parameters import Parameters
from pipeline_app.summary import Summary
from record_io import Input, Part

SCHEMA = 1
"""Raised when a key changes its meaning."""


def describe(
    summary: Summary,
    parameters: Parameters,
    inputs: Iterable[Input],
    read: Mapping[str, int],
    parts: Iterable[Part],
) -> dict[str, object]:
    """Return the manifest as JSON values; the same job over the same input gives the same one."""
    return {
        "schema": SCHEMA,
        "job": f"pipeline-app {version('pipeline-app')}",
        "rules_sha256": sha256(parameters.rules_path.read_bytes()).hexdigest(),
        "batch_size": parameters.batch_size,
        "read": summary.read,
        "written": summary.written,
        "duplicates": summary.duplicates,
        "rejected": summary.rejected,
        "inputs": [
            {"name": one.name, "bytes": one.path.stat().st_size, "records": read[one.name]} for one in inputs
        ],
        "parts": [{"name": part.name, "records": part.records} for part in parts],
    }

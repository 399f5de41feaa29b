"""What the manifest says of a finished job: enough to check its output, and to know what it was made from."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from batch_params.shard import Shard
from pipeline_app.merging import Merged
from pipeline_app.parameters import Parameters
from pipeline_app.summary import Summary
from record_io import Input, file_at

SCHEMA = 1
"""Raised when a key changes its meaning."""


def identity(parameters: Parameters, inputs: Iterable[Input], shard: Shard) -> dict[str, object]:
    """Return what a shard's checked records are made from: if it is the same, they can be used."""
    return {
        **_made_by(parameters),
        "packages": [f"{name} {version(name)}" for name in ("record-io", "record-rules", "pyarrow")],
        "shard": [shard.index, shard.count],
        "inputs": [[one.name, one.size, one.changed] for one in inputs],
    }


def describe(
    summary: Summary, parameters: Parameters, inputs: Iterable[Input], merged: Merged
) -> dict[str, object]:
    """Return the manifest as JSON values; the same job over the same input gives the same one."""
    return {
        "schema": SCHEMA,
        **_made_by(parameters),
        "batch_size": parameters.batch_size,
        "read": summary.read,
        "written": summary.written,
        "duplicates": summary.duplicates,
        "rejected": summary.rejected,
        "inputs": [{"name": one.name, "bytes": one.size, "records": merged.read[one.name]} for one in inputs],
        "parts": [{"name": part.name, "records": part.records} for part in merged.parts],
    }


def summary_of(
    manifest: Mapping[str, Any], parameters: Parameters, inputs: Iterable[Input]
) -> Summary | None:
    """Return the counts in a manifest, if it is of this very job: input of these names and sizes, rules, parameters."""
    wanted = {"schema": SCHEMA, **_made_by(parameters), "batch_size": parameters.batch_size}
    if any(manifest.get(name) != value for name, value in wanted.items()):
        return None
    if [(one["name"], one["bytes"]) for one in manifest["inputs"]] != [
        (one.name, one.size) for one in inputs
    ]:
        return None
    counts = {name: manifest[name] for name in ("read", "written", "duplicates", "rejected")}
    return Summary(**counts, files=tuple(manifest["files"]), output=parameters.output_path)


def _made_by(parameters: Parameters) -> dict[str, object]:
    store, name = file_at(parameters.rules_path)
    return {
        "job": f"pipeline-app {version('pipeline-app')}",
        "rules_sha256": sha256(store.read(name) or b"").hexdigest(),
    }

"""Streaming readers and atomic writers for files of records."""

from record_io.batches import Batch, Reject
from record_io.errors import (
    AccessDeniedError,
    MissingInputError,
    OutputRefusedError,
    RecordIOError,
    UnavailableError,
    UnreadableInputError,
)
from record_io.inputs import Input, cut, find_inputs
from record_io.output import UNFINISHED, OutputFolder
from record_io.parquet import Part, PartWriter
from record_io.reading import read_records
from record_io.rejects import reject_lines, renumbered
from record_io.stores import Store, Stored, file_at, store_at

__all__ = [
    "UNFINISHED",
    "AccessDeniedError",
    "Batch",
    "Input",
    "MissingInputError",
    "OutputFolder",
    "OutputRefusedError",
    "Part",
    "PartWriter",
    "RecordIOError",
    "Reject",
    "Store",
    "Stored",
    "UnavailableError",
    "UnreadableInputError",
    "cut",
    "file_at",
    "find_inputs",
    "read_records",
    "reject_lines",
    "renumbered",
    "store_at",
]

"""Streaming readers and atomic writers for files of records."""

from record_io.batches import Batch, Reject
from record_io.errors import MissingInputError, OutputRefusedError, RecordIOError, UnreadableInputError
from record_io.inputs import Input, find_inputs
from record_io.output import OutputFolder
from record_io.parquet import Part, PartWriter
from record_io.reading import read_records
from record_io.rejects import RejectWriter

__all__ = [
    "Batch",
    "Input",
    "MissingInputError",
    "OutputFolder",
    "OutputRefusedError",
    "Part",
    "PartWriter",
    "RecordIOError",
    "Reject",
    "RejectWriter",
    "UnreadableInputError",
    "find_inputs",
    "read_records",
]

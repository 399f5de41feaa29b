"""Reading: many files, one stream of batches."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

from record_io.batches import Batch
from record_io.csv_reader import read_csv
from record_io.inputs import Input
from record_io.json_reader import read_jsonl


def read_records(inputs: Iterable[Input], schema: pa.Schema, *, block_size: int = 1 << 20) -> Iterator[Batch]:
    """Yield the records of all `inputs`, one file after the other, in batches of about `block_size` bytes.

    Each batch has the columns of `schema`, in its order. CSV gives them as text, whatever their type; JSON
    Lines gives them in their type, which may be string, int64, float64 or bool. Nothing is held but a few
    blocks. Batches without a record are yielded too, and the same file gives the same batches each time.
    Raises UnreadableInputError, which names the file and the position in it.
    """
    for file in inputs:
        if file.format == "csv":
            batches = read_csv(file, schema.names, block_size=block_size)
        else:
            batches = read_jsonl(file, schema, block_size=block_size)
        yield from batches

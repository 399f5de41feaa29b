"""What a shard has done, in files that outlive its process: checked records, rejects, and how far it came.

A segment is a run of checked records. It has up to three files: `segment-00000.arrow` (Arrow IPC, LZ4),
`segment-00000.jsonl` (rejects, if there are any), and last `segment-00000.json`, without which the others count for
nothing. `job.json` says what the shard is made from; `done.json`, that all of it is there.
"""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from record_io import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """How many records of a piece a segment has read and rejected, and the number up to which it read the piece."""

    piece: int
    read: int = 0
    rejected: int = 0
    last: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A segment that is whole: the good records in it, the counts of its pieces, and where the next one begins.

    That is after the first `batches` of the piece that is last in `counts`.
    """

    number: int
    records: int
    counts: tuple[Count, ...]
    batches: int

    @property
    def rejected(self) -> int:
        """How many rejects it has."""
        return sum(count.rejected for count in self.counts)

    def file(self, ending: str) -> str:
        """Return the name of one of its files."""
        return f"segment-{self.number:05}{ending}"


class Segments:
    """The segments that are whole, in `folder` of `store`; records have the columns of `schema`."""

    def __init__(self, store: Store, folder: str, schema: pa.Schema) -> None:
        self._store, self._folder, self._schema = store, folder, schema
        self.identity = self._values("job.json")
        done = self._values("done.json")
        self.done = done is not None
        self.whole = [_segment(one) for one in done["segments"]] if done else list(self._found())

    @property
    def position(self) -> tuple[int, int]:
        """Return the piece to go on with (-1: none was begun), and how many of its batches are in segments."""
        return (self.whole[-1].counts[-1].piece, self.whole[-1].batches) if self.whole else (-1, 0)

    def begin(self, identity: Mapping[str, object]) -> None:
        """Forget what is there, for work that is made from what `identity` says."""
        files = [file.name for file in self._store.files(self._folder)]
        # What makes the others count goes first. The folder itself stays: it is locked.
        for name in sorted(files, key=lambda name: not name.endswith(("/done.json", "/job.json"))):
            self._store.remove(name)
        self._write("job.json", identity)
        self.identity, self.whole, self.done = identity, [], False

    def append(self, segment: Segment, records: pa.Buffer, rejects: bytes) -> None:
        """Write a segment: when this returns, none of it can be lost."""
        self._store.write(self._path(segment.file(".arrow")), records)
        if rejects:
            self._store.write(self._path(segment.file(".jsonl")), rejects)
        self._write(segment.file(".json"), asdict(segment))
        self.whole.append(segment)

    def finish(self) -> None:
        """Write that this is all."""
        self._write("done.json", {"segments": [asdict(segment) for segment in self.whole]})
        self.done = True

    def records(self, segment: Segment, scratch: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """Yield the records of a segment with these columns; what is not on this machine is kept in `scratch`."""
        wanted = sorted(self._schema.get_field_index(name) for name in columns)
        options = pa.ipc.IpcReadOptions(included_fields=wanted, use_threads=False)
        path = self._store.here(self._path(segment.file(".arrow")), scratch)
        with closing(pa.OSFile(bytes(path))) as file:
            for batch in pa.ipc.open_stream(file, options=options):
                yield batch.select(columns)

    def rejects(self, segment: Segment) -> Iterator[tuple[int, bytes]]:
        """Yield the rejects of a segment, as lines, with the piece that each is from."""
        data = self._store.read(self._path(segment.file(".jsonl"))) if segment.rejected else b""
        lines = io.BytesIO(data or b"")
        for count in segment.counts:
            yield from ((count.piece, next(lines)) for _ in range(count.rejected))

    def _found(self) -> Iterator[Segment]:
        number = 0
        while found := self._values(f"segment-{number:05}.json"):
            yield _segment(found)
            number += 1

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def _values(self, name: str) -> Mapping[str, Any] | None:
        data = self._store.read(self._path(name))
        found: Mapping[str, Any] | None = json.loads(data) if data else None
        return found

    def _write(self, name: str, values: Mapping[str, object]) -> None:
        self._store.write(self._path(name), json.dumps(values).encode())


def _segment(values: Mapping[str, Any]) -> Segment:
    return Segment(**{**values, "counts": tuple(Count(**one) for one in values["counts"])})

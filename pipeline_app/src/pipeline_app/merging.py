"""The second half of the job: decide over all shards which records are duplicates, and write the others."""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from pipeline_app.ahead import ahead
from pipeline_app.duplicates import Duplicates
from pipeline_app.segments import Count, Segment, Segments
from pipeline_app.watch import Watch
from record_io import Input, Part, PartWriter, renumbered

REJECTS: Final = "_rejects.jsonl"


@dataclass(frozen=True, kw_only=True, slots=True)
class Merged:
    """The files that were made, and the counts of what went into them, each taken where it happens."""

    parts: tuple[Part, ...]
    duplicates: int
    rejected: int
    read: Counter[str]
    """Records, by file."""


class Merge:
    """The shards' segments, in the shards' order, as one job; `work` is a folder for files of this machine."""

    def __init__(self, shards: Sequence[Segments], schema: pa.Schema, work: Path, watch: Watch) -> None:
        self._segments = [(shard, segment) for shard in shards for segment in shard.whole]
        self._schema, self._work, self._watch = schema, work, watch

    def write(self, pieces: Sequence[Input], key: Sequence[str], batch_size: int) -> Merged:
        """Write part files and rejects to `work`: the same bytes however the input was shared out."""
        duplicates = Duplicates(self._work, self._schema, key)
        with closing(ahead(self._records(list(key)))) as some:
            for keys in self._watch.over(some, lambda: "Gathering keys"):
                duplicates.add(keys)
        repeated = sum(self._watch.over(duplicates.decide(), lambda: "Comparing keys"))
        with (
            PartWriter(self._work, self._schema, batch_size=batch_size) as parts,
            closing(ahead(self._first(duplicates))) as first,
        ):
            for records in self._watch.over(first, lambda: f"Wrote {parts.records:,} records"):
                parts.write(records)
        return Merged(
            parts=tuple(parts.parts),
            duplicates=repeated,
            rejected=self._write_rejects(pieces),
            read=self._read(pieces),
        )

    def _records(self, columns: list[str]) -> Generator[pa.RecordBatch]:
        for shard, segment in self._segments:
            yield from shard.records(segment, self._work, columns)

    def _first(self, duplicates: Duplicates) -> Generator[pa.RecordBatch]:
        for records in self._records(self._schema.names):
            yield records.filter(duplicates.are_first(records.num_rows))

    def _write_rejects(self, pieces: Sequence[Input]) -> int:
        """Write all rejects; in a file that was cut, each gets its number in the whole file."""
        offsets, count = self._offsets(pieces), 0
        with (self._work / REJECTS).open("wb") as file:
            for shard, segment in self._segments:
                for piece, line in shard.rejects(segment):
                    file.write(renumbered(line, offsets[piece]) if offsets[piece] else line)
                    count += 1
        return count

    def _offsets(self, pieces: Sequence[Input]) -> list[int]:
        """Return for each piece how many lines of its file stand before it."""
        last = [0] * len(pieces)
        for count in _counts(self._segments):
            last[count.piece] = max(last[count.piece], count.last)
        offsets, before = [], 0
        for piece, lines in zip(pieces, last, strict=True):
            before = before if piece.start else 0
            offsets.append(before)
            before += lines
        return offsets

    def _read(self, pieces: Sequence[Input]) -> Counter[str]:
        read: Counter[str] = Counter()
        for count in _counts(self._segments):
            read[pieces[count.piece].name] += count.read
        return read


def _counts(segments: Sequence[tuple[Segments, Segment]]) -> Iterator[Count]:
    for _, segment in segments:
        yield from segment.counts

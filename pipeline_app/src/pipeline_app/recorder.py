"""Checked batches, gathered to segments."""

import io
from dataclasses import replace
from typing import Final

import pyarrow as pa

from pipeline_app.segments import Count, Segment, Segments
from record_io import Batch, reject_lines

_LARGE: Final = 16 << 20  # bytes of records and rejects that are held before they become a segment
_LZ4: Final = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)


class Recorder:
    """Holds one segment at most, compressed, and writes it when it is large enough or `commit` is called.

    `read` is how many records the shard has read, also in earlier runs.
    """

    def __init__(self, segments: Segments, schema: pa.Schema) -> None:
        self._segments, self._schema = segments, schema
        self.read = sum(count.read for segment in segments.whole for count in segment.counts)
        self._begin()

    def add(self, piece: int, checked: Batch, batches: int) -> None:
        """Take a batch of a piece, of which `batches` are read with this one."""
        if checked.records.num_rows:
            self._stream.write_batch(checked.records)
        self._rejects.write(reject_lines(checked.rejects))
        self._records += checked.records.num_rows
        self._batches = batches
        self.read += checked.size
        count = self._counts.get(piece, Count(piece=piece))
        read, rejected = count.read + checked.size, count.rejected + len(checked.rejects)
        self._counts[piece] = replace(count, read=read, rejected=rejected, last=checked.last)
        if self._sink.tell() + self._rejects.tell() >= _LARGE:
            self.commit()

    def commit(self) -> None:
        """Write what is held, if anything is."""
        if self._counts:
            self._stream.close()
            segment = Segment(
                number=len(self._segments.whole),
                records=self._records,
                counts=tuple(self._counts.values()),
                batches=self._batches,
            )
            self._segments.append(segment, self._sink.getvalue(), self._rejects.getvalue())
            self._begin()

    def _begin(self) -> None:
        self._sink = pa.BufferOutputStream()
        self._stream = pa.ipc.new_stream(self._sink, self._schema, options=_LZ4)
        self._rejects = io.BytesIO()
        self._counts: dict[int, Count] = {}
        self._records = 0
        self._batches = 0

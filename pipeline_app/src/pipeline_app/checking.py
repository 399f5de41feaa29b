"""The first half of the job: read a share of the input, check it, and keep what is good where it outlives us."""

import itertools
import logging
from collections.abc import Generator, Sequence
from contextlib import closing

from pipeline_app.ahead import ahead
from pipeline_app.recorder import Recorder
from pipeline_app.segments import Segments
from pipeline_app.watch import Stopped, Watch
from record_io import Batch, Input, read_records
from record_rules import Checker

log = logging.getLogger(__name__)


def check(
    pieces: Sequence[Input], share: Sequence[int], checker: Checker, segments: Segments, watch: Watch
) -> None:
    """Read and check the pieces whose numbers are in `share`, from where `segments` ends; then it is done.

    Told to stop, it finishes the batch that it is at, and writes what it has before it raises Stopped.
    """
    recorder = Recorder(segments, checker.schema)
    batches = ahead(_batches(pieces, share, checker, segments.position))
    with closing(batches):
        try:
            for piece, number, batch in watch.over(batches, lambda: f"Read {recorder.read:,} records"):
                recorder.add(piece, checker.check(batch), number)
                log.debug("Read %s: up to record %d", batch.file, batch.last)
        except Stopped:
            recorder.commit()
            raise
    recorder.commit()
    segments.finish()


def _batches(
    pieces: Sequence[Input], share: Sequence[int], checker: Checker, position: tuple[int, int]
) -> Generator[tuple[int, int, Batch]]:
    """Yield batches with the piece they are from, and their number in it, from 1."""
    begun, done = position
    for piece in itertools.dropwhile(lambda number: number < begun, share):
        passed = done if piece == begun else 0
        batches = read_records([pieces[piece]], checker.reading)
        for number, batch in enumerate(batches, 1):
            # Reading again is the only way to the place where a compressed or quoted file can be read on.
            if number > passed:
                yield piece, number, batch

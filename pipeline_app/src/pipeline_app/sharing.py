"""Which pieces of the input a shard works on: decided by names and sizes alone, the same in every process."""

from collections.abc import Iterator, Sequence
from typing import Final

from batch_params.shard import Shard
from record_io import Input, cut

PIECE: Final = 64 << 20
"""Bytes of a piece. It does not depend on the number of shards, so that records are read in the same batches."""


def pieces_of(inputs: Sequence[Input]) -> list[Input]:
    """Return the input in pieces, which are the files themselves where they cannot be cut."""
    return list(cut(inputs, PIECE))


def share_of(pieces: Sequence[Input], shard: Shard) -> Iterator[int]:
    """Yield the numbers of the shard's pieces: consecutive ones, so that all shards have about as many bytes.

    Every piece belongs to one shard, the one in which its middle falls; a shard may have none.
    """
    sizes = [max(_size(piece), 1) for piece in pieces]
    total, before = sum(sizes), 0
    for number, size in enumerate(sizes):
        if (2 * before + size) * shard.count // (2 * total) == shard.index:
            yield number
        before += size


def _size(piece: Input) -> int:
    return piece.size if piece.stop is None else min(piece.stop, piece.size) - piece.start

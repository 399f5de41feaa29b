"""How a job went, in numbers that must add up."""

from collections.abc import Sequence
from dataclasses import dataclass

from batch_params.shard import Shard
from pipeline_app.merging import REJECTS, Merged
from pipeline_app.segments import Segment


class UnbalancedError(Exception):
    """Records were lost or doubled: a bug in the job. Nothing was published."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """Counts of records, each taken where it happens; `files` are below `output`, the manifest last."""

    read: int
    written: int
    duplicates: int
    rejected: int
    files: tuple[str, ...]
    output: str

    @classmethod
    def of(cls, merged: Merged, output: str) -> "Summary":
        """Return the counts of what was made."""
        return cls(
            read=merged.read.total(),
            written=sum(part.records for part in merged.parts),
            duplicates=merged.duplicates,
            rejected=merged.rejected,
            files=(*(part.name for part in merged.parts), REJECTS),
            output=output,
        )

    def check(self) -> None:
        """Raise UnbalancedError unless every record that was read is in exactly one of the other counts."""
        if self.read != self.written + self.duplicates + self.rejected:
            raise UnbalancedError(f"the records do not add up, this is a bug: {self}")

    def __str__(self) -> str:
        return (
            f"{self.read:,} records read = {self.written:,} written + {self.duplicates:,} duplicates "
            f"+ {self.rejected:,} rejected"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ShareSummary:
    """The same of one shard of an array job, which writes nothing that others see: the merge does."""

    shard: int
    shards: int
    read: int
    good: int
    rejected: int
    output: str

    @classmethod
    def of(cls, shard: Shard, segments: Sequence[Segment], output: str) -> "ShareSummary":
        """Return the counts of what a shard has done."""
        return cls(
            shard=shard.index,
            shards=shard.count,
            read=sum(count.read for segment in segments for count in segment.counts),
            good=sum(segment.records for segment in segments),
            rejected=sum(segment.rejected for segment in segments),
            output=output,
        )

    def check(self) -> None:
        """Raise UnbalancedError unless every record that was read is either good or rejected."""
        if self.read != self.good + self.rejected:
            raise UnbalancedError(f"the records do not add up, this is a bug: {self}")

    def __str__(self) -> str:
        return (
            f"shard {self.shard} of {self.shards}: {self.read:,} records read = {self.good:,} good "
            f"+ {self.rejected:,} rejected"
        )

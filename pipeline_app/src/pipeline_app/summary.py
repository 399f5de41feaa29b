"""How a job went, in numbers that must add up."""

from dataclasses import dataclass


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

    def check(self) -> None:
        """Raise UnbalancedError unless every record that was read is in exactly one of the other counts."""
        if self.read != self.written + self.duplicates + self.rejected:
            raise UnbalancedError(f"the records do not add up, this is a bug: {self}")

    def __str__(self) -> str:
        return (
            f"{self.read:,} records read = {self.written:,} written + {self.duplicates:,} duplicates "
            f"+ {self.rejected:,} rejected"
        )

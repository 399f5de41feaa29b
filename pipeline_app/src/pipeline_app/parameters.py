"""What the job is given."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Parameters(BaseModel):
    """The job's parameters, one key each in the JSON document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input_path: Path = Field(
        description="a file of records, or a folder of them: CSV or JSON Lines, plain or gzip"
    )
    output_path: Path = Field(description="a folder, new or empty, outside of the input")
    rules_path: Path = Field(description="the rules that records must meet (TOML)")
    batch_size: int = Field(default=50_000, ge=1, le=1_000_000, description="records in a Parquet row group")
    debug: bool = Field(default=False, description="tell of every batch on stderr")

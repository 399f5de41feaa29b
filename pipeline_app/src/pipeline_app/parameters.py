"""What the job is given."""

import os
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Address = Annotated[
    str,
    BeforeValidator(lambda given: os.fspath(given) if isinstance(given, os.PathLike) else given),
    Field(min_length=1),
]
"""A path of this machine, or `s3://bucket/key`: never a pathlib.Path, which would make one slash of the two."""


class Parameters(BaseModel):
    """The job's parameters, one key each in the JSON document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input_path: Address = Field(
        description="a file of records, or a folder of them: CSV or JSON Lines, plain or gzip; a path or s3://…"
    )
    output_path: Address = Field(description="a folder, new or empty, outside of the input; a path or s3://…")
    rules_path: Address = Field(description="the rules that records must meet (TOML); a path or s3://…")
    mode: Literal["run", "merge"] = Field(
        default="run",
        description="run: the job, or in a child of an array job its share; merge: finish what the children did",
    )
    batch_size: int = Field(default=50_000, ge=1, le=1_000_000, description="records in a Parquet row group")
    debug: bool = Field(default=False, description="tell of every batch on stderr")

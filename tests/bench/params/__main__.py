"""`make bench-params`: what loading a job's parameters takes, beside Python and pydantic alone."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

MODEL = """
from pathlib import Path
from pydantic import BaseModel, Field, SecretStr
class Storage(BaseModel):
    bucket: str
    prefix: str = ""
class Parameters(BaseModel):
    input_path: Path
    batch_size: int = Field(default=1000, gt=0)
    storage: Storage
    tags: list[str] = []
    token: SecretStr | None = None
"""
LOAD = """
from batch_params import load_config
argv = ["--batch-size", "500", "--storage.prefix", "x"]
load_config(Parameters, argv=argv, env_prefix="APP_")
"""
PROGRAMS = {
    "Python alone": "pass",
    "a pydantic model": MODEL,
    "the model, and its parameters loaded from flags, CONFIG_JSON and a variable": MODEL + LOAD,
    "the same by pydantic-settings (only where it is installed)": MODEL
    + """
from pydantic_settings import BaseSettings, SettingsConfigDict
class Settings(BaseSettings, Parameters):
    model_config = SettingsConfigDict(env_prefix="APP_", env_nested_delimiter="__")
Settings(_cli_parse_args=["--batch_size", "500", "--storage.prefix", "x", "--storage.bucket", "b"])
""",
    "boto3, with a client of SSM": "import boto3; boto3.client('ssm', region_name='eu-central-1')",
}
ENVIRONMENT = {"CONFIG_JSON": '{"storage": {"bucket": "b"}, "tags": ["a"]}', "APP_INPUT_PATH": "records"}


def main() -> None:
    """Print the median of some runs of each program, after one that is not counted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, median and least of {rounds} processes")
    for name, code in PROGRAMS.items():
        times = [seconds(code) for _ in range(rounds + 1)][1:]
        known = [each for each in times if each is not None]
        figure = f"{statistics.median(known):.3f} s  {min(known):.3f} s" if known else "it fails here"
        print(f"  {figure:16}  {name}")


def seconds(code: str) -> float | None:
    """Run a program in a process of its own; None where it fails."""
    began = time.perf_counter()
    environ = {"PATH": os.environ["PATH"], **ENVIRONMENT}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, check=False)
    return time.perf_counter() - began if done.returncode == 0 else None


if __name__ == "__main__":
    main()

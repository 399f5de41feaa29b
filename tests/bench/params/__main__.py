"""`make bench-params`: what loading a job's parameters takes, beside Python and pydantic alone."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median

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
    "the model from flags and a variable by pydantic-settings": MODEL
    + """
from pydantic_settings import BaseSettings, SettingsConfigDict
class Settings(BaseSettings, Parameters):
    model_config = SettingsConfigDict(env_prefix="APP_", env_nested_delimiter="__")
Settings(_cli_parse_args=["--batch_size", "500", "--storage.prefix", "x", "--storage.bucket", "b"])
""",
    "boto3, with a client of SSM": "import boto3; boto3.client('ssm', region_name='eu-central-1')",
}
Run = tuple[float, float]
ENVIRONMENT = {"CONFIG_JSON": '{"storage": {"bucket": "b"}, "tags": ["a"]}', "APP_INPUT_PATH": "records"}


def main() -> None:
    """Print medians; the programs take turns, so that a busy minute falls on all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--quick", action="store_true", help="one round")
    arguments = parser.parse_args()
    rounds = 1 if arguments.quick else arguments.rounds
    runs: dict[str, list[Run | None]] = {name: [] for name in PROGRAMS}
    for _ in range(rounds):
        for name, code in PROGRAMS.items():
            runs[name].append(run(code))
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"median of {rounds} processes: seconds, of which seconds of processor time")
    for name, found in runs.items():
        whole = [each for each in found if each is not None]
        walls, processors = zip(*whole, strict=True) if whole else ((), ())
        figures = f"{median(walls):.3f}  {median(processors):.3f}" if whole else "it fails here"
        print(f"  {figures:13}  {name}")


def run(code: str) -> Run | None:
    """Run a program in a process of its own: wall and processor seconds; None where it fails."""
    before, began = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    environ = {"PATH": os.environ["PATH"], **ENVIRONMENT}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, check=False)
    wall, after = time.perf_counter() - began, getrusage(RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (wall, processor) if done.returncode == 0 else None


if __name__ == "__main__":
    main()

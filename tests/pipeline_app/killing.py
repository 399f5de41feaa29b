"""Run a job killed at one of its writes, then once more: `python -m tests.pipeline_app.killing PARAMETERS SHARDS`.

If SHARDS is not 0, it is an array job and its merge. That is done for each of the writes, each time into another output
folder, the parameters' one with a number behind it; how many there are is printed. Each run is a process of its own,
forked before Arrow has any threads.
"""

import os
import sys
import traceback
from itertools import count

from batch_params.shard import Shard
from pipeline_app import job, recorder, sharing
from pipeline_app.parameters import Parameters
from record_io.stores import store_at


def main(text: str, shards: int) -> None:
    """Kill before the first write, the second, … until a run comes to its end without."""
    sharing.PIECE, recorder._LARGE = 40, 1  # type: ignore[misc]
    given = Parameters.model_validate_json(text)
    for writes in count():
        parameters = given.model_copy(update={"output_path": f"{given.output_path}-{writes}"})
        if run_killed(parameters, shards, writes) == 0:
            sys.stdout.write(str(writes))
            return
        code = run_killed(parameters, shards, sys.maxsize)
        assert code == 0, code


def run_killed(parameters: Parameters, shards: int, writes: int) -> int:
    """Run the whole array in a child that is killed before its write number `writes`; return the child's exit code."""
    child = os.fork()
    if child == 0:
        try:
            _kill_before(writes, parameters.output_path)
            merged = store_at(parameters.output_path).file("_manifest.json")
            for index in range(0 if merged else shards):
                job.run_share(parameters, Shard(index=index, count=shards))
            job.run(parameters.model_copy(update={"mode": "merge" if shards else "run"}), again=True)
        except Exception:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -9), code
    return code


def _kill_before(writes: int, output: str) -> None:
    store, left = type(store_at(output)), iter(range(writes))

    def killing(name: str) -> None:
        real = getattr(store, name)

        def write(*arguments: object) -> object:
            if next(left, None) is None:
                os.kill(os.getpid(), 9)
            return real(*arguments)

        setattr(store, name, write)

    for name in ("write", "take", "remove"):
        killing(name)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

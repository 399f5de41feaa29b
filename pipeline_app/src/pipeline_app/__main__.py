"""`pipeline-app`, and `python -m pipeline_app`."""

import logging
import os


def command() -> None:
    """Do the job once, and end this process with its exit code.

    At once where the job was cut short: Arrow's threads may still wait for input then, and one that wakes up while
    the interpreter is being taken down aborts the process with another code.
    """
    # Arrow looks when it is loaded. Its own allocators keep what is freed, a sixth of the memory at the peak.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    from pipeline_app.main import main

    code = main()
    if code:
        logging.shutdown()
        os._exit(code)


if __name__ == "__main__":
    command()

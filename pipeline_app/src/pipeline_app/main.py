"""The command: parameters in, the job, a summary on stdout, and an exit code that says who can act."""

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from types import FrameType
from typing import Final

from batch_params import ConfigError, load_config
from batch_params.exit_codes import EX_CONFIG, EX_NOINPUT, EX_NOPERM, EX_SOFTWARE, EX_TEMPFAIL
from batch_params.shard import shard
from pipeline_app.job import WHOLE, run, run_share
from pipeline_app.merging import REJECTS
from pipeline_app.parameters import Parameters
from pipeline_app.shards import UnfinishedError
from pipeline_app.summary import ShareSummary, Summary
from pipeline_app.watch import Stopped
from record_io import (
    AccessDeniedError,
    MissingInputError,
    OutputRefusedError,
    UnavailableError,
    UnreadableInputError,
)
from record_rules import RulesError

_EXIT_CODES: Final[dict[type[Exception], int]] = {
    RulesError: EX_CONFIG,
    OutputRefusedError: EX_CONFIG,
    MissingInputError: EX_NOINPUT,
    UnreadableInputError: EX_NOINPUT,
    UnfinishedError: EX_NOINPUT,
    AccessDeniedError: EX_NOPERM,
    PermissionError: EX_NOPERM,
    UnavailableError: EX_TEMPFAIL,
    OSError: EX_TEMPFAIL,  # a full disk, a file system that went away
}
_ATTEMPT: Final = "AWS_BATCH_JOB_ATTEMPT"  # from 1
_STOPPED: Final = 128  # and the signal's number, as a shell has it

log = logging.getLogger(__name__)


def main() -> int:
    """Do the job once and return its exit code; one line of JSON on stdout if it is 0, the rest on stderr."""
    stop = _StopSignal()
    parameters = load_config(Parameters)
    _log_to_stderr(logging.DEBUG if parameters.debug else logging.INFO)
    began = time.monotonic()
    try:
        summary = _run(parameters, stop)
    except ConfigError as error:
        log.error("%s", error)
        return error.exit_code
    except Stopped:
        log.error(
            "stopped by signal %d; what is checked is kept in %s, where the same job goes on",
            stop.number,
            parameters.output_path,
        )
        return _STOPPED + stop.number
    except Exception as error:
        return _failed(error)
    _tell(summary, time.monotonic() - began)
    sys.stdout.write(json.dumps(asdict(summary), ensure_ascii=False) + "\n")
    return 0


def _run(parameters: Parameters, stop: Callable[[], bool]) -> Summary | ShareSummary:
    ours = shard(os.environ)
    if ours != WHOLE:
        return run_share(parameters, ours, stopping=stop)
    return run(parameters, again=os.environ.get(_ATTEMPT, "1") != "1", stopping=stop)


class _StopSignal:
    """SIGTERM or SIGINT: noted, for the job to find between two batches."""

    def __init__(self) -> None:
        self.number = 0
        signal.signal(signal.SIGTERM, self._note)
        signal.signal(signal.SIGINT, self._note)

    def __call__(self) -> bool:
        return self.number != 0

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.number = number


class _Lines(logging.Formatter):
    """Progress with its verb aligned to the right; what went wrong with its level before it."""

    def format(self, record: logging.LogRecord) -> str:
        message = super().format(record)
        if record.levelno >= logging.WARNING:
            return f"{record.levelname.lower()}: {message}"
        verb, _, rest = message.partition(" ")
        return f"{verb:>12} {rest}"


def _log_to_stderr(level: int) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines())
    logging.basicConfig(level=level, handlers=[handler])


def _failed(error: Exception) -> int:
    for kind, code in _EXIT_CODES.items():
        if isinstance(error, kind):
            log.error("%s\nNo output was written.", error)
            return code
    log.error("a bug in pipeline-app; no output was written", exc_info=error)
    return EX_SOFTWARE


def _tell(summary: Summary | ShareSummary, seconds: float) -> None:
    if summary.rejected and isinstance(summary, Summary):
        log.info("Rejected %s records; the reasons are in %s/%s", summary.rejected, summary.output, REJECTS)
    log.info("Finished in %.1f s: %s", seconds, summary)

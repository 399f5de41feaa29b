"""How an attempt ended, in the words of AWS Batch and of the container agent; and whether another one follows."""

from __future__ import annotations

from dataclasses import dataclass

from carrack.model.jobs.job import JSON

ENDED = "Essential container in task exited"
"""What Batch says of every container that ran to its end, good or bad."""
NOT_STARTED = "Task failed to start"
TIMED_OUT = "Job attempt duration exceeded timeout"
DEPENDENCY_FAILED = "Dependent Job failed"
CHILD_FAILED = "Array Child Job failed"
OVERRIDES_TOO_LONG = "Container Overrides length must be at most 8192"
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"


@dataclass(frozen=True, kw_only=True)
class Ending:
    """The end of an attempt. `stopped` is one that was ended by a timeout or by somebody: no other follows."""

    exit_code: int | None = None
    reason: str | None = None
    status_reason: str = ENDED
    stopped: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether the command itself came to a good end."""
        return self.exit_code == 0 and not self.reason and not self.stopped


def is_retried(strategy: JSON, attempt: int, ending: Ending) -> bool:
    """Whether another attempt follows attempt number `attempt` (from 1), which ended so, by a RetryStrategy.

    The first rule all of whose conditions hold decides; **none of the rules means another attempt**, while there are
    any left (AWS Batch API, RetryStrategy and EvaluateOnExit; user guide, "Automated job retries").
    """
    if ending.succeeded or ending.stopped or attempt >= strategy.get("attempts", 1):
        return False
    for rule in strategy.get("evaluateOnExit", ()):
        if _holds(rule, ending):
            return str(rule["action"]).upper() == "RETRY"
    return True


def _holds(rule: JSON, ending: Ending) -> bool:
    code = "" if ending.exit_code is None else str(ending.exit_code)
    told = {"onExitCode": code, "onReason": ending.reason or "", "onStatusReason": ending.status_reason}
    return all(_matches(rule[condition], text) for condition, text in told.items() if condition in rule)


def _matches(pattern: str, text: str) -> bool:
    """An asterisk counts at the end alone. The user guide's `*`, for any reason, matches where none is told too."""
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern

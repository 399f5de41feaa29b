"""Which failed attempts are tried again: the exit codes of a job (`batch_params.exit_codes`) as rules of AWS Batch.

64, 66, 70, 77 and 78 say that another try would fail alike. An attempt that no rule matches is tried again (API
reference, RetryStrategy), so that the last rule ends whatever was not named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

END: Mapping[str, str] = {"onReason": "*", "action": "EXIT"}
"""The last rule. `onReason` also matches where there is no reason (user guide, "Automated job retries")."""

MOST_RULES, MOST_ATTEMPTS = 5, 10
_PATTERNS = {
    "onExitCode": re.compile(r"[0-9]*\*?"),
    "onReason": re.compile(r"[A-Za-z0-9.: \t]*\*?"),
    "onStatusReason": re.compile(r"[A-Za-z0-9.: \t]*\*?"),
}
"""API reference, EvaluateOnExit: no parentheses, so `Host EC2 (instance i-0) terminated.` is matched by its start."""


def rules(retry: Iterable[str], platform: str) -> list[dict[str, str]]:
    """`evaluateOnExit` for what may be tried again: `spot`, `pull`, `transient` (75) and `terminated` (143)."""
    reclaimed = "Your Spot Task was interrupted*" if platform == "fargate" else "Host EC2*"
    known = {
        "spot": {"onStatusReason": reclaimed, "action": "RETRY"},
        "pull": {"onReason": "CannotPull*", "action": "RETRY"},
        "transient": {"onExitCode": "75", "action": "RETRY"},
        "terminated": {"onExitCode": "143", "action": "RETRY"},
    }
    wanted = set(retry)
    return [*(rule for name, rule in known.items() if name in wanted), dict(END)]


def strategy_faults(strategy: Mapping[str, Any]) -> Iterator[str]:
    """What AWS Batch refuses in a `retryStrategy`, and a last rule that lets failures be retried for ever."""
    attempts, some = strategy.get("attempts"), strategy.get("evaluateOnExit", ())
    if attempts is None or not 1 <= attempts <= MOST_ATTEMPTS:
        yield f"attempts: {attempts}; AWS Batch has 1 to {MOST_ATTEMPTS}"
    if len(some) > MOST_RULES:
        yield f"retry: {len(some)} rules; AWS Batch takes {MOST_RULES}"
    yield from _rule_faults(some)
    if some and {**some[-1], "action": some[-1].get("action", "").upper()} != END:
        yield "retry: the last rule must end what none matched (onReason *, EXIT): Batch retries it otherwise"


def _rule_faults(some: Sequence[Mapping[str, str]]) -> Iterator[str]:
    for rule in some:
        conditions = {key: value for key, value in rule.items() if key != "action"}
        if rule.get("action", "").upper() not in ("RETRY", "EXIT") or not conditions:
            yield f"retry: {dict(rule)} must have a condition, and the action RETRY or EXIT"
        for key, value in conditions.items():
            pattern = _PATTERNS.get(key)
            if pattern is None or not pattern.fullmatch(value) or len(value) > 512:
                yield f"retry: {key}: {value!r} is no pattern that AWS Batch takes"

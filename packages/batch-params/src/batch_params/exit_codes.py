"""How a job ends, told apart by who can act on it.

The numbers are those of BSD's `sysexits.h`, and a shell's for SIGTERM. A job definition's retry rules match on them
(AWS Batch, `retryStrategy.evaluateOnExit`), so they are a contract: a code here never changes its meaning.
"""

from typing import Final

EX_USAGE: Final = 64
"""The command line is wrong: whoever wrote the command changes it. Never retried."""

EX_NOINPUT: Final = 66
"""The data to work on is missing or unreadable. Never retried."""

EX_SOFTWARE: Final = 70
"""A bug in the job. Never retried."""

EX_TEMPFAIL: Final = 75
"""Something outside failed for now: throttling, a network fault. The one code that asks for a retry."""

EX_NOPERM: Final = 77
"""The job's role may not do what the job needs. Never retried."""

EX_CONFIG: Final = 78
"""The parameters are missing or wrong: whoever submitted the job changes them. Never retried."""

EX_TERMINATED: Final = 143
"""SIGTERM ended the job: a time-out, a cancellation or a reclaimed machine (128 and the signal's number, as a shell has
it). Retried only by jobs that go on from where they stopped."""

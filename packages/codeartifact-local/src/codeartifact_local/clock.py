"""The one source of time, so that tests can let a token expire without waiting for it."""

from datetime import UTC, datetime, timedelta


class Clock:
    """The machine's clock plus an offset that only grows."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the current time, in UTC."""
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock `seconds` ahead.

        Raises:
            ValueError: `seconds` is negative; time that went back would revive expired tokens.
        """
        if seconds < 0:
            raise ValueError(f"a clock is only moved ahead, not by {seconds} seconds")
        self._offset += timedelta(seconds=seconds)

"""A circuit breaker: after some failures in a row a partner is left alone for a while. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FAILURES = 5
REST = timedelta(seconds=10)


@dataclass(frozen=True)
class Breaker:
    """How a partner has been doing."""

    failures: int = 0
    open_until: datetime | None = None

    def allows(self, now: datetime) -> bool:
        """Tell whether an attempt may be made: always when closed, once after each rest when open."""
        return self.open_until is None or now >= self.open_until

    def failed(self, now: datetime) -> "Breaker":
        """Return the breaker after a failure."""
        failures = self.failures + 1
        return Breaker(failures, now + REST if failures >= FAILURES else None)

    def succeeded(self) -> "Breaker":
        """Return the breaker after a success: closed."""
        return replace(self, failures=0, open_until=None)

"""A circuit breaker: after some failures in a row a partner is left alone for a while. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

FAILURES = 5
REST = timedelta(seconds=10)


@dataclass(frozen=True)
class Breaker:
    """How a partner has been doing."""

    failures: int = 0
    open_until: datetime | None = None

    def allows(self, now: datetime) -> bool:
        """Tell whether an attempt may be made: always when closed, one after each rest when open."""
        return self.open_until is None or now >= self.open_until

    def trying(self, now: datetime) -> "Breaker":
        """Return the breaker while an attempt is under way: an open one lets no second through."""
        return self if self.open_until is None else Breaker(self.failures, now + REST)

    def failed(self, now: datetime) -> "Breaker":
        """Return the breaker after a failure."""
        failures = self.failures + 1
        return Breaker(failures, now + REST if failures >= FAILURES else None)

    def succeeded(self) -> "Breaker":
        """Return the breaker after a success: closed."""
        return Breaker()

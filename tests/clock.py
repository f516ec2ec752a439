"""A clock for tests."""

from datetime import datetime, timedelta


class HandClock:
    """A clock that stands until it is moved; the product asks it, the sandbox calls it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """Return the moment at which it stands."""
        return self.at

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float = 0, /, **by: float) -> None:
        """Move it on by so many seconds, or by minutes, hours, days."""
        self.at += timedelta(seconds=seconds) + timedelta(**by)

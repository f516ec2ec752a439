"""The clock comes in by the door, so that tests can move it."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Beijing time: no summer time since 1991."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Something that knows what time it is."""

    def now(self) -> datetime:
        """Return the present moment, in UTC."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        """Return the present moment, in UTC."""
        return datetime.now(UTC)


def microseconds(at: datetime) -> int:
    """Return a moment as UTC integer microseconds since 1970."""
    delta = at - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_microseconds(us: int) -> datetime:
    """Return the moment of UTC integer microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=us)


def beijing(at: datetime) -> str:
    """Return a moment as RFC 3339 in Beijing time, whole seconds kept as they are."""
    return at.astimezone(BEIJING).isoformat()

"""What happened after a warning: observed, judged, kept beside it and never part of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

LONGEST_TEXT = 500


class Hit(StrEnum):
    """Whether the weather came as it was warned of."""

    HIT = "hit"
    PARTLY = "partly"
    MISS = "miss"
    FALSE_ALARM = "false-alarm"


@dataclass(frozen=True)
class Told:
    """What somebody says of the event."""

    verdict: Hit
    source: str
    onset: datetime | None = None
    ended: datetime | None = None
    amounts: str = ""
    note: str = ""


@dataclass(frozen=True)
class Afterwards:
    """One writing of it; a later one stands in its place, and both are kept."""

    warning_id: UUID
    number: int
    at: datetime
    by: str
    name: str
    told: Told
    imported: bool = False

    def lead(self, approved_at: datetime) -> timedelta | None:
        """Return how long before the onset the warning was issued; negative when it came late."""
        return None if self.told.onset is None else self.told.onset - approved_at

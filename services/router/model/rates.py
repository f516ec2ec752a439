"""The three rates that people compare, always with numerator and denominator (domain digest, 8.4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from contracts.values import Level
from services.router.model.duty import Duty
from services.router.model.ladder import Kind, Ladders

ONLINE = "online"


@dataclass(frozen=True)
class Rate:
    """So many of so many."""

    numerator: float = 0
    denominator: float = 0

    def __add__(self, other: "Rate") -> "Rate":
        return Rate(self.numerator + other.numerator, self.denominator + other.denominator)

    @property
    def percent(self) -> float | None:
        """The rate in per cent, None of nothing."""
        return round(100 * self.numerator / self.denominator, 1) if self.denominator else None


NONE = Rate()


@dataclass(frozen=True)
class Period:
    """From a moment up to another, the last left out."""

    since: datetime
    until: datetime

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.until - self.since).total_seconds()


@dataclass(frozen=True)
class Rates:
    """The rates of one town, or of all together."""

    online: Rate = NONE
    received: Rate = NONE
    confirmed: Rate = NONE
    by_level: Mapping[Level, tuple[Rate, Rate]] | None = None
    """Reception and confirmation of each colour."""
    median_s: float | None = None
    """Until half of those who received had it."""


Sighting = tuple[datetime, str]
"""From when on a station was online, suspect or offline."""


def online(sightings: Sequence[Sighting], before: str | None, period: Period) -> float:
    """Return for how many seconds of a period a station was online; `before` is what it was when it began."""
    seconds, since, state = 0.0, period.since, before
    for at, presence in [*sorted(sightings), (period.until, "")]:
        if state == ONLINE:
            seconds += (at - since).total_seconds()
        since, state = at, presence
    return seconds


def rates(duties: Iterable[Duty], ladders: Ladders) -> Rates:
    """Return reception and confirmation of duties that began in a period; being online is added by others."""
    by_level: dict[Level, tuple[Rate, Rate]] = {}
    waits: list[float] = []
    for duty in duties:
        received, confirmed = by_level.get(duty.level, (NONE, NONE))
        by_level[duty.level] = (received + _received(duty, ladders), confirmed + _confirmed(duty, ladders))
        if duty.received_at is not None:
            waits.append((duty.received_at - duty.started_at).total_seconds())
    return Rates(
        received=sum((one for one, _ in by_level.values()), NONE),
        confirmed=sum((one for _, one in by_level.values()), NONE),
        by_level=by_level,
        median_s=round(median(waits), 1) if waits else None,
    )


def _received(duty: Duty, ladders: Ladders) -> Rate:
    last = min(duty.expires_at, duty.started_at + timedelta(seconds=ladders.received_within_s))
    return Rate(duty.received_at is not None and duty.received_at <= last, 1)


def _confirmed(duty: Duty, ladders: Ladders) -> Rate:
    within = ladders.confirmed_within_s.get(duty.level)
    if duty.kind is not Kind.PLACE or within is None:
        return NONE
    last = duty.started_at + timedelta(seconds=within)
    return Rate(duty.confirmed_at is not None and duty.confirmed_at <= last, 1)

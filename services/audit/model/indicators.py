"""Indicators: the numbers of a month, each with what is above and below its line, and its formula."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.audit.model.observed import Observation

MINUTE = 60


@dataclass(frozen=True)
class Indicator:
    """How a number is made, and what people compare it with."""

    id: str
    formula: str
    version: int
    unit: str
    baseline: float | None
    """What it was in 2020."""
    target: float | None
    """What the plan wants."""
    words: str
    explained: str
    hazards: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    """What is entered: above and below the line."""


@dataclass(frozen=True)
class Yardsticks:
    """Everything that a month is measured by."""

    version: int
    indicators: tuple[Indicator, ...]
    counted_as: Mapping[str, str]
    standing_by: frozenset[str]

    def of(self, name: str) -> Indicator:
        """Return one of them."""
        return next(one for one in self.indicators if one.id == name)

    @property
    def entered(self) -> tuple[Indicator, ...]:
        """Those whose numbers people enter."""
        return tuple(one for one in self.indicators if one.parts)


@dataclass(frozen=True)
class Measured:
    """A number with what it is made of; None where nothing is below the line."""

    numerator: float
    denominator: float
    value: float | None


def share(numerator: float, denominator: float) -> Measured:
    """Return a share in percent, or in points of a hundred."""
    value = round(100 * numerator / denominator, 2) if denominator else None
    return Measured(numerator, denominator, value)


def mean(minutes: Sequence[float]) -> Measured:
    """Return the mean of minutes: their sum above the line, how many there are below it."""
    total = round(sum(minutes), 1)
    return Measured(total, len(minutes), round(sum(minutes) / len(minutes), 1) if minutes else None)


def lead_minutes(issued_at: datetime, onset: datetime) -> float:
    """Return how long before the onset a warning was issued, or received; below zero when it came late."""
    return round((onset - issued_at).total_seconds() / MINUTE, 1)


@dataclass(frozen=True)
class Judged:
    """How warnings and the weather agreed."""

    hits: int
    misses: int
    false_alarms: int
    unjudged: int

    @property
    def score(self) -> Measured:
        """Hits, of everything that was judged, times a hundred."""
        return share(self.hits, self.hits + self.misses + self.false_alarms)


def judged(
    outcomes: Iterable[str | None], missed: Iterable[Observation], counted_as: Mapping[str, str]
) -> Judged:
    """Count the outcomes of warnings, and events of which nobody was warned."""
    counts = {"hit": 0, "miss": 0, "false-alarm": 0, "": 0}
    for outcome in outcomes:
        counts[counted_as.get(outcome, "") if outcome else ""] += 1
    misses = counts["miss"] + sum(1 for event in missed if not event.withdrawn)
    return Judged(counts["hit"], misses, counts["false-alarm"], counts[""])

"""Periods: some days in Beijing, the first and the last included."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.kit.clock import BEIJING
from services.kit.errors import Invalid

MOST_DAYS = 3660
OLDEST = date(2000, 1, 1)


@dataclass(frozen=True)
class Period:
    """Some days in Beijing."""

    begin: date
    end: date

    @property
    def first(self) -> datetime:
        """The moment at which it begins."""
        return datetime(self.begin.year, self.begin.month, self.begin.day, tzinfo=BEIJING)

    @property
    def last(self) -> datetime:
        """The moment at which it is over."""
        after = self.end + timedelta(days=1)
        return datetime(after.year, after.month, after.day, tzinfo=BEIJING)

    @property
    def days(self) -> list[str]:
        """Every day of it."""
        count = (self.end - self.begin).days + 1
        return [(self.begin + timedelta(days=n)).isoformat() for n in range(count)]


def period_of(begin: date | None, end: date | None, now: datetime) -> Period:
    """Return the days that somebody asks about: this month when he names none."""
    today = now.astimezone(BEIJING).date()
    last = end or max(today, begin or today)
    first = begin or last.replace(day=1)
    if first < OLDEST or last.year > 2200:
        raise Invalid("from", "is too far away", "choose days between 2000 and 2200")
    if last < first:
        raise Invalid("to", "is before the first day", "choose a later day")
    if (last - first).days >= MOST_DAYS:
        raise Invalid("to", "is more than ten years after the first day", "choose a shorter period")
    return Period(first, last)

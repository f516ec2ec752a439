"""People who can be called: in which order, at which hours of local time."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

ALWAYS = "always"
_SHIFT = re.compile(r"(?:([1-7])(?:-([1-7]))? )?(\d\d:\d\d)-(\d\d:\d\d)")


@dataclass(frozen=True)
class Person:
    """Somebody on the roster of a village, a town or the district."""

    person_id: str
    name: str
    role: str
    order: int = 1
    """1 is called first."""
    phone: str | None = None
    operator: str | None = None
    drills: bool = False
    """Has agreed to be called in drills."""
    shift: str = ALWAYS
    """`always`, or hours of local time, with or without days: `1-5 08:00-18:00` (Monday is 1)."""

    def on_shift(self, at: datetime) -> bool:
        """Tell whether he can be called at a moment of local time; a shift that nobody can read is always."""
        found = _SHIFT.fullmatch(self.shift)
        if found is None:
            return True
        first, last, begins, ends = found.groups()
        days = _days(int(first), int(last or first)) if first else frozenset(range(1, 8))
        now, today = f"{at:%H:%M}", at.isoweekday()
        if begins < ends:
            return today in days and begins <= now < ends
        yesterday = (at - timedelta(days=1)).isoweekday()
        return (today in days and now >= begins) or (yesterday in days and now < ends)


def _days(first: int, last: int) -> frozenset[int]:
    """Return the days from one to another, over the end of the week where the second comes first."""
    return frozenset((first + n - 1) % 7 + 1 for n in range((last - first) % 7 + 1))

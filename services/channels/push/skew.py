"""A partner's clock, which may be wrong: what begins now must begin there too. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_ABOUT_EXACT = timedelta(seconds=30)
"""So far apart two clocks may be without being worth a word: answers take their time."""

_MOST_BEHIND_S = 12 * 3600


@dataclass
class TheirClock:
    """How far a partner's clock is from ours, by his last answer."""

    ahead: timedelta = timedelta(0)
    known: bool = False
    """Whether he ever said what time it is there."""

    def seen(self, theirs: datetime | None, ours: datetime) -> None:
        """Note what time it was there when it was this here."""
        if theirs is not None:
            self.known = True
            off = theirs - ours
            self.ahead = off if abs(off) > _ABOUT_EXACT else timedelta(0)

    @property
    def behind_s(self) -> int:
        """How many seconds it is behind, 0 when it is not."""
        return min(max(0, -round(self.ahead.total_seconds())), _MOST_BEHIND_S)

    def words(self) -> str:
        """Return what an operator should know of it, nothing when it is right."""
        if not self.ahead:
            return ""
        seconds = round(abs(self.ahead).total_seconds())
        return f"; its clock is {seconds} s {'ahead of' if self.ahead > timedelta(0) else 'behind'} ours"

"""Rosters: who stands for a place, in which order and in which shifts, and how he is called."""

from datetime import datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import Field

from contracts.values import Value

Weekday = Annotated[int, Field(ge=1, le=7)]
"""1 for Monday to 7 for Sunday."""


class Shift(Value):
    """Hours of local time in which somebody can be called; it may end after midnight."""

    weekdays: tuple[Weekday, ...] = (1, 2, 3, 4, 5, 6, 7)
    """The days on which it begins."""
    begins: time
    ends: time

    def covers(self, at: datetime) -> bool:
        """Tell whether a moment of local time lies in this shift; equal ends mean the whole day."""
        now, today = at.time(), at.isoweekday()
        if self.begins < self.ends:
            return today in self.weekdays and self.begins <= now < self.ends
        yesterday = (at - timedelta(days=1)).isoweekday()
        return (today in self.weekdays and now >= self.begins) or (
            yesterday in self.weekdays and now < self.ends
        )


class RosterEntry(Value):
    """A person on the roster of a village, a town or the district."""

    person_id: str
    name: str
    role: str
    """Such as `responsible`, `deputy`, `on-duty`, `grid-member`; of the district `chief`, `duty-officer`."""
    order: int = Field(1, ge=1)
    """1 is called first."""
    phone: str | None = None
    operator: Literal["cmcc", "cucc", "ctcc"] | None = None
    drills: bool = False
    """Has agreed to be called in drills."""
    shifts: tuple[Shift, ...] = ()
    """None at all: always."""

    def on_shift(self, at: datetime) -> bool:
        """Tell whether he can be called at a moment of local time."""
        return not self.shifts or any(shift.covers(at) for shift in self.shifts)

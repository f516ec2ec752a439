"""Tallies of a month: each station of each revision is looked at once, and counted wherever it counts.

There may be hundreds of thousands of them: moments are integers here, and nobody has an object of his own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from contracts.outcome import Column, TargetState
from services.audit.model.account import Formulas, Rate, nearest_rank
from services.audit.model.faces import Face
from services.audit.model.rows import RevisionKey
from services.kit.clock import microseconds

_SECOND = 1_000_000
_HAD = frozenset(s.value for s in TargetState if s.column in (Column.DELIVERED, Column.CONFIRMED))
_ANSWERED = frozenset(s.value for s in TargetState if s.column is Column.CONFIRMED)

Home = Callable[[str], tuple[str, str]]
Homes = Mapping[str, tuple[str, str]]
"""Village and town of a station."""


class Told(NamedTuple):
    """A station of a plan: when it had the warning, when somebody answered; UTC microseconds."""

    station: str
    received: int | None
    confirmed: int | None


def told_of(station: str, times: Mapping[str, int]) -> Told:
    """Return a station with the moments that count, out of those at which it came to its states."""
    received = [at for state, at in times.items() if state in _HAD]
    confirmed = [at for state, at in times.items() if state in _ANSWERED]
    return Told(station, min(received, default=None), min(confirmed, default=None))


@dataclass
class Tally:
    """So many were to have it; so many had it in time, and answered in time."""

    due: int = 0
    in_time: int = 0
    asked: int = 0
    answered: int = 0
    waits: list[int] = field(default_factory=list)
    """Of those who had it: microseconds from the approval."""

    @property
    def reception(self) -> Rate:
        """Who had it in time, of all."""
        return Rate(self.in_time, self.due)

    @property
    def confirmation(self) -> Rate:
        """Who answered in time, of those who must."""
        return Rate(self.answered, self.asked)

    @property
    def median_s(self) -> float | None:
        """Half of those who had it had it after so many seconds; those before the approval are left out."""
        found = nearest_rank(sorted(wait for wait in self.waits if wait >= 0), 0.50)
        return None if found is None else found / _SECOND

    @property
    def early(self) -> int:
        """How many had it before the approval, by a wrong clock."""
        return sum(wait < 0 for wait in self.waits)

    def add(self, other: "Tally") -> None:
        """Take another one in."""
        self.due += other.due
        self.in_time += other.in_time
        self.asked += other.asked
        self.answered += other.answered
        self.waits += other.waits


@dataclass(frozen=True)
class _Limits:
    """The moments by which stations are judged."""

    approved: int
    received: int
    confirmed: int | None
    """None where nobody need answer."""

    @classmethod
    def of(cls, face: Face, formulas: Formulas) -> "_Limits":
        approved, within = microseconds(face.approved_at), formulas.confirmed_within.get(face.level)
        received = min(microseconds(face.expires_at), approved + _us(formulas.received_within))
        return cls(approved, received, None if within is None else approved + _us(within))


def _us(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


@dataclass
class Tallies:
    """Everything that is counted of the stations of a month."""

    everyone: Tally = field(default_factory=Tally)
    levels: dict[str, Tally] = field(default_factory=dict)
    towns: dict[str, Tally] = field(default_factory=dict)
    due: dict[str, set[str]] = field(default_factory=dict)
    """Of each village, the warnings that it was to have, and in `had` those that it had."""
    had: dict[str, set[str]] = field(default_factory=dict)
    targeted: dict[str, set[str]] = field(default_factory=dict)
    """Of each warning, the stations that were to have it, and in `received` those that had it."""
    received: dict[str, set[str]] = field(default_factory=dict)

    def take(self, face: Face, told: Sequence[Told], homes: Homes, by: _Limits) -> None:
        """Count the stations of one revision."""
        whole = Tally()
        for town, tally in _by_town(told, homes, by).items():
            self.towns.setdefault(town, Tally()).add(tally)
            whole.add(tally)
        self.levels.setdefault(face.level, Tally()).add(whole)
        self.everyone.add(whole)
        stations = {one[0] for one in told}
        reached = {one[0] for one in told if one[1] is not None}
        self.targeted.setdefault(face.warning_id, set()).update(stations)
        self.received.setdefault(face.warning_id, set()).update(reached)
        for village in {homes[station][0] for station in stations}:
            self.due.setdefault(village, set()).add(face.warning_id)
        for village in {homes[station][0] for station in reached}:
            self.had.setdefault(village, set()).add(face.warning_id)


def _by_town(told: Iterable[Told], homes: Homes, by: _Limits) -> dict[str, Tally]:
    found: dict[str, Tally] = {}
    for station, received, confirmed in told:
        town = homes[station][1]
        tally = found.get(town) or found.setdefault(town, Tally())
        tally.due += 1
        if received is not None:
            tally.in_time += received <= by.received
            tally.waits.append(received - by.approved)
        if by.confirmed is not None:
            tally.asked += 1
            tally.answered += confirmed is not None and confirmed <= by.confirmed
    return found


def tallies(
    faces: Iterable[Face], told: Mapping[RevisionKey, Sequence[Told]], home: Home, formulas: Formulas
) -> Tallies:
    """Count the stations of these revisions, each revision once."""
    found = Tallies()
    homes = {station: home(station) for station in {one[0] for some in told.values() for one in some}}
    for face in {(face.warning_id, face.revision): face for face in faces}.values():
        if some := told.get((face.warning_id, face.revision)):
            found.take(face, some, homes, _Limits.of(face, formulas))
    return found

"""Items, the facts about them, what a station that was away is sent, and when a silent one counts as gone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from contracts.outcome import TargetState
from contracts.values import Action, Lane, Level, Mode

OPEN = (TargetState.REQUESTED, TargetState.QUEUED, TargetState.SENT)
"""Nothing has come of these yet."""

FACTS = (
    TargetState.RECEIVED,
    TargetState.VERIFIED,
    TargetState.PLAYED,
    TargetState.CONFIRMED,
    TargetState.ACTED,
)
"""What a station can report of an item; `queued` is ours to say."""

BY_PEOPLE = frozenset({TargetState.CONFIRMED, TargetState.ACTED})


class Kind(StrEnum):
    """What an item asks of a station. A summary is no item: it stands for those that are no longer news."""

    ALERT = "alert"
    UPDATE = "update"
    CANCEL = "cancel"
    HALT = "halt"
    SUMMARY = "summary"


KINDS = {Action.START: Kind.ALERT, Action.REPLACE: Kind.UPDATE, Action.STOP: Kind.CANCEL}
IN_FORCE = (Kind.ALERT, Kind.UPDATE)


class Presence(StrEnum):
    """Whether a station was heard of lately."""

    ONLINE = "online"
    SUSPECT = "suspect"
    OFFLINE = "offline"

    @property
    def rank(self) -> int:
        """0 for online; it grows with silence."""
        return list(Presence).index(self)


@dataclass(frozen=True)
class Report:
    """One fact that a station tells of one item, named by its sequence or by warning and revision."""

    fact: TargetState
    at: datetime
    by: str | None = None
    sequence: int | None = None
    warning_id: UUID | None = None
    revision: int | None = None


@dataclass(frozen=True)
class Item:
    """What one station was given under one number of its sequence, and what it has told of it."""

    station: str
    mode: Mode
    sequence: int
    delivery_id: UUID
    kind: Kind
    warning_id: UUID
    revision: int
    state: TargetState
    queued_at: datetime
    expires: datetime
    facts: Mapping[TargetState, datetime] = field(default_factory=dict)
    confirmed_by: str | None = None
    acted_by: str | None = None

    def fold(self, report: Report, now: datetime) -> "Item":
        """Return the item with one more fact: the same whatever the order, and however often it is told.

        A fact keeps its earliest time. It cannot have happened before the item was given nor after now:
        a station's clock may be wrong by days.
        """
        at = min(max(report.at, self.queued_at), now)
        known = self.facts.get(report.fact)
        told = replace(
            self,
            state=self.state.fold(report.fact),
            facts={**self.facts, report.fact: at if known is None else min(known, at)},
        )
        match report.fact:
            case TargetState.CONFIRMED:
                return replace(told, confirmed_by=_first_by(self.confirmed_by, known, report.by, at))
            case TargetState.ACTED:
                return replace(told, acted_by=_first_by(self.acted_by, known, report.by, at))
            case _:
                return told

    def by(self, fact: TargetState) -> str | None:
        """Return the person who stands for a fact, None when it is a machine's."""
        names = {TargetState.CONFIRMED: self.confirmed_by, TargetState.ACTED: self.acted_by}
        return names.get(fact)


def _first_by(known_by: str | None, known_at: datetime | None, by: str | None, at: datetime) -> str | None:
    """Return who came first; of two at the same moment the name that sorts first, in whatever order."""
    if known_at is None or at < known_at:
        return by
    if at > known_at:
        return known_by
    return min(filter(None, (known_by, by)), default=None)


def lane_of(level: Level, action: Action, states: Sequence[TargetState]) -> Lane:
    """Return the lane of a report: urgent for red and orange, for a STOP, and for what people say."""
    if action is Action.STOP or BY_PEOPLE.intersection(states):
        return Lane.URGENT
    return level.lane


@dataclass(frozen=True)
class Waiting:
    """An item that a station has not seen, with what decides whether it is still news."""

    station: str
    mode: Mode
    sequence: int
    kind: Kind
    warning_id: UUID
    revision: int
    notice_id: int
    level: Level
    title: str
    expires: datetime
    ended: bool
    """Whether a tombstone covers its revision."""

    def in_force(self, now: datetime) -> bool:
        """Tell whether it is a warning that still stands."""
        return self.kind in IN_FORCE and not self.ended and self.expires > now

    def shown(self, now: datetime) -> bool:
        """Tell whether it is sent whole; of what is not, a summary tells."""
        return self.kind not in IN_FORCE or self.in_force(now)


@dataclass(frozen=True)
class CatchUp:
    """What a station that was away is sent, in this order, and the number up to which it is then told."""

    shown: tuple[Waiting, ...]
    rest: tuple[Waiting, ...]
    last: int


def catch_up(waiting: Sequence[Waiting], now: datetime) -> CatchUp:
    """Sort what a station missed: in force and red first, every cancel and halt, one summary of the rest.

    `waiting` are consecutive items of one station in the order of their sequence, at least one.
    """
    standing = [w for w in waiting if w.in_force(now)]
    standing.sort(key=lambda w: (w.level.rank, w.sequence))
    stops = [w for w in waiting if w.kind not in IN_FORCE]
    shown = (*standing, *stops)
    told = {w.sequence for w in shown}
    rest = tuple(w for w in waiting if w.sequence not in told)
    return CatchUp(shown, rest, waiting[-1].sequence)


@dataclass(frozen=True)
class Patience:
    """After how long a silence a station is suspect, and then offline."""

    suspect: timedelta = timedelta(seconds=180)
    offline: timedelta = timedelta(seconds=300)

    def judge(self, heard: datetime, now: datetime) -> Presence:
        """Return the presence of a station that was last heard then."""
        silence = now - heard
        if silence >= self.offline:
            return Presence.OFFLINE
        return Presence.SUSPECT if silence >= self.suspect else Presence.ONLINE


CLOCK_WRONG = timedelta(minutes=2)
"""A terminal whose clock is off by more shows so (时间异常)."""


def clock_wrong(offset_ms: int) -> bool:
    """Tell whether a terminal's clock is too far off."""
    return abs(offset_ms) > CLOCK_WRONG / timedelta(milliseconds=1)

"""A duty: somebody must answer a revision. Its clock, what stops it, and who is called when it strikes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from contracts.values import Channel, Level, Mode
from contracts.warning import WarningPublished
from services.router.model.ladder import INSTEAD, Kind, Ladder, Rung, Step, Until, Whom
from services.router.model.roster import Person

_DUTIES = UUID("0d5a3c52-5c1b-5f0e-8f6e-6a2f6f1c7e21")
_VILLAGE, _TOWN = 12, 9


class Way(StrEnum):
    """How an answer came. That something was delivered is no answer."""

    STATION = "station"
    KEYPRESS = "keypress"
    SMS = "sms"
    APP = "app"
    MANUAL = "manual"


BY_CHANNEL = {Channel.VOICE: Way.KEYPRESS, Channel.SMS: Way.SMS, Channel.APP: Way.APP}
"""What a confirmation on a channel of people is; those of stations are told by name."""

ON_DUTY = "duty"
"""The role of a town's duty desk and of the district's duty officer."""


def duty_id_of(warning_id: UUID, revision: int, place: str) -> UUID:
    """Return the id of a duty: a plan made again names the same duties."""
    return uuid5(_DUTIES, f"{warning_id}/{revision}/{place}")


@dataclass(frozen=True)
class Climb:
    """A revision that asks for answers: its ladder as it was then, and what is said once more."""

    message: WarningPublished
    ladder: Ladder
    rules: str
    """The version of the rules."""
    started_at: datetime
    rules_sha256: str | None = None
    """The hash of their file; None of revisions that climbed before it was kept."""

    @property
    def key(self) -> tuple[UUID, int]:
        """Warning and revision."""
        return self.message.warning_id, self.message.revision


@dataclass(frozen=True)
class Duty:
    """Who must answer, and how far the clock has come."""

    duty_id: UUID
    warning_id: UUID
    revision: int
    mode: Mode
    level: Level
    kind: Kind
    place: str
    """The code of the place's station, of the village where none was told, or the leader's id."""
    village: str | None
    """Whose roster answers for the place; None until the registry has said it."""
    town: str | None
    name: str | None
    """The leader's; places are named by the registry."""
    started_at: datetime
    expires_at: datetime
    rung: int = 0
    """The next one."""
    due_at: datetime | None = None
    received_at: datetime | None = None
    confirmed_at: datetime | None = None
    confirmed_by: str | None = None
    way: Way | None = None
    taken_at: datetime | None = None
    taken_by: str | None = None
    """Who has it in hand, above the place."""
    alarmed_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def silent(self) -> bool:
        """True while nobody of the place has answered and the warning stands."""
        return self.confirmed_at is None and self.ended_at is None

    def needs(self, rung: Rung) -> bool:
        """Tell whether a rung is still needed."""
        if self.confirmed_at is not None or self.taken_at is not None:
            return False
        return rung.unless is not Until.RECEIVED or self.received_at is None


def a_place(climb: Climb, station: str, since: datetime | None = None) -> Duty:
    """Return the duty of a place at its beginning: a village's station is named by the village's code.

    Whoever came by an amendment has the whole ladder before him since then.
    """
    kind = Kind.PLACE if climb.ladder.place else Kind.TOLD
    village = station if len(station) == _VILLAGE and station.isdigit() else None
    return _begun(climb, kind, station, village, None, since)


def a_leader(climb: Climb, leader: Person, since: datetime | None = None) -> Duty:
    """Return the duty of a leader at its beginning."""
    return _begun(climb, Kind.LEADER, leader.person_id, None, leader.name, since)


def _begun(
    climb: Climb, kind: Kind, place: str, village: str | None, name: str | None, since: datetime | None
) -> Duty:
    message, begun = climb.message, since or climb.started_at
    return Duty(
        duty_id=duty_id_of(*climb.key, f"{Kind.LEADER if kind is Kind.LEADER else Kind.PLACE}/{place}"),
        warning_id=message.warning_id,
        revision=message.revision,
        mode=message.mode,
        level=message.notice.level,
        kind=kind,
        place=place,
        village=village,
        town=village[:_TOWN] if village else None,
        name=name,
        started_at=begun,
        expires_at=message.notice.expires,
        due_at=climb.ladder.due_at(kind, begun, 0),
    )


def ripe_until(now: datetime, heard: datetime | None, grace: timedelta) -> datetime:
    """Return up to which moment clocks may strike: reports are heard up to then, or waited for enough."""
    waited = now - grace
    return min(now, max(heard, waited)) if heard is not None else waited


@dataclass(frozen=True)
class Rosters:
    """The people who can be called now, by place, each list in its order."""

    villages: Mapping[str, Sequence[Person]] = field(default_factory=dict)
    towns: Mapping[str, Sequence[Person]] = field(default_factory=dict)
    district: Sequence[Person] = ()
    stations: Mapping[str, Sequence[Person]] = field(default_factory=dict)
    """Those who answer for a station by itself, or for the unit or the department in which it stands."""
    apart: Collection[str] = ()
    """Stations that are not their village's: of key units, and warning sub-centres."""

    def own(self, duty: Duty) -> Sequence[Person]:
        """Return whose answer closes the duty of a place; a village does not answer for a school in it."""
        there = self.stations.get(duty.place, ())
        return there if duty.place in self.apart else once([there, self.villages.get(duty.village or "", ())])

    def stationless(self, duty: Duty) -> bool:
        """Tell whether a village is known to have no station that could be called once more."""
        return (
            duty.place == duty.village and duty.village in self.villages and duty.place not in self.stations
        )

    def of(self, whom: Whom, duty: Duty) -> Sequence[Person]:
        """Return the list from which somebody is called for a duty."""
        match whom:
            case Whom.ROSTER:
                return self.own(duty) or self.villages.get(duty.village or "", ())
            case Whom.TOWN_DESK:
                there = self.towns.get(duty.town or "", ())
                return [entry for entry in there if entry.role == ON_DUTY] or there
            case Whom.DISTRICT_OFFICER:
                return [entry for entry in self.district if entry.role == ON_DUTY]
            case Whom.LEADER:
                return [entry for entry in self.district if entry.person_id == duty.place]
            case _:
                return ()


def reachable(entries: Sequence[Person], at: datetime) -> list[Person]:
    """Return those who have a phone and are on shift at a moment of local time, in their order."""
    able = [e for e in entries if e.phone and e.on_shift(at)]
    return sorted(able, key=lambda e: (e.order, e.person_id))


def once(lists: Iterable[Sequence[Person]]) -> list[Person]:
    """Return the people of several lists one after the other, each where he stands first."""
    found: dict[str, Person] = {}
    for people in lists:
        for one in people:
            found.setdefault(one.person_id, one)
    return list(found.values())


def agreed(people: Sequence[Person], mode: Mode) -> Sequence[Person]:
    """Return who may be called in a mode: in a drill nobody but those who have agreed to it."""
    return [one for one in people if one.drills] if mode is Mode.DRILL else people


@dataclass(frozen=True)
class Called:
    """Whom one step calls for one duty: who was meant, or who answers for him, or nobody at all."""

    whom: Whom
    people: tuple[Person, ...] = ()
    instead: Whom | None = None
    own: bool = False
    """True when an answer of these people closes the duty; others take it in hand."""


def called(step: Step, duty: Duty, rosters: Rosters) -> Called:
    """Return whom a step calls; where a list is empty, whoever answers for those on it.

    A list on which nobody has agreed to drills is not empty: a drill climbs past it at its own time and calls
    nobody there.
    """
    whom = step.whom
    while whom in INSTEAD and not rosters.of(whom, duty):
        whom = INSTEAD[whom]
    people = tuple(agreed(rosters.of(whom, duty), duty.mode))
    chosen = people[step.first - 1 : step.last] or people[-1:] if whom is step.whom else people[:1]
    own = whom is Whom.LEADER or (whom is Whom.ROSTER and bool(rosters.own(duty)))
    return Called(whom, chosen, whom if whom is not step.whom else None, own)

"""Ladders: what is done when nobody answers, by hazard and colour. Values, read from escalation.yaml."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from contracts.canonical import content_hash
from contracts.values import Channel, HazardCode, Lane, Level
from services.kit.errors import Fault, Invalid
from services.router.model.yaml_text import plain

LONGEST_S = 86_400


class Entry(BaseModel):
    """The frozen, strict base of everything in the rules."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Kind(StrEnum):
    """Whose silence a duty is about."""

    PLACE = "place"
    LEADER = "leader"
    TOLD = "told"
    """A place that is told, and nobody there must answer: it counts for the reception rate only."""


class Until(StrEnum):
    """What makes a rung needless."""

    RECEIVED = "received"
    CONFIRMED = "confirmed"


class Whom(StrEnum):
    """Who is called."""

    STATION = "station"
    ROSTER = "roster"
    TOWN_DESK = "town-desk"
    DISTRICT_OFFICER = "district-officer"
    LEADER = "leader"
    ALARM = "alarm"


INSTEAD = {
    Whom.ROSTER: Whom.TOWN_DESK,
    Whom.TOWN_DESK: Whom.DISTRICT_OFFICER,
    Whom.DISTRICT_OFFICER: Whom.ALARM,
    Whom.LEADER: Whom.DISTRICT_OFFICER,
}
"""Who answers for those whose list is empty."""

WAYS = {
    Whom.STATION: frozenset({Channel.STATION}),
    Whom.ALARM: frozenset[Channel](),
}
BY_PHONE = frozenset({Channel.SMS, Channel.VOICE})


class Step(Entry):
    """One thing that a rung does."""

    whom: Whom
    by: tuple[Channel, ...] = ()
    first: int = Field(1, ge=1, le=20, alias="from")
    last: int = Field(1, ge=1, le=20, alias="to")

    @model_validator(mode="after")
    def _can_be_done(self) -> Self:
        allowed = WAYS.get(self.whom, BY_PHONE)
        if not set(self.by) <= allowed or bool(self.by) != bool(allowed):
            names = ", ".join(sorted(allowed)) or "no way"
            raise ValueError(f"{self.whom} is called by {names}")
        if self.last < self.first:
            raise ValueError("to: comes after from")
        return self


class Rung(Entry):
    """What is done so long after the beginning, unless somebody has answered by then."""

    name: str = Field(pattern=r"^[a-z][a-z-]{1,30}$")
    after_s: int = Field(ge=0, le=LONGEST_S)
    unless: Until
    calls: tuple[Step, ...] = Field(min_length=1)


Rungs = tuple[Rung, ...]


class Ladder(Entry):
    """The rungs of one colour, in the order of time."""

    place: Rungs = ()
    leader: Rungs = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for rungs in (self.place, self.leader):
            times = [rung.after_s for rung in rungs]
            if times != sorted(set(times)):
                raise ValueError("rungs come in the order of time, each later than the one before")
            if len({rung.name for rung in rungs}) != len(rungs):
                raise ValueError("rungs of one ladder have different names")
        if any(step.whom is Whom.LEADER for rung in self.place for step in rung.calls):
            raise ValueError("the ladder of a place calls no leader")
        if any(step.whom in _OF_A_PLACE for rung in self.leader for step in rung.calls):
            raise ValueError("a leader has no station, roster or town")
        return self

    def rungs(self, kind: Kind) -> Rungs:
        """Return the rungs for a place or a leader."""
        return {Kind.PLACE: self.place, Kind.LEADER: self.leader}.get(kind, ())

    def due_at(self, kind: Kind, started_at: datetime, rung: int) -> datetime | None:
        """Return when a rung is to be climbed, None above the last one."""
        rungs = self.rungs(kind)
        return started_at + timedelta(seconds=rungs[rung].after_s) if rung < len(rungs) else None


_OF_A_PLACE = frozenset({Whom.STATION, Whom.ROSTER, Whom.TOWN_DESK})
Grace = Annotated[int, Field(ge=0, le=600)]


class Ladders(Entry):
    """The whole of escalation.yaml."""

    _text: str = PrivateAttr("")
    version: str = Field(min_length=1, max_length=40)
    grace_s: Mapping[Level, Grace]
    leaders: tuple[str, ...]
    received_within_s: Annotated[int, Field(gt=0, le=LONGEST_S)]
    confirmed_within_s: Mapping[Level, Annotated[int, Field(gt=0, le=LONGEST_S)]]
    colours: Mapping[Level, Ladder]
    hazards: Mapping[HazardCode, Mapping[Level, Ladder]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        asked = {level for level, ladder in self.colours.items() if ladder.place}
        if not asked <= set(self.confirmed_within_s):
            raise ValueError("confirmed_within_s: every colour that asks for an answer has its own")
        for name in ("colours", "grace_s"):
            if set(getattr(self, name)) != set(Level):
                raise ValueError(f"{name}: every colour has its own")
        return self

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the rules that a text holds."""
        found = cls.model_validate(plain(text))
        found._text = text
        return found

    @property
    def text(self) -> str:
        """Their file."""
        return self._text

    @property
    def sha256(self) -> str:
        """The name of exactly these rules."""
        return content_hash({"version": self.version, "text": self.text})

    def ladder(self, hazard: str, level: Level) -> Ladder:
        """Return the ladder of a hazard and a colour: its own, else the colour's."""
        return self.hazards.get(hazard, {}).get(level) or self.colours[level]


def read(text: str) -> Ladders:
    """Return the rules of a file; raise Invalid that names every fault by its place, and how to mend it."""
    try:
        return Ladders.of(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else "the file"
        raise Invalid(place, "is not YAML", "mend the indentation, quotes or brackets") from None
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise Invalid.of([_fault(one["loc"], one["msg"]) for one in found]) from None


def _fault(place: tuple[int | str, ...], why: str) -> Fault:
    why = why.removeprefix("Value error, ")
    field = ".".join(map(str, place)) or "the file"
    return Fault(field, why[:1].lower() + why[1:], "see the head of escalation.yaml")


def lanes_of(level: Level) -> tuple[Lane, ...]:
    """Return the lanes in which reports on a warning of this colour travel; people's are always urgent."""
    return tuple(sorted({Lane.URGENT, level.lane}))

"""What the API answers of one station."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, Field

from services.audit.actions.station import StationYear
from services.audit.api.record_views import RecordLine
from services.audit.api.views import Time
from services.audit.model.account import Rate
from services.audit.model.deliveries import Target
from services.audit.model.presence import Equipment, Online
from services.audit.model.rows import Revision


class RateView(BaseModel):
    """So many of so many."""

    numerator: int
    denominator: int
    percent: float | None

    @classmethod
    def of(cls, rate: Rate) -> "RateView":
        """Return the view of a rate."""
        return cls(numerator=rate.numerator, denominator=rate.denominator, percent=rate.percent)


class ToldLine(BaseModel):
    """What became of one revision at one station."""

    warning_id: str
    revision: int
    verb: str
    level: str
    headline: str
    approved_at: Time
    state: str
    column: str
    received_at: Time | None
    confirmed_at: Time | None
    confirmed_by: str | None


class PresenceLine(BaseModel):
    """The station's presence changed."""

    position: int = Field(description="Of the record")
    at: Time
    presence: str
    last_sequence: int = Field(description="The last number that it had seen")
    clock_offset_ms: int | None


class OnlineView(BaseModel):
    """Minutes online, of the minutes since the ledger first heard of the station, in this year until now."""

    online: int
    minutes: int
    percent: float | None
    unheard: int = Field(description="Minutes before the ledger first heard of it: in neither")
    maintenance: int = Field(description="Minutes of planned maintenance: in neither")
    spells: list[tuple[Time, Time]] = Field(description="The planned maintenance")

    @classmethod
    def of(cls, found: Online) -> "OnlineView":
        """Return the view of online minutes."""
        return cls(percent=found.percent, **vars(found))


class EquipmentView(BaseModel):
    """What the registry said of the station from then on."""

    at: Time
    maintained_until: str | None
    keys: list[str] = Field(description="The ids of its keys; no secret")
    devices: list[list[str]] = Field(description="Code, kind and state of each device")
    news: list[str] = Field(description="What was new: maintenance, keys, devices")


_NEWS = {"maintenance": "maintained_until", "keys": "keys", "devices": "devices"}


def _equipment(said: Sequence[Equipment]) -> list[EquipmentView]:
    """Return what was said, the newest first, each with what was new in it."""
    blank = Equipment(datetime.min.replace(tzinfo=UTC), 0, None, [], [])
    views = []
    for one, before in zip(said, [*said[1:], blank], strict=False):
        news = [name for name, field in _NEWS.items() if getattr(one, field) != getattr(before, field)]
        views.append(EquipmentView(**{n: v for n, v in vars(one).items() if n != "sequence"}, news=news))
    return views


class StationView(BaseModel):
    """A station's year."""

    code: str
    name: str | None
    year: int
    mode: str
    formulas: int = Field(description="Version of the formulas of the rates")
    reception: RateView
    confirmation: RateView
    online: OnlineView
    told: list[ToldLine]
    presence: list[PresenceLine] = Field(description="Changes of presence, the newest first")
    presence_next: str | None = Field(description="`after` of the next page of them")
    keys: list[RecordLine] = Field(description="What was said of its keys and codes, the newest first")
    equipment: list[EquipmentView] = Field(description="What the registry said of it, the newest first")

    @classmethod
    def of(cls, found: StationYear, year: int, mode: str, formulas: int, cursor: str | None) -> "StationView":
        """Return the view of a station's year."""
        return cls(
            code=found.code,
            name=found.name,
            year=year,
            mode=mode,
            formulas=formulas,
            reception=RateView.of(found.reception),
            confirmation=RateView.of(found.confirmation),
            online=OnlineView.of(found.online),
            told=[_told(target, revision) for target, revision in found.told],
            presence=[PresenceLine(**vars(one)) for one in found.presence],
            presence_next=cursor,
            keys=[RecordLine.of(record, None) for record in found.keys],
            equipment=_equipment(found.equipment),
        )


def _told(target: Target, revision: Revision) -> ToldLine:
    return ToldLine(
        warning_id=target.warning_id,
        revision=target.revision,
        verb=revision.verb,
        level=revision.level,
        headline=revision.headline,
        approved_at=revision.approved_at,
        state=target.state,
        column=target.column,
        received_at=target.received_at,
        confirmed_at=target.confirmed_at,
        confirmed_by=target.confirmed_by,
    )

"""The progress board of a revision that is out: accounts by channel, villages on the map, who is silent."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from contracts.outcome import Column, TargetState
from contracts.values import Channel
from services.issuer import store
from services.issuer.api import Parts
from services.issuer.desk.places import TOWN_DIGITS, Gazetteer
from services.issuer.model import WeatherWarning
from services.issuer.model.progress import ChannelProgress, Photograph
from services.issuer.store.progress import Target
from services.kit.errors import NotFound

MOST_STATIONS = 5000
TOLD = frozenset({Column.DELIVERED, Column.CONFIRMED})


@dataclass(frozen=True)
class Silent:
    """A station that has not confirmed, and whom one would call."""

    code: str
    name: str
    state: TargetState
    duty_name: str | None
    duty_phone: str
    since: datetime | None
    unreachable: bool


@dataclass(frozen=True)
class Board:
    """Everything that the board shows."""

    photo: Photograph
    places: Mapping[str, Column]
    """How far each village's station has come, by code."""
    silent: tuple[tuple[str, tuple[Silent, ...]], ...]
    """Stations that have not received it, then those that have not confirmed, by town."""
    stations_s: float | None = None
    """Seconds from the approval until the promised share of all stations had it."""
    answered: int = 0
    """How many stations a named person confirmed in the promised time."""

    @property
    def first_s(self) -> float | None:
        """Seconds from the approval until somebody outside had it: our own feed does not count."""
        heard = (c.latency for c in self.photo.channels if c.channel is not Channel.FEED)
        return min((latency.first for latency in heard if latency), default=None)

    @property
    def over(self) -> bool:
        """True when nothing is open any more."""
        return self.photo.planned_at is not None and not self.photo.columns[Column.OPEN]

    def channel(self, channel: Channel) -> ChannelProgress | None:
        """Return one channel's line."""
        return next((one for one in self.photo.channels if one.channel == channel), None)

    def count(self, column: Column) -> int:
        """Return how many villages are in a column."""
        return sum(one is column for one in self.places.values())


async def board(parts: Parts, warning: WeatherWarning, gazetteer: Gazetteer) -> Board | None:
    """Return the board of a revision, None when it has not gone out."""
    try:
        photo = await parts.watch.photograph(warning.warning_id, warning.revision)
    except NotFound:
        return None
    known = await _stations(parts, warning.warning_id, warning.revision)
    manifest = warning.manifest
    listed = manifest.targets(Channel.STATION) if manifest else None
    codes = listed.targets if listed else ()
    places = {code: known[code].state.column if code in known else Column.OPEN for code in codes}
    silent = [_silent(code, known.get(code), gazetteer) for code in codes]
    promise = parts.catalogue.promises.colours[warning.content.level]
    kept = [known[code] for code in codes if code in known]
    received = [(one.received_at - photo.approved_at).total_seconds() for one in kept if one.received_at]
    confirmed = [one.confirmed_at - photo.approved_at for one in kept if one.confirmed_at]
    return Board(
        photo,
        places,
        _by_town([one for one in silent if one is not None], gazetteer),
        _share(received, len(codes), promise.stations_percent),
        sum(took <= timedelta(minutes=promise.answer_min or 0) for took in confirmed),
    )


def _share(waits: list[float], targeted: int, percent: int) -> float | None:
    """Return after how long a share of all had it, None while it is not reached."""
    rank = math.ceil(targeted * percent / 100)
    return sorted(waits)[rank - 1] if 0 < rank <= len(waits) else None


async def _stations(parts: Parts, warning_id: UUID, revision: int) -> dict[str, Target]:
    async with parts.db.read() as connection:
        found = await store.progress.targets(
            connection, warning_id, revision, Channel.STATION, "", MOST_STATIONS
        )
    return {target.target: target for target in found}


def _silent(code: str, target: Target | None, gazetteer: Gazetteer) -> Silent | None:
    state = target.state if target else TargetState.REQUESTED
    if state.column is Column.CONFIRMED:
        return None
    station = gazetteer.station_of.get(code)
    return Silent(
        code=code,
        name=gazetteer.names.get(code, code),
        state=state,
        duty_name=station.duty_name if station else None,
        duty_phone=station.duty_phone if station else "",
        since=target.received_at if target else None,
        unreachable=bool(station and station.unreachable),
    )


def _by_town(silent: list[Silent], gazetteer: Gazetteer) -> tuple[tuple[str, tuple[Silent, ...]], ...]:
    """Return them by town, within a town the least reached first."""
    ordered = sorted(silent, key=lambda one: (one.code[:TOWN_DIGITS], one.state.column in TOLD, one.code))
    return tuple(
        (gazetteer.full_name(town), tuple(group))
        for town, group in groupby(ordered, key=lambda one: one.code[:TOWN_DIGITS])
    )

"""Lists of the books: targets and deliveries of a warning, a station's year. All rows are of one moment."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import orjson
from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.outcome import Column as Outcome
from contracts.outcome import TargetState
from contracts.values import Channel
from services.audit.actions.lists.listing import (
    PAGE,
    Column,
    Filters,
    Listing,
    Row,
    Source,
    counted,
    moment,
)
from services.audit.store import questions
from services.audit.store.tables import DELIVERIES, REVISIONS, TARGETS
from services.kit.clock import from_microseconds

_STATES = tuple(state.value for state in TargetState)
_STATE_HEADS = {
    "requested": "Requested at",
    "queued": "Queued at",
    "sent": "Sent at",
    "withdrawn": "Withdrawn at",
    "expired": "Expired at",
    "failed": "Failed at",
    "received": "Received at",
    "verified": "Verified at",
    "played": "Played at",
    "confirmed": "Confirmed at",
    "acted": "Acted at",
}
_TIMES = tuple(Column(f"{state}_at", _STATE_HEADS[state]) for state in _STATES)
_COUNTS = tuple(column.value for column in Outcome)
_COUNT_HEADS = {
    "confirmed": "Confirmed",
    "delivered": "Delivered",
    "failed": "Failed",
    "withdrawn": "Withdrawn",
    "expired": "Expired",
    "open": "Open",
}


def _times(times: dict[str, int]) -> Row:
    return tuple(moment(from_microseconds(times[s])) if s in times else None for s in _STATES)


def _column(state: str) -> str:
    return TargetState(state).column.value


async def _paged(source: Source, rows: Select[Any], keys: Sequence[Any]) -> AsyncIterator[list[Any]]:
    """Yield the rows of a query in the order of their keys, by keyset, whatever their number."""
    last: tuple[Any, ...] | None = None
    names = [key.name for key in keys]
    while True:
        wanted = rows if last is None else rows.where(tuple_(*keys) > last)
        async with source.read() as connection:
            found = (await connection.execute(wanted.order_by(*keys).limit(PAGE))).mappings().all()
        if not found:
            return
        yield list(found)
        last = tuple(found[-1][name] for name in names)


def _targets(given: Filters) -> Select[Any]:
    t = TARGETS.c
    rows = select(TARGETS).where(t.warning_id == given.warning)
    return rows.where(t.channel == given.channel) if given.channel else rows


async def targets(source: Source, given: Filters) -> AsyncIterator[Sequence[Row]]:
    """Yield the named targets of a warning, each with when it came to each state."""
    t = TARGETS.c
    async for found in _paged(source, _targets(given), (t.revision, t.channel, t.target)):
        async with source.read() as connection:
            names = await questions.names(connection, {one["target"] for one in found})
        yield [
            (
                *(one["revision"], one["channel"], one["target"], names.get(one["target"])),
                *(one["planned"], one["state"], _column(one["state"])),
                *_times(one["times"]),
                one["confirmed_by"],
            )
            for one in found
        ]


async def _count_targets(connection: AsyncConnection, given: Filters, _upto: int) -> int | None:
    return await counted(connection, _targets(given))


def _deliveries(given: Filters) -> Select[Any]:
    d = DELIVERIES.c
    wanted = ((d.warning_id, given.warning), (d.route, given.gateway), (d.channel, given.channel))
    return select(DELIVERIES).where(*(column == value for column, value in wanted if value))


_DELIVERY = ("delivery_id", "warning_id", "revision", "channel", "route", "planned", "requested")


async def deliveries(source: Source, given: Filters) -> AsyncIterator[Sequence[Row]]:
    """Yield the deliveries of a warning or of a gateway."""
    async for found in _paged(source, _deliveries(given), (DELIVERIES.c.delivery_id,)):
        yield [
            (
                *(one[name] for name in _DELIVERY),
                *(moment(one["requested_at"]), one["report"], moment(one["reported_at"])),
                *(one[name] for name in _COUNTS),
                orjson.dumps(one["tally"]).decode(),
            )
            for one in found
        ]


async def _count_deliveries(connection: AsyncConnection, given: Filters, _upto: int) -> int | None:
    return await counted(connection, _deliveries(given)) if given.warning else None


_REVISION = ("verb", "level", "hazard_name", "headline")


def _told(given: Filters) -> Select[Any]:
    t, r = TARGETS.c, REVISIONS.c
    columns = (t.warning_id, t.revision, t.state, t.times, t.confirmed_by)
    shown = (*(r[name] for name in _REVISION), r.approved_at, r.expires_at)
    same = (t.warning_id == r.warning_id) & (t.revision == r.revision)
    rows = select(*columns, *shown).join_from(TARGETS, REVISIONS, same)
    rows = rows.where(t.target == given.station, t.channel == Channel.STATION.value)
    rows = rows.where(r.mode == given.mode) if given.mode else rows
    rows = rows.where(r.said_at >= given.since) if given.since else rows
    return rows.where(r.said_at < given.until) if given.until else rows


async def told(source: Source, given: Filters) -> AsyncIterator[Sequence[Row]]:
    """Yield what a station was told in a year, and when it came to each state."""
    async for found in _paged(source, _told(given), (TARGETS.c.warning_id, TARGETS.c.revision)):
        yield [
            (
                *(one["warning_id"], one["revision"], *(one[name] for name in _REVISION)),
                *(moment(one["approved_at"]), moment(one["expires_at"])),
                *(one["state"], _column(one["state"])),
                *_times(one["times"]),
                one["confirmed_by"],
            )
            for one in found
        ]


async def _count_told(connection: AsyncConnection, given: Filters, _upto: int) -> int | None:
    return await counted(connection, _told(given))


_STAND = (Column("state", "State"), Column("column", "Counted as"))

TARGET_LIST = Listing(
    name="targets",
    title="Targets of a warning",
    columns=(
        Column("revision", "Revision"),
        Column("channel", "Channel"),
        Column("target", "Target"),
        Column("name", "Name"),
        Column("planned", "Planned"),
        *_STAND,
        *_TIMES,
        Column("confirmed_by", "Confirmed by"),
    ),
    filters=frozenset({"warning", "channel"}),
    needs=frozenset({"warning"}),
    pages=targets,
    count=_count_targets,
    of_books=True,
)

DELIVERY_LIST = Listing(
    name="deliveries",
    title="Deliveries of a warning or a gateway",
    columns=(
        Column("delivery_id", "Delivery"),
        Column("warning_id", "Warning"),
        Column("revision", "Revision"),
        Column("channel", "Channel"),
        Column("route", "Carrier"),
        Column("planned", "Planned"),
        Column("requested", "Asked for"),
        Column("requested_at", "Requested at"),
        Column("report", "Report"),
        Column("reported_at", "Reported at"),
        *(Column(name, _COUNT_HEADS[name]) for name in _COUNTS),
        Column("tally", "Counts", json=True),
    ),
    filters=frozenset({"warning", "gateway", "channel"}),
    needs=frozenset({"warning", "gateway"}),
    pages=deliveries,
    count=_count_deliveries,
    of_books=True,
)

STATION_LIST = Listing(
    name="station",
    title="A station's year",
    columns=(
        Column("warning_id", "Warning"),
        Column("revision", "Revision"),
        Column("verb", "What"),
        Column("level", "Colour"),
        Column("hazard_name", "Hazard"),
        Column("headline", "Headline"),
        Column("approved_at", "Approved"),
        Column("expires_at", "Valid until"),
        *_STAND,
        *_TIMES,
        Column("confirmed_by", "Confirmed by"),
    ),
    filters=frozenset({"station", "mode", "since", "until"}),
    needs=frozenset({"station"}),
    pages=told,
    count=_count_told,
    of_books=True,
)

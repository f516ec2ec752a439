"""A station's year: when it was there, what the registry said of it, what became of its keys."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.presence import Equipment, Presence
from services.audit.store.questions import Record
from services.audit.store.questions_tables import EQUIPMENT, KEY_KINDS, OF_THINGS, PRESENCES, among
from services.audit.store.tables import RECORDS, TARGETS

MOST_SAID = 500


async def presences(
    connection: AsyncConnection,
    station: str,
    mode: str,
    first: datetime,
    last: datetime,
    before: tuple[datetime, int] | None,
    limit: int,
) -> list[Presence]:
    """Return when a station came and went in a period, the newest first, beyond a cursor."""
    p = PRESENCES.c
    columns = (p.at, p.position, p.presence, p.last_sequence, p.clock_offset_ms)
    statement = select(*columns).where(p.station == station, p.mode == mode, p.at >= first, p.at < last)
    if before is not None:
        at, position = before
        statement = statement.where(p.at <= at, (p.at < at) | (p.position < position))
    statement = statement.order_by(p.at.desc(), p.position.desc()).limit(limit)
    return [Presence(*row) for row in await connection.execute(statement)]


async def whole(
    connection: AsyncConnection, station: str, mode: str, first: datetime, last: datetime
) -> list[Presence]:
    """Return every coming and going of a period, and the last one before it: what online minutes are of."""
    p = PRESENCES.c
    mine = (p.station == station, p.mode == mode)
    columns = select(p.at, p.position, p.presence)
    earlier = columns.where(*mine, p.at < first).order_by(p.at.desc(), p.position.desc()).limit(1)
    within = columns.where(*mine, p.at >= first, p.at < last).order_by(p.at, p.position)
    found = [*await connection.execute(earlier), *await connection.execute(within)]
    return [Presence(row[0], row[1], row[2]) for row in found]


async def equipment(connection: AsyncConnection, station: str, last: datetime) -> list[Equipment]:
    """Return what the registry said of a station until a moment, the newest first."""
    e = EQUIPMENT.c
    columns = (e.at, e.sequence, e.maintained_until, e["keys"], e.devices)
    statement = select(*columns).where(e.station == station, e.at < last)
    ordered = statement.order_by(e.at.desc(), e.sequence.desc()).limit(MOST_SAID)
    return [Equipment(*row) for row in await connection.execute(ordered)]


async def keys(connection: AsyncConnection, station: str, first: datetime, last: datetime) -> list[Record]:
    """Return what was said of a station's keys and codes in a period, the newest first."""
    r = RECORDS.c
    statement = select(RECORDS).where(
        *(r.about.in_((station, f"stations:{station}")), r.event_at >= first, r.event_at < last),
        *(among(OF_THINGS), r.kind.concat("").in_(KEY_KINDS)),
    )
    ordered = statement.order_by(r.event_at.desc(), r.position.desc()).limit(MOST_SAID)
    return [dict(row) for row in (await connection.execute(ordered)).mappings()]


async def known(connection: AsyncConnection, station: str) -> bool:
    """Tell whether the ledger has ever heard of a station."""
    for table, column in ((TARGETS, "target"), (PRESENCES, "station"), (EQUIPMENT, "station")):
        statement = select(table.c[column]).where(table.c[column] == station).limit(1)
        if (await connection.execute(statement)).first():
            return True
    return False

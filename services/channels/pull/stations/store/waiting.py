"""What stations lack: their highest number, the items after theirs, and the payloads to send."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.values import Level, Mode
from services.channels.pull.stations.model import OPEN, Item, Kind, Waiting
from services.channels.pull.stations.store.items import Key, item_of
from services.channels.pull.stations.store.tables import ITEMS, NOTICES, SEQUENCES, TOMBSTONES

_uuid = lru_cache(maxsize=256)(UUID)
"""All stations have the same few warnings."""


async def last(connection: AsyncConnection, station: str, mode: Mode) -> int:
    """Return the highest number that a station was given, 0 for none."""
    found = select(SEQUENCES.c.last).where(SEQUENCES.c.station == station, SEQUENCES.c.mode == mode)
    return (await connection.execute(found)).scalar_one_or_none() or 0


async def lasts(connection: AsyncConnection) -> dict[Key, int]:
    """Return the highest number of every station."""
    rows = await connection.execute(select(SEQUENCES.c.station, SEQUENCES.c.mode, SEQUENCES.c.last))
    return {(station, Mode(mode)): number for station, mode, number in rows}


async def lasts_of(connection: AsyncConnection, whose: Iterable[Key]) -> dict[Key, int]:
    """Return the highest number of some stations, in all modes."""
    statement = select(SEQUENCES.c.station, SEQUENCES.c.mode, SEQUENCES.c.last)
    rows = await connection.execute(statement.where(SEQUENCES.c.station.in_({code for code, _ in whose})))
    return {(station, Mode(mode)): number for station, mode, number in rows}


async def payloads(connection: AsyncConnection, numbers: Iterable[int]) -> dict[int, bytes]:
    """Return the payloads of these notices."""
    found = select(NOTICES.c.notice_id, NOTICES.c.payload).where(NOTICES.c.notice_id.in_(list(numbers)))
    rows = (await connection.execute(found)).all()
    return {row.notice_id: row.payload for row in rows}


def _waiting() -> Select[Any]:
    ended = ITEMS.c.revision <= func.coalesce(TOMBSTONES.c.revision, 0)
    return (
        select(
            ITEMS.c.station,
            ITEMS.c.mode,
            ITEMS.c.sequence,
            ITEMS.c.kind,
            ITEMS.c.warning_id,
            ITEMS.c.revision,
            ITEMS.c.notice_id,
            ITEMS.c.expires,
            NOTICES.c.level,
            NOTICES.c.title,
            ended.label("ended"),
        )
        .join(NOTICES, NOTICES.c.notice_id == ITEMS.c.notice_id)
        .outerjoin(TOMBSTONES, TOMBSTONES.c.warning_id == ITEMS.c.warning_id)
        .order_by(ITEMS.c.station, ITEMS.c.mode, ITEMS.c.sequence)
    )


async def waiting_in(connection: AsyncConnection, deliveries: Iterable[UUID]) -> list[Waiting]:
    """Return the items of these deliveries and halts, by station and in the order of their sequence."""
    statement = _waiting().where(ITEMS.c.delivery_id.in_([str(d) for d in deliveries]))
    return await _read_waiting(connection, statement)


async def waiting_for(
    connection: AsyncConnection, station: str, mode: Mode, after: int, limit: int
) -> list[Waiting]:
    """Return a station's next items after a number, in order."""
    mine = and_(ITEMS.c.station == station, ITEMS.c.mode == mode, ITEMS.c.sequence > after)
    return await _read_waiting(connection, _waiting().where(mine).limit(limit))


async def _read_waiting(connection: AsyncConnection, statement: Executable) -> list[Waiting]:
    return [
        Waiting(
            station=row.station,
            mode=Mode(row.mode),
            sequence=row.sequence,
            kind=Kind(row.kind),
            warning_id=_uuid(row.warning_id),
            revision=row.revision,
            notice_id=row.notice_id,
            level=Level(row.level),
            title=row.title,
            expires=row.expires,
            ended=bool(row.ended),
        )
        for row in await connection.execute(statement)
    ]


async def open_of(
    connection: AsyncConnection, station: str, mode: Mode, limit: int
) -> list[tuple[Item, Level, str]]:
    """Return a station's items of which nothing has come yet, oldest first, with level and title."""
    statement = select(ITEMS, NOTICES.c.level, NOTICES.c.title)
    statement = statement.join(NOTICES, NOTICES.c.notice_id == ITEMS.c.notice_id)
    statement = statement.where(ITEMS.c.station == station, ITEMS.c.mode == mode, ITEMS.c.state.in_(OPEN))
    rows = await connection.execute(statement.order_by(ITEMS.c.sequence).limit(limit))
    return [(item_of(row), Level(row["level"]), row["title"]) for row in rows.mappings()]


@dataclass(frozen=True)
class Shown:
    """An item with the payload that its station got."""

    item: Item
    payload: bytes
    ended: bool


async def shown(
    connection: AsyncConnection, station: str, mode: Mode, warning_id: UUID, revision: int
) -> Shown | None:
    """Return the item by which a station first got a revision, None when it has none."""
    ended = ITEMS.c.revision <= func.coalesce(TOMBSTONES.c.revision, 0)
    statement = (
        select(ITEMS, NOTICES.c.payload, ended.label("ended"))
        .join(NOTICES, NOTICES.c.notice_id == ITEMS.c.notice_id)
        .outerjoin(TOMBSTONES, TOMBSTONES.c.warning_id == ITEMS.c.warning_id)
        .where(
            ITEMS.c.station == station,
            ITEMS.c.mode == mode,
            ITEMS.c.warning_id == str(warning_id),
            ITEMS.c.revision == revision,
            ITEMS.c.kind != Kind.HALT,
        )
        .order_by(ITEMS.c.sequence)
        .limit(1)
    )
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else Shown(item_of(row), row["payload"], bool(row["ended"]))

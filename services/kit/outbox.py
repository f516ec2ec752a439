"""The outbox and inbox tables: what is said lies here until the bus has it, as long as streams keep it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.message import LanedMessage, Message
from contracts.values import Lane, Mode
from services.kit.clock import microseconds

FLOOR = MetaData()

Sequence64 = BigInteger().with_variant(Integer, "sqlite")
"""A growing number; SQLite counts up only what is declared INTEGER."""

OUTBOX = Table(
    "outbox",
    FLOOR,
    Column("position", Sequence64, primary_key=True, autoincrement=True),
    Column("message_id", String(36), nullable=False, unique=True),
    Column("subject", String(200), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("lane", String(8), nullable=False),
    Column("ordering_key", String(100), nullable=False),
    Column("headers", LargeBinary, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("said_at", BigInteger, nullable=False),
    Column("published_at", BigInteger),
)
_WAITING = OUTBOX.c.published_at.is_(None)
Index(
    "outbox_unpublished",
    OUTBOX.c.mode,
    OUTBOX.c.lane,
    OUTBOX.c.position,
    postgresql_where=_WAITING,
    sqlite_where=_WAITING,
)

_BESIDE_US = 60 * 1_000_000
"""How far apart in the outbox transactions may lie that went on together."""

INBOX = Table(
    "inbox",
    FLOOR,
    Column("consumer", String(100), primary_key=True),
    Column("message_id", String(36), primary_key=True),
    Column("handled_at", BigInteger, nullable=False),
)


class AlreadyHandled(Exception):
    """This consumer has handled this message before: there is nothing to do."""


def lane_of(message: Message) -> tuple[Mode, Lane]:
    """Return the mode and lane in which a message is relayed; those without travel as live and routine."""
    if isinstance(message, LanedMessage):
        return message.mode, message.lane
    return Mode.LIVE, Lane.ROUTINE


def row_of(message: Message, message_id: UUID, now: datetime, headers: dict[str, str]) -> dict[str, Any]:
    """Return the outbox row of a message."""
    mode, lane = lane_of(message)
    return {
        "message_id": str(message_id),
        "subject": message.subject,
        "mode": mode,
        "lane": lane,
        "ordering_key": message.ordering_key,
        "headers": orjson.dumps(headers),
        "payload": message.to_bytes(),
        "said_at": microseconds(now),
        "published_at": None,
    }


async def mark_handled(connection: AsyncConnection, consumer: str, message_id: UUID, now: datetime) -> None:
    """Write the inbox row; raise AlreadyHandled when it is there."""
    row = {"consumer": consumer, "message_id": str(message_id), "handled_at": microseconds(now)}
    try:
        await connection.execute(INBOX.insert().values(row))
    except IntegrityError as error:
        raise AlreadyHandled(consumer) from error


_UNPUBLISHED = (
    select(*(OUTBOX.c[name] for name in ("position", "message_id", "subject", "headers", "payload")))
    .where(_WAITING, OUTBOX.c.mode == bindparam("mode"), OUTBOX.c.lane == bindparam("lane"))
    .order_by(OUTBOX.c.position)
    .limit(bindparam("most"))
)


async def unpublished(
    connection: AsyncConnection, mode: Mode, lane: Lane, limit: int
) -> Sequence[dict[str, Any]]:
    """Return the oldest unpublished rows of a lane; never `position > last`, which skips late commits."""
    wanted = {"mode": mode, "lane": lane, "most": limit}
    return [dict(row) for row in (await connection.execute(_UNPUBLISHED, wanted)).mappings()]


_PUBLISHED = (
    update(OUTBOX)
    .where(OUTBOX.c.position.in_(bindparam("positions", expanding=True)))
    .values(published_at=bindparam("at"))
)


async def mark_published(connection: AsyncConnection, positions: Sequence[int], now: datetime) -> None:
    """Note that the bus has these rows."""
    await connection.execute(_PUBLISHED, {"positions": list(positions), "at": microseconds(now)})


async def replay(connection: AsyncConnection, since: datetime) -> int:
    """Make every row said since then unpublished again, after the bus was lost; return how many."""
    statement = update(OUTBOX).where(OUTBOX.c.said_at >= microseconds(since))
    return (await connection.execute(statement.values(published_at=None))).rowcount


async def said_at(connection: AsyncConnection, at: datetime, ordering_key: str) -> list[tuple[str, bytes]]:
    """Return subject and payload of what one transaction said under a key, by the transaction's moment.

    Rows lie in the order in which they were said, so the place is found by halving; transactions that went on
    at the same time may lie between.
    """
    moment = microseconds(at)
    first, last = await _place(connection, moment - _BESIDE_US), await _place(connection, moment + _BESIDE_US)
    here = (OUTBOX.c.position >= first) & (OUTBOX.c.position < last)
    mine = (OUTBOX.c.ordering_key == ordering_key) & (OUTBOX.c.said_at == moment)
    statement = select(OUTBOX.c.subject, OUTBOX.c.payload).where(here, mine).order_by(OUTBOX.c.position)
    return [(row.subject, row.payload) for row in await connection.execute(statement)]


async def _place(connection: AsyncConnection, moment: int) -> int:
    """Return the first position at which something was said at a moment or later."""
    ends = (await connection.execute(select(func.min(OUTBOX.c.position), func.max(OUTBOX.c.position)))).one()
    low, high = (int(end or 0) for end in ends)
    high += 1
    while low < high:
        middle = (low + high) // 2
        at = select(OUTBOX.c.said_at).where(OUTBOX.c.position >= middle).order_by(OUTBOX.c.position).limit(1)
        found = (await connection.execute(at)).scalar_one_or_none()
        if found is not None and found < moment:
            low = middle + 1
        else:
            high = middle
    return low


async def waiting(connection: AsyncConnection) -> dict[tuple[Mode, Lane], tuple[int, int]]:
    """Return, for each lane in which something waits, how much and since when (microseconds)."""
    statement = (
        select(OUTBOX.c.mode, OUTBOX.c.lane, func.count(), func.min(OUTBOX.c.said_at))
        .where(OUTBOX.c.published_at.is_(None))
        .group_by(OUTBOX.c.mode, OUTBOX.c.lane)
    )
    rows = await connection.execute(statement)
    return {(Mode(mode), Lane(lane)): (count, oldest) for mode, lane, count, oldest in rows}


async def prune(connection: AsyncConnection, now: datetime, kept_s: int) -> int:
    """Delete published rows and inbox rows that are older than the streams keep messages."""
    limit = microseconds(now - timedelta(seconds=kept_s))
    old = delete(OUTBOX).where(OUTBOX.c.published_at.is_not(None), OUTBOX.c.said_at < limit)
    gone = (await connection.execute(old)).rowcount
    await connection.execute(delete(INBOX).where(INBOX.c.handled_at < limit))
    return gone

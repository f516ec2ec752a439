"""What was open at a moment: candidates by their span, targets, deliveries, and the reports before it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.deliveries import Delivery, Target
from services.audit.model.entry import read
from services.audit.model.rows import Ending, Plan, Revision, RevisionKey
from services.audit.store import books
from services.audit.store.ledger import unpacked
from services.audit.store.questions import Record
from services.audit.store.questions_tables import DUTY_KINDS, OF_A_STORY, among
from services.audit.store.tables import DELIVERIES, ENDINGS, PLANS, RECORDS, REVISIONS, TARGETS

MOST_STANDING = 2000
"""More revisions than ever stood at one moment."""


async def candidates(connection: AsyncConnection, at: datetime, mode: str | None) -> list[Revision]:
    """Return the revisions that had been published and not yet expired at a moment."""
    r = REVISIONS.c
    statement = select(REVISIONS).where(r.said_at <= at, r.expires_at > at)
    if mode is not None:
        statement = statement.where(r.mode == mode)
    ordered = statement.order_by(r.said_at.desc(), r.warning_id, r.revision)
    return await books.rows(connection, ordered.limit(MOST_STANDING), Revision)


async def endings(connection: AsyncConnection, warning_ids: Collection[str], at: datetime) -> list[Ending]:
    """Return what had been ended at a moment."""
    e = ENDINGS.c
    found: list[Ending] = []
    ordered = sorted(warning_ids)
    for start in range(0, len(ordered), books.AT_ONCE):
        some = ordered[start : start + books.AT_ONCE]
        statement = select(ENDINGS).where(e.warning_id.in_(some), e.at <= at)
        found += await books.rows(connection, statement, Ending)
    return found


async def plan(connection: AsyncConnection, key: RevisionKey) -> Plan | None:
    """Return the plan of a revision."""
    p = PLANS.c
    statement = select(PLANS).where(p.warning_id == key[0], p.revision == key[1])
    found = await books.rows(connection, statement, Plan)
    return found[0] if found else None


async def targets(connection: AsyncConnection, key: RevisionKey, limit: int) -> list[Target]:
    """Return the named targets of a revision, all channels."""
    t = TARGETS.c
    statement = select(TARGETS).where(t.warning_id == key[0], t.revision == key[1])
    return await books.rows(connection, statement.order_by(t.channel, t.target).limit(limit), Target)


async def deliveries(
    connection: AsyncConnection, key: RevisionKey, channels: Collection[str], limit: int
) -> list[Delivery]:
    """Return the deliveries of a revision on some channels."""
    d = DELIVERIES.c
    mine = (d.warning_id == key[0], d.revision == key[1], d.channel.in_(channels))
    statement = select(DELIVERIES).where(*mine).order_by(d.channel, d.delivery_id).limit(limit)
    return await books.rows(connection, statement, Delivery)


async def reports(
    connection: AsyncConnection, warning_id: str, at: datetime, before: int, limit: int
) -> list[Record]:
    """Return records of a warning before a position that may be reports of before a moment, newest first.

    The kind is compared in a way that no index of kinds can serve: SQLite would take that one, and read the
    reports of all warnings.
    """
    r = RECORDS.c
    statement = select(RECORDS).where(
        *(r.warning_id == warning_id, r.position < before),
        *(
            r.kind.concat("") == "delivery.reported",
            r.channel.in_(("sms", "wechat", "voice")),
            r.event_at <= at,
        ),
    )
    rows = await connection.execute(statement.order_by(r.position.desc()).limit(limit))
    return [dict(row) for row in rows.mappings()]


async def story(
    connection: AsyncConnection, warning_id: str, kind: str, limit: int, at: datetime | None = None
) -> list[Record]:
    """Return the newest plans, amendments or duties of a warning, up to a moment."""
    r = RECORDS.c
    statement = select(RECORDS).where(r.warning_id == warning_id, r.kind == kind, among(OF_A_STORY))
    if at is not None:
        statement = statement.where(r.event_at <= at)
    rows = await connection.execute(statement.order_by(r.position.desc()).limit(limit))
    return [dict(row) for row in rows.mappings()]


async def climbed(connection: AsyncConnection, warning_id: str, at: datetime) -> dict[str, int]:
    """Return how often each thing had happened to the duties of a warning."""
    r = RECORDS.c
    statement = (
        select(r.kind, func.count())
        .where(r.warning_id == warning_id, r.kind.in_(DUTY_KINDS), among(OF_A_STORY), r.event_at <= at)
        .group_by(r.kind)
    )
    return {row[0]: int(row[1]) for row in await connection.execute(statement)}


def message_of(record: Record) -> Any:
    """Return the message of a record, None when it cannot be read."""
    return read(orjson.loads(record["leaf"])["subject"], unpacked(record["payload"])).message


def messages_of(records: Sequence[Record]) -> list[Any]:
    """Return the messages of records that can be read."""
    return [message for message in map(message_of, records) if message is not None]

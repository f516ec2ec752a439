"""What is asked of gateways: sums by day and revision, and what is said of a gateway by itself."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.carried import ALL_SUMS, Sum
from services.audit.store.folding import sum_of
from services.audit.store.questions import Record
from services.audit.store.questions_tables import (
    CARRIED,
    CARRIED_DAYS,
    CARRIERS,
    GATEWAY_KINDS,
    OF_THINGS,
    among,
)
from services.audit.store.tables import ENDINGS, PLACES, RECORDS, REVISIONS

OfRevision = tuple[str, int]
OfDay = tuple[str, str, Sum]
"""Day, channel, sum."""


MOST_LISTED = 370
"""So many days are looked up one by one, which an index answers without reading the other gateways."""


def _chosen(table: Table, days: Sequence[str], mode: str, route: str | None) -> list[Any]:
    c = table.c
    period = c.day.in_(days) if len(days) <= MOST_LISTED else c.day.between(days[0], days[-1])
    return [period, c.mode == mode, *([c.route == route] if route is not None else [])]


def _sums(table: Table) -> list[Any]:
    return [func.coalesce(func.sum(table.c[name]), 0).label(name) for name in ALL_SUMS]


async def routes(connection: AsyncConnection, days: Sequence[str], mode: str) -> list[tuple[str, Sum]]:
    """Return every gateway that was asked for anything in these days, with its counts."""
    c = CARRIED_DAYS.c
    statement = select(c.route, *_sums(CARRIED_DAYS)).where(*_chosen(CARRIED_DAYS, days, mode, None))
    found = (await connection.execute(statement.group_by(c.route).order_by(c.route))).mappings()
    return [(row["route"], Sum({name: int(row[name]) for name in ALL_SUMS})) for row in found]


async def days(connection: AsyncConnection, chosen: Sequence[str], mode: str, route: str) -> list[OfDay]:
    """Return the sums of one gateway by day and channel."""
    statement = select(CARRIED_DAYS).where(*_chosen(CARRIED_DAYS, chosen, mode, route))
    rows = (await connection.execute(statement)).mappings()
    return [(row["day"], row["channel"], sum_of(dict(row))) for row in rows]


async def largest(
    connection: AsyncConnection, chosen: Sequence[str], mode: str, route: str, skip: int, limit: int
) -> list[OfRevision]:
    """Return the revisions of which a gateway was asked to carry most, the largest first."""
    c = CARRIED.c
    statement = select(c.warning_id, c.revision).where(*_chosen(CARRIED, chosen, mode, route))
    statement = statement.group_by(c.warning_id, c.revision)
    ordered = statement.order_by(func.sum(c.recipients).desc(), c.warning_id, c.revision)
    rows = await connection.execute(ordered.offset(skip).limit(limit))
    return [(row[0], row[1]) for row in rows]


async def of_revisions(
    connection: AsyncConnection, chosen: Sequence[str], mode: str, route: str, keys: Collection[OfRevision]
) -> list[tuple[OfRevision, Sum]]:
    """Return the sums of some revisions, one for each day and channel."""
    c = CARRIED.c
    mine = c.warning_id.in_(sorted({warning_id for warning_id, _ in keys}))
    statement = select(CARRIED).where(*_chosen(CARRIED, chosen, mode, route), mine)
    rows = (await connection.execute(statement)).mappings()
    return [((row["warning_id"], row["revision"]), sum_of(dict(row))) for row in rows]


async def stops(connection: AsyncConnection, chosen: Sequence[str], mode: str, route: str) -> Sum:
    """Return the sums of the revisions that were ended before they expired."""
    c, e = CARRIED.c, ENDINGS.c
    over = exists().where(e.warning_id == c.warning_id, e.revision >= c.revision, e.reason != "expired")
    statement = select(*_sums(CARRIED)).where(*_chosen(CARRIED, chosen, mode, route), over)
    row = (await connection.execute(statement)).mappings().one()
    return Sum({name: int(row[name]) for name in ALL_SUMS})


async def faces(
    connection: AsyncConnection, warning_ids: Collection[str]
) -> dict[OfRevision, tuple[str, str, str]]:
    """Return level, verb and headline of the revisions of some warnings."""
    r = REVISIONS.c
    statement = select(r.warning_id, r.revision, r.level, r.verb, r.headline)
    rows = await connection.execute(statement.where(r.warning_id.in_(warning_ids)))
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}


async def ended(connection: AsyncConnection, warning_ids: Collection[str]) -> dict[str, int]:
    """Return which of these warnings were ended before they expired, and up to which revision."""
    e = ENDINGS.c
    statement = select(e.warning_id, func.max(e.revision)).where(
        e.warning_id.in_(warning_ids), e.reason != "expired"
    )
    rows = await connection.execute(statement.group_by(e.warning_id))
    return {row[0]: int(row[1]) for row in rows}


async def operators(connection: AsyncConnection) -> dict[str, str]:
    """Return the operator of every gateway of which the registry has spoken."""
    return {row[0]: row[1] for row in await connection.execute(select(CARRIERS.c.route, CARRIERS.c.operator))}


async def said(
    connection: AsyncConnection, gateway: str, mode: str, first: datetime, last: datetime
) -> dict[str, int]:
    """Return how often each thing was said of a gateway in a period."""
    r = RECORDS.c
    statement = select(r.kind, func.count()).where(*_of_gateway(gateway, mode, first, last))
    return {row[0]: int(row[1]) for row in await connection.execute(statement.group_by(r.kind))}


async def facts(
    connection: AsyncConnection,
    gateway: str,
    mode: str,
    first: datetime,
    last: datetime,
    before: tuple[datetime, int] | None,
    limit: int,
) -> list[Record]:
    """Return what was said of a gateway in a period, newest first, beyond a cursor."""
    r = RECORDS.c
    statement = select(RECORDS).where(*_of_gateway(gateway, mode, first, last))
    if before is not None:
        at, position = before
        statement = statement.where((r.event_at < at) | ((r.event_at == at) & (r.position < position)))
    statement = statement.order_by(r.event_at.desc(), r.position.desc()).limit(limit)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


def _of_gateway(gateway: str, mode: str, first: datetime, last: datetime) -> list[Any]:
    r = RECORDS.c
    told = [r.about == gateway, r.event_at >= first, r.event_at < last, r.mode == mode]
    return [*told, among(OF_THINGS), r.kind.concat("").in_(GATEWAY_KINDS)]


async def known(connection: AsyncConnection, gateway: str) -> bool:
    """Tell whether the ledger has ever heard of a gateway."""
    r = RECORDS.c
    for statement in (
        select(PLACES.c.code).where(PLACES.c.code == gateway),
        select(r.position).where(r.about == gateway),
    ):
        if (await connection.execute(statement.limit(1))).first():
            return True
    return False

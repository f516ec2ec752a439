"""What is asked of gateways: sums by day and revision, and what is said of a gateway by itself."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.carried import SUMS, Sum
from services.audit.store.folding import sum_of
from services.audit.store.questions import Record
from services.audit.store.questions_tables import CARRIED, CARRIERS, GATEWAY_KINDS, OF_THINGS, among
from services.audit.store.tables import ENDINGS, PLACES, RECORDS, REVISIONS

OfRevision = tuple[str, int]
OfDay = tuple[str, str, OfRevision, Sum]
"""Day, channel, revision, sum."""


def _chosen(statement: Select[Any], days: Sequence[str], mode: str, route: str | None) -> Select[Any]:
    c = CARRIED.c
    period = c.day.in_(days) if len(days) <= MOST_LISTED else c.day.between(days[0], days[-1])
    chosen = statement.where(period, c.mode == mode)
    return chosen.where(c.route == route) if route is not None else chosen


MOST_LISTED = 370
"""So many days are looked up one by one, which an index answers without reading the other gateways."""


async def routes(connection: AsyncConnection, days: Sequence[str], mode: str) -> list[dict[str, Any]]:
    """Return the counts of every gateway that was asked for anything in these days."""
    c = CARRIED.c
    names = (*SUMS, "attempts", "repeated", "ran_out")
    sums = [func.sum(c[name]).label(name) for name in names]
    statement = select(c.route, func.count().label("revisions"), *sums).group_by(c.route).order_by(c.route)
    found = (await connection.execute(_chosen(statement, days, mode, None))).mappings()
    return [{name: value if name == "route" else int(value) for name, value in row.items()} for row in found]


async def days(connection: AsyncConnection, chosen: Sequence[str], mode: str, route: str) -> list[OfDay]:
    """Return the sums of one gateway: day, channel, revision, sum."""
    found = (await connection.execute(_chosen(select(CARRIED), chosen, mode, route))).mappings()
    return [(r["day"], r["channel"], (r["warning_id"], r["revision"]), sum_of(dict(r))) for r in found]


async def faces(
    connection: AsyncConnection, warning_ids: Collection[str]
) -> dict[OfRevision, tuple[str, str, str]]:
    """Return level, verb and headline of the revisions of some warnings."""
    r = REVISIONS.c
    statement = select(r.warning_id, r.revision, r.level, r.verb, r.headline)
    rows = await connection.execute(statement.where(r.warning_id.in_(warning_ids)))
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}


async def ended(connection: AsyncConnection, chosen: Sequence[str], mode: str, route: str) -> dict[str, int]:
    """Return which warnings of one gateway were ended before they expired, and up to which revision."""
    e = ENDINGS.c
    carried = _chosen(select(CARRIED.c.warning_id), chosen, mode, route)
    statement = select(e.warning_id, func.max(e.revision)).where(
        e.warning_id.in_(carried), e.reason != "expired"
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
    return [*told, among(OF_THINGS), r.kind.in_(GATEWAY_KINDS)]


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

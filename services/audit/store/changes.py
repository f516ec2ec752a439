"""What was said of the registry in a period, the newest first."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.rows import Revision
from services.audit.store import books
from services.audit.store.questions import Record
from services.audit.store.questions_tables import OF_A_STORY, REGISTRY_KINDS, among
from services.audit.store.tables import DELIVERIES, RECORDS, REVISIONS


async def revisions(connection: AsyncConnection, warning_id: str) -> list[Revision]:
    """Return the revisions of a warning, the first one first."""
    r = REVISIONS.c
    statement = select(REVISIONS).where(r.warning_id == warning_id).order_by(r.revision)
    return await books.rows(connection, statement, Revision)


async def plan(connection: AsyncConnection, warning_id: str) -> list[Record]:
    """Return the records of the plans of a warning, the newest first."""
    r = RECORDS.c
    statement = select(RECORDS).where(r.warning_id == warning_id, r.kind == "plan.made", among(OF_A_STORY))
    found = await connection.execute(statement.order_by(r.position.desc()).limit(50))
    return [dict(row) for row in found.mappings()]


async def routes(connection: AsyncConnection, warning_id: str) -> set[str]:
    """Return the gateways that were asked to carry a warning."""
    d = DELIVERIES.c
    statement = select(d.route).where(d.warning_id == warning_id, d.route.is_not(None)).distinct()
    return set((await connection.execute(statement)).scalars())


async def counts(connection: AsyncConnection, first: datetime, last: datetime) -> dict[str, int]:
    """Return how often each thing was said of the registry in a period."""
    r = RECORDS.c
    period = (r.recorded_at >= first, r.recorded_at <= last)
    statement = select(r.kind, func.count()).where(*period, among(REGISTRY_KINDS)).group_by(r.kind)
    return {row[0]: int(row[1]) for row in await connection.execute(statement)}


async def said(
    connection: AsyncConnection,
    first: datetime,
    last: datetime,
    before: tuple[datetime, int] | None,
    limit: int,
    kinds: Sequence[str] = (),
) -> list[Record]:
    """Return what was said of the registry in a period, beyond a cursor."""
    r = RECORDS.c
    statement = select(RECORDS).where(r.recorded_at >= first, r.recorded_at <= last, among(REGISTRY_KINDS))
    if before is not None:
        at, position = before
        statement = statement.where(r.recorded_at <= at)
        statement = statement.where((r.recorded_at < at) | (r.position < position))
    if kinds:
        statement = statement.where(r.kind.concat("").in_(kinds))
    ordered = statement.order_by(r.recorded_at.desc(), r.position.desc()).limit(limit)
    return [dict(row) for row in (await connection.execute(ordered)).mappings()]

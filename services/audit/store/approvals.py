"""Who approved: revisions by the moment of their approval, and what people did to them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.approval import Act
from services.audit.model.rows import Revision
from services.audit.store import books
from services.audit.store.folding import acts_of
from services.audit.store.questions_tables import A_PART, ACTS
from services.audit.store.tables import REVISIONS

Place = tuple[datetime, str, int]
"""When a revision was approved, its warning and number."""

MOST_ACTS = 500
"""So many acts of one warning are read; a warning has about ten."""


@dataclass(frozen=True)
class Wanted:
    """Which approvals are asked about; what is None does not matter."""

    first: datetime | None = None
    last: datetime | None = None
    person: str | None = None
    level: str | None = None
    hazard: str | None = None
    mode: str | None = None
    emergency: bool | None = None


async def revisions(
    connection: AsyncConnection, wanted: Wanted, before: Place | None, limit: int
) -> list[Revision]:
    """Return revisions, the last approved first, beyond a cursor."""
    r, a = REVISIONS.c, ACTS.c
    statement = select(REVISIONS)
    if wanted.first is not None:
        statement = statement.where(r.approved_at >= wanted.first)
    if wanted.last is not None:
        statement = statement.where(r.approved_at < wanted.last)
    for column in ("level", "hazard", "mode"):
        if getattr(wanted, column) is not None:
            statement = statement.where(r[column] == getattr(wanted, column))
    if wanted.person is not None:
        did = select(a.warning_id).where(a.person == wanted.person, A_PART)
        statement = statement.where(r.warning_id.in_(did))
    if wanted.emergency is not None:
        urgent = exists().where(a.warning_id == r.warning_id, a.emergency, a.revision == r.revision)
        statement = statement.where(urgent if wanted.emergency else ~urgent)
    place = (r.approved_at, r.warning_id, r.revision)
    if before is not None:
        statement = statement.where(tuple_(*place) < before)
    ordered = statement.order_by(*(column.desc() for column in place)).limit(limit)
    return await books.rows(connection, ordered, Revision)


async def acts(connection: AsyncConnection, warning_ids: Collection[str]) -> dict[str, list[Act]]:
    """Return what people did to warnings that their stories are made of, in the order of the ledger."""
    found: dict[str, list[Act]] = {}
    for warning_id in sorted(warning_ids):
        mine = select(ACTS).where(ACTS.c.warning_id == warning_id, A_PART)
        statement = mine.order_by(ACTS.c.position)
        rows = (await connection.execute(statement.limit(MOST_ACTS))).mappings()
        found[warning_id] = acts_of(dict(row) for row in rows)
    return found

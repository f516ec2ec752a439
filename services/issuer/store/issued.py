"""What was ever issued, for whoever compares it with what was heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.values import Mode
from services.issuer.store.tables import WARNINGS

Key = tuple[str, int]
"""A warning and its revision."""


@dataclass(frozen=True)
class Issued:
    """A revision that has been issued, whatever became of it."""

    warning_id: str
    revision: int
    mode: Mode
    approved_at: datetime


async def page(
    connection: AsyncConnection,
    after: Key | None,
    limit: int,
    only: UUID | None = None,
    since: datetime | None = None,
) -> Sequence[Issued]:
    """Return issued revisions after a key, in the order of their keys."""
    key = tuple_(WARNINGS.c.warning_id, WARNINGS.c.revision)
    columns = (WARNINGS.c.warning_id, WARNINGS.c.revision, WARNINGS.c.mode, WARNINGS.c.approved_at)
    statement = select(*columns).where(WARNINGS.c.approved_at.is_not(None))
    if after is not None:
        statement = statement.where(key > after)
    if only is not None:
        statement = statement.where(WARNINGS.c.warning_id == str(only))
    if since is not None:
        statement = statement.where(WARNINGS.c.approved_at >= since)
    rows = await connection.execute(statement.order_by(*columns[:2]).limit(limit))
    return [Issued(row.warning_id, row.revision, Mode(row.mode), row.approved_at) for row in rows]

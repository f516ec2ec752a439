"""The spool: warnings that are saved and said, and that the bus has not taken yet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.kit.clock import from_microseconds, microseconds
from services.kit.outbox import OUTBOX


async def waiting(connection: AsyncConnection, said_before: datetime) -> dict[UUID, datetime]:
    """Return the warnings of which something said before a moment has not gone out, and since when."""
    statement = (
        select(OUTBOX.c.ordering_key, func.min(OUTBOX.c.said_at))
        .where(OUTBOX.c.published_at.is_(None), OUTBOX.c.subject.like("yutian.%.warning.%"))
        .where(OUTBOX.c.said_at <= microseconds(said_before))
        .group_by(OUTBOX.c.ordering_key)
    )
    rows = await connection.execute(statement)
    return {UUID(key): from_microseconds(since) for key, since in rows}

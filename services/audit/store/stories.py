"""What the story of one warning is drawn from: its acts, and the channels whose targets have names."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.acts import OF_CLOCKS, OF_PEOPLE
from services.audit.store.questions import Record
from services.audit.store.tables import RECORDS, TARGETS

MOST_ACTS = 5000


async def acts(connection: AsyncConnection, warning_id: str) -> Sequence[Record]:
    """Return the records of what people and clocks did about a warning, in order."""
    r = RECORDS.c
    kinds = or_(r.kind.like(f"{OF_PEOPLE}.%"), r.kind.like(f"{OF_CLOCKS}.%"))
    statement = select(RECORDS).where(r.warning_id == warning_id, kinds).order_by(r.position)
    return [dict(row) for row in (await connection.execute(statement.limit(MOST_ACTS))).mappings()]


async def channels(connection: AsyncConnection, warning_id: str) -> list[tuple[int, str]]:
    """Return the revisions and channels of a warning whose targets have names."""
    t = TARGETS.c
    statement = select(t.revision, t.channel).where(t.warning_id == warning_id).distinct()
    return sorted((row.revision, row.channel) for row in await connection.execute(statement))

"""Books as they were: the accounts of warnings when the ledger had so many records, and facts about them."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.store.reports import Kept
from services.audit.store.tables import RECORDS

ACCOUNTED = (
    *("warning.issued", "warning.updated", "warning.cancelled", "warning.halted", "warning.expired"),
    *("plan.made", "plan.amended", "delivery.requested", "delivery.reported"),
)
"""Kinds of records out of which the books are made."""

AT_ONCE = 1000


async def changed_since(connection: AsyncConnection, warning_ids: Collection[str], at: int) -> set[str]:
    """Return the warnings whose books have heard anything since."""
    c = RECORDS.c
    later = c.warning_id.in_(warning_ids), c.position > at, c.kind.in_(ACCOUNTED)
    return set((await connection.execute(select(c.warning_id).where(*later).distinct())).scalars())


async def of_warning(
    connection: AsyncConnection, warning_id: str, kinds: Sequence[str], at: int, *, like: str = ""
) -> AsyncIterator[list[Kept]]:
    """Yield the records of a warning of these kinds, or of a kind that ends like that, in order."""
    c, after = RECORDS.c, 0
    kind = c.kind.in_(kinds)
    wanted = or_(kind, c.kind.like(f"%{like}")) if like else kind
    while True:
        statement = (
            select(c.position, c.leaf, c.payload)
            .where(c.warning_id == warning_id, c.position > after, c.position <= at, wanted)
            .order_by(c.position)
            .limit(AT_ONCE)
        )
        rows = [Kept(*row) for row in await connection.execute(statement)]
        if rows:
            yield rows
            after = rows[-1].position
        if len(rows) < AT_ONCE:
            return


async def recorded_at(connection: AsyncConnection, at: int) -> datetime | None:
    """Return when a record was recorded, None when there is none at this position."""
    return (await connection.execute(select(RECORDS.c.recorded_at).where(RECORDS.c.position == at))).scalar()

"""The history of an account: who did what to it, and what it did at the door."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.issuer.store.tables import PEOPLE_EVENTS
from services.kit import origin
from services.kit.db import Transaction


@dataclass(frozen=True)
class PeopleEvent:
    """Something that happened to an account."""

    position: int
    at: datetime
    actor: str
    act: str
    note: str
    source: str | None
    session: str | None


async def tell(
    tx: Transaction, username: str, actor: str, act: str, note: str = "", session: str | None = None
) -> None:
    """Write what happened, and from where."""
    came = origin.current()
    row = {"username": username, "at": tx.now, "actor": actor, "act": act, "note": note}
    await tx.execute(
        PEOPLE_EVENTS.insert().values(**row, source=came.source, session=session or came.session)
    )


async def page(
    connection: AsyncConnection, username: str, before: int | None, limit: int
) -> list[PeopleEvent]:
    """Return what happened, the newest first, before a position."""
    statement = select(*(PEOPLE_EVENTS.c[name] for name in PeopleEvent.__dataclass_fields__))
    statement = statement.where(PEOPLE_EVENTS.c.username == username)
    if before is not None:
        statement = statement.where(PEOPLE_EVENTS.c.position < before)
    statement = statement.order_by(PEOPLE_EVENTS.c.position.desc()).limit(limit)
    return [PeopleEvent(**row) for row in (await connection.execute(statement)).mappings()]

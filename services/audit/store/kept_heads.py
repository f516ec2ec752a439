"""Which heads lie outside already, and what is asked about heads when they are compared."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.store.books import upsert
from services.audit.store.keeping_tables import KEPT_HEADS
from services.audit.store.tables import HEADS, RECORDS
from services.kit.db import Transaction

LEDGER = "ledger"
"""The ledger itself: up to which head it has the fact that it was signed."""


async def place(connection: AsyncConnection, name: str) -> tuple[int, datetime | None]:
    """Return up to which size a place has the heads, and since when it takes no more (or the last fact)."""
    found = (await connection.execute(select(KEPT_HEADS).where(KEPT_HEADS.c.place == name))).mappings()
    row = found.one_or_none()
    return (row["size"], row["since"]) if row else (0, None)


async def places(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Return what is known of each place outside."""
    statement = select(KEPT_HEADS).where(KEPT_HEADS.c.place != LEDGER).order_by(KEPT_HEADS.c.place)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def keep_place(
    tx: Transaction, name: str, size: int, *, since: datetime | None = None, why: str = ""
) -> None:
    """Note up to which size a place has the heads, and why it has no more."""
    row = {"place": name, "size": size, "since": since, "why": why[:200]}
    await tx.execute(upsert(tx, KEPT_HEADS), [row])


async def any_of(connection: AsyncConnection, kinds: Sequence[str], after: int, upto: int) -> bool:
    """Tell whether there is a record of these kinds between two positions."""
    r = RECORDS.c
    some = select(r.position).where(r.kind.in_(kinds), r.position > after, r.position <= upto).limit(1)
    return (await connection.execute(some)).first() is not None


async def beyond(connection: AsyncConnection, size: int, limit: int) -> list[dict[str, Any]]:
    """Return the next heads beyond a size, smallest first."""
    statement = select(HEADS).where(HEADS.c.size > size).order_by(HEADS.c.size).limit(limit)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def newest(connection: AsyncConnection, limit: int | None) -> list[dict[str, Any]]:
    """Return the newest heads, or all, smallest first."""
    statement = select(HEADS).order_by(HEADS.c.size.desc())
    if limit is not None:
        statement = statement.limit(limit)
    return [dict(row) for row in reversed((await connection.execute(statement)).mappings().all())]


async def facts(connection: AsyncConnection, kind: str, limit: int | None) -> list[dict[str, Any]]:
    """Return the newest records of a kind, or all, oldest first."""
    r = RECORDS.c
    statement = select(r.position, r.leaf, r.payload).where(r.kind == kind).order_by(r.position.desc())
    if limit is not None:
        statement = statement.limit(limit)
    return [dict(row) for row in reversed((await connection.execute(statement)).mappings().all())]

"""Queries over the tables of the kinds, the same for each of them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.kit.clock import BEIJING
from services.kit.db import Database, Transaction
from services.registry.store.rows import BY_KIND, RECIPIENTS
from services.registry.store.tables import BLOCKS

CHUNK = 500


def key_of(table: Table) -> Any:
    """Return the column that names the rows of a table."""
    (key,) = table.primary_key.columns
    return key


def today(now: datetime) -> str:
    """Return the day in Beijing, as validity is counted."""
    return now.astimezone(BEIJING).date().isoformat()


def valid(table: Table, day: str) -> ColumnElement[bool]:
    """Return what a row fulfils that is valid on a day."""
    begun = or_(table.c.valid_from.is_(None), table.c.valid_from <= day)
    return and_(begun, or_(table.c.valid_to.is_(None), table.c.valid_to > day))


async def valid_rows(tx: Transaction, table: Table, day: str, *where: Any) -> list[dict[str, Any]]:
    """Return the rows that are valid on a day, in the order of their key."""
    statement = select(table).where(valid(table, day), *where).order_by(key_of(table))
    return [dict(row) for row in (await tx.execute(statement)).mappings()]


async def all_of(tx: Transaction, table: Table) -> dict[str, dict[str, Any]]:
    """Return every row of a table by its key."""
    key = key_of(table)
    return {row[key.name]: dict(row) for row in (await tx.execute(select(table))).mappings()}


async def known(tx: Transaction, table: Table, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the rows of these keys."""
    return await known_in(tx.connection, table, keys)


async def known_in(
    connection: AsyncConnection, table: Table, keys: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return the rows of these keys, as a connection sees them."""
    key = key_of(table)
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(keys), CHUNK):
        statement = select(table).where(key.in_(keys[start : start + CHUNK]))
        found |= {row[key.name]: dict(row) for row in (await connection.execute(statement)).mappings()}
    return found


async def replace(tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows, in place of those with the same keys."""
    key = key_of(table)
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        await tx.execute(delete(table).where(key.in_([row[key.name] for row in part])))
        await tx.execute(table.insert(), part)


async def checked(tx: Transaction, table: Table, keys: Sequence[str]) -> None:
    """Note that somebody found these rows right."""
    for start in range(0, len(keys), CHUNK):
        mine = key_of(table).in_(keys[start : start + CHUNK])
        await tx.execute(update(table).where(mine).values(checked_at=tx.now))


async def page(
    db: Database, table: Table, after: str, limit: int, **where: Any
) -> Sequence[Mapping[str, Any]]:
    """Return rows in the order of their key, after a cursor, filtered by equal columns."""
    key = key_of(table)
    statement = select(table).where(key > after).order_by(key).limit(limit)
    for name, value in where.items():
        if value is not None:
            statement = statement.where(table.c[name] == value)
    return await db.rows(statement)


async def streamed(
    db: Database, statement: Select[Any], key: Any, size: int = 2000
) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """Yield the rows of a statement in the order of a unique column, some at a time."""
    after: str | None = None
    while True:
        later = statement if after is None else statement.where(key > after)
        rows = await db.rows(later.order_by(key).limit(size))
        if rows:
            yield rows
        if len(rows) < size:
            return
        after = rows[-1][key.name]


async def of_villages(db: Database, villages: Sequence[str], day: str) -> dict[str, list[Mapping[str, Any]]]:
    """Return the people of these villages who could be on duty: not those who only asked to be told."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    answering = RECIPIENTS.c.role.not_in(("subscriber", "public"))
    for start in range(0, len(villages), CHUNK):
        mine = RECIPIENTS.c.village_code.in_(villages[start : start + CHUNK])
        statement = select(RECIPIENTS).where(mine, answering, valid(RECIPIENTS, day))
        for row in await db.rows(statement.order_by(RECIPIENTS.c.recipient_id)):
            found.setdefault(row["village_code"], []).append(row)
    return found


async def counts(db: Database) -> dict[str, int]:
    """Return how many rows each table has."""
    return {
        kind: int((await db.rows(select(func.count().label("n")).select_from(table)))[0]["n"])
        for kind, table in BY_KIND.items()
    }


async def addresses(db: Database) -> dict[str, str]:
    """Return the address of every published block."""
    return {row["block"]: row["sha256"] for row in await db.rows(select(BLOCKS.c.block, BLOCKS.c.sha256))}

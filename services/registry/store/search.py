"""Looking for rows: by words, by place, by role or group, by how long nobody has checked them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.kit.db import Database
from services.registry.store.queries import key_of, valid
from services.registry.store.rows import BY_KIND
from services.registry.store.tables import HISTORY

_PLACES = ("village_code", "town_code", "block", "code")


@dataclass(frozen=True)
class Wanted:
    """Which rows of a kind are looked for."""

    words: str = ""
    phone_hash: str | None = None
    under: str = ""
    """A town's or village's code; empty: anywhere."""
    role: str = ""
    group: str = ""
    day: str = ""
    """Only what is valid on this day; empty: whatever there ever was."""
    checked_before: datetime | None = None
    equal: tuple[tuple[str, str], ...] = ()


def found(kind: str, wanted: Wanted) -> Select[Any]:
    """Return the statement of the rows that are looked for."""
    table = BY_KIND[kind]
    statement = select(table)
    if wanted.phone_hash and "phone_hash" in table.c:
        statement = statement.where(table.c.phone_hash == wanted.phone_hash)
    elif wanted.words:
        statement = statement.where(_words(table, wanted.words))
    if wanted.under:
        statement = statement.where(_place(table).startswith(wanted.under, autoescape=True))
    if wanted.role and "role" in table.c:
        statement = statement.where(table.c.role == wanted.role)
    if wanted.group and "groups" in table.c:
        padded = " " + table.c.groups + " "
        statement = statement.where(padded.contains(f" {wanted.group} ", autoescape=True))
    if wanted.day:
        statement = statement.where(valid(table, wanted.day))
    if wanted.checked_before is not None:
        old = table.c.checked_at
        statement = statement.where(or_(old.is_(None), old < wanted.checked_before))
    for name, value in wanted.equal:
        statement = statement.where(table.c[name] == value)
    return statement


async def listed(
    db: Database, kind: str, wanted: Wanted, after: str, limit: int
) -> Sequence[Mapping[str, Any]]:
    """Return rows in the order of their key, after a cursor."""
    key = key_of(BY_KIND[kind])
    return await db.rows(found(kind, wanted).where(key > after).order_by(key).limit(limit))


async def count(db: Database, kind: str, wanted: Wanted) -> int:
    """Return how many rows there are like that."""
    statement = select(func.count().label("n")).select_from(found(kind, wanted).subquery())
    return int((await db.rows(statement))[0]["n"])


async def past(
    connection: AsyncConnection, kind: str, key: str, limit: int = 50
) -> Sequence[Mapping[str, Any]]:
    """Return what a row was before, the newest first."""
    mine = (HISTORY.c.kind == kind) & (HISTORY.c.key == key)
    statement = select(HISTORY).where(mine).order_by(HISTORY.c.version.desc()).limit(limit)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


def _words(table: Table, words: str) -> ColumnElement[bool]:
    columns = [key_of(table), *(table.c[name] for name in ("name", "place", "person") if name in table.c)]
    return or_(*(column.contains(words, autoescape=True) for column in columns))


def _place(table: Table) -> Any:
    return next(table.c[name] for name in _PLACES if name in table.c)

"""Tables and queries of the registry. Phones lie sealed, beside their keyed hash."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    select,
)

from services.kit import proposals
from services.kit.db import Database, Moment, Transaction

metadata = MetaData()

TOWNS = Table(
    "towns",
    metadata,
    Column("code", String(9), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("name_en", String(60), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("population", Integer, nullable=False),
    Column("cell", Text, nullable=False),
    Column("cell_quality", String(12), nullable=False),
)

VILLAGES = Table(
    "villages",
    metadata,
    Column("code", String(12), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("official_name", String(80), nullable=False),
    Column("town_code", String(9), nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("position", String(10), nullable=False),
    Column("cell", Text, nullable=False),
    Column("cell_quality", String(12), nullable=False),
)

STATIONS = Table(
    "stations",
    metadata,
    Column("code", String(12), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("village_code", String(12), nullable=False, index=True),
    Column("station_class", String(10), nullable=False),
    Column("duty_name", String(60)),
    Column("presence", String(8), nullable=False),
    Column("presence_at", Moment),
)

RECIPIENTS = Table(
    "recipients",
    metadata,
    Column("recipient_id", String(40), primary_key=True),
    Column("village_code", String(12), nullable=False),
    Column("name", String(60), nullable=False),
    Column("role", String(30), nullable=False),
    Column("groups", String(200), nullable=False),
    Column("phone_sealed", LargeBinary),
    Column("phone_hash", String(16)),
    Column("operator", String(4)),
    Column("openid", String(64)),
    Column("station", String(12)),
)
Index("recipients_by_village", RECIPIENTS.c.village_code, RECIPIENTS.c.recipient_id)

GATEWAYS = Table(
    "gateways",
    metadata,
    Column("gateway_id", String(31), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("operator", String(4), nullable=False),
    Column("area_orders", Boolean, nullable=False),
)

ACCOUNTS = Table(
    "accounts",
    metadata,
    Column("account_id", String(31), primary_key=True),
    Column("channel", String(10), nullable=False),
    Column("name", String(60), nullable=False),
)

KEYS = Table(
    "api_keys",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("owner", String(40), nullable=False, index=True),
    Column("mode", String(8), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)

PROPOSALS = proposals.table(metadata)
"""Keys that one operator wants to give and another has not confirmed yet."""

BLOCKS = Table(
    "blocks",
    metadata,
    Column("block", String(20), primary_key=True),
    Column("plain_hash", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("changed_at", Moment, nullable=False),
)

BY_KIND: Mapping[str, Table] = {
    "towns": TOWNS,
    "villages": VILLAGES,
    "stations": STATIONS,
    "recipients": RECIPIENTS,
    "gateways": GATEWAYS,
    "accounts": ACCOUNTS,
}


async def all_of(tx: Transaction, table: Table) -> dict[str, dict[str, Any]]:
    """Return every row of a table by its key."""
    (key,) = table.primary_key.columns
    return {row[key.name]: dict(row) for row in (await tx.execute(select(table))).mappings()}


async def known(tx: Transaction, table: Table, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the rows of these keys."""
    (key,) = table.primary_key.columns
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(keys), 500):
        statement = select(table).where(key.in_(keys[start : start + 500]))
        found |= {row[key.name]: dict(row) for row in (await tx.execute(statement)).mappings()}
    return found


async def replace(tx: Transaction, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows, in place of those with the same keys."""
    (key,) = table.primary_key.columns
    for start in range(0, len(rows), 500):
        part = rows[start : start + 500]
        await tx.execute(delete(table).where(key.in_([row[key.name] for row in part])))
        await tx.execute(table.insert(), part)


async def page(
    db: Database, table: Table, after: str, limit: int, **where: Any
) -> Sequence[Mapping[str, Any]]:
    """Return rows in the order of their key, after a cursor, filtered by equal columns."""
    (key,) = table.primary_key.columns
    statement = select(table).where(key > after).order_by(key).limit(limit)
    for name, value in where.items():
        if value is not None:
            statement = statement.where(table.c[name] == value)
    return await db.rows(statement)


async def of_villages(db: Database, villages: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the people of these villages, by village."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for start in range(0, len(villages), 500):
        mine = RECIPIENTS.c.village_code.in_(villages[start : start + 500])
        for row in await db.rows(select(RECIPIENTS).where(mine).order_by(RECIPIENTS.c.recipient_id)):
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

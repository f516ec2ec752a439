"""What the link tests saw."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from services.channels.push.store.tables import LINK_TESTS, LINKS
from services.kit.db import Database, Transaction


@dataclass(frozen=True)
class Link:
    """What the last test of a road saw, and since when it has been so."""

    channel: str
    up: bool
    seen: str
    tested_at: datetime
    since: datetime
    took_ms: int


@dataclass(frozen=True)
class Test:
    """What one test saw."""

    tested_at: datetime
    up: bool
    seen: str
    took_ms: int


async def history(db: Database, channel: str, limit: int) -> list[Test]:
    """Return the last tests of a channel, newest first."""
    statement = select(LINK_TESTS).where(LINK_TESTS.c.channel == channel)
    rows = await db.rows(statement.order_by(LINK_TESTS.c.tested_at.desc()).limit(limit))
    return [Test(**{name: row[name] for name in Test.__dataclass_fields__}) for row in rows]


async def forget(tx: Transaction, tested_before: datetime) -> None:
    """Delete tests that were made before a moment."""
    await tx.execute(delete(LINK_TESTS).where(LINK_TESTS.c.tested_at < tested_before))


async def last(db: Database, channel: str) -> Link | None:
    """Return the last test of a channel, None before the first."""
    rows = await db.rows(select(LINKS).where(LINKS.c.channel == channel))
    return _link(rows[0]) if rows else None


async def keep(tx: Transaction, link: Link) -> None:
    """Keep a test, as the last of its channel and among all of them."""
    insert = postgresql.insert(LINKS) if tx.postgres else sqlite.insert(LINKS)
    values = {name: getattr(link, name) for name in Link.__dataclass_fields__}
    fresh = {name: value for name, value in values.items() if name != "channel"}
    statement = insert.values(values).on_conflict_do_update(index_elements=[LINKS.c.channel], set_=fresh)
    await tx.execute(statement)
    one = {"channel": link.channel} | {name: values[name] for name in Test.__dataclass_fields__}
    await tx.execute(
        (postgresql.insert(LINK_TESTS) if tx.postgres else sqlite.insert(LINK_TESTS))
        .values(one)
        .on_conflict_do_nothing()
    )


def _link(row: Any) -> Link:
    return Link(**{name: row[name] for name in Link.__dataclass_fields__})

"""What the link tests saw."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from services.channels.push.store.tables import LINKS
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


async def last(db: Database, channel: str) -> Link | None:
    """Return the last test of a channel, None before the first."""
    rows = await db.rows(select(LINKS).where(LINKS.c.channel == channel))
    return _link(rows[0]) if rows else None


async def keep(tx: Transaction, link: Link) -> None:
    """Keep the last test of a channel."""
    insert = postgresql.insert(LINKS) if tx.postgres else sqlite.insert(LINKS)
    values = {name: getattr(link, name) for name in Link.__dataclass_fields__}
    fresh = {name: value for name, value in values.items() if name != "channel"}
    statement = insert.values(values).on_conflict_do_update(index_elements=[LINKS.c.channel], set_=fresh)
    await tx.execute(statement)


def _link(row: Any) -> Link:
    return Link(**{name: row[name] for name in Link.__dataclass_fields__})

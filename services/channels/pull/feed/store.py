"""Tables and queries of the feed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    select,
    update,
)

from contracts.outcome import TargetState
from contracts.values import Action, Mode
from contracts.warning import Notice
from services.channels import tombstones
from services.channels.pull.feed.model import Entry
from services.kit.db import Database, Moment, Transaction

metadata = MetaData()
TOMBSTONES = tombstones.table(metadata)

ENTRIES = Table(
    "entries",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("lane", String(8), nullable=False),
    Column("action", String(8), nullable=False),
    Column("identifier", String(64), nullable=False, index=True),
    Column("notice", LargeBinary, nullable=False),
    Column("cap_xml", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("report", Integer, nullable=False),
    Column("published_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("ended", Boolean, nullable=False),
)
Index("entries_of_warning", ENTRIES.c.warning_id, ENTRIES.c.revision)


def _entry(row: Any) -> Entry:
    return Entry(
        warning_id=UUID(row["warning_id"]),
        revision=row["revision"],
        mode=Mode(row["mode"]),
        action=Action(row["action"]),
        notice=Notice.model_validate_json(row["notice"]),
        cap_xml=row["cap_xml"],
        published_at=row["published_at"],
        ended=row["ended"],
    )


async def add(tx: Transaction, row: dict[str, Any]) -> None:
    """Store an entry."""
    await tx.execute(ENTRIES.insert().values(**row))


async def get(tx: Transaction, delivery_id: UUID) -> Any | None:
    """Return the row of a delivery, None when it is new."""
    statement = select(ENTRIES).where(ENTRIES.c.delivery_id == str(delivery_id))
    return (await tx.execute(statement)).mappings().one_or_none()


async def end(tx: Transaction, warning_id: UUID, up_to: int) -> None:
    """Take the entries of these revisions out of the feed."""
    mine = (ENTRIES.c.warning_id == str(warning_id)) & (ENTRIES.c.revision <= up_to)
    await tx.execute(update(ENTRIES).where(mine).values(ended=True))


async def count_report(tx: Transaction, delivery_id: UUID, state: TargetState) -> int:
    """Note how far a delivery has come; return the number of its next report."""
    row = await get(tx, delivery_id)
    number = int(row["report"]) + 1 if row is not None else 1
    mine = ENTRIES.c.delivery_id == str(delivery_id)
    await tx.execute(update(ENTRIES).where(mine).values(report=number, state=state))
    return number


async def current(db: Database, now: datetime) -> list[Entry]:
    """Return what a reader may see."""
    standing = select(ENTRIES).where(ENTRIES.c.expires_at > now, ENTRIES.c.ended.is_(False))
    return [_entry(row) for row in await db.rows(standing)]


async def cap_of(db: Database, identifier: str) -> str | None:
    """Return the CAP document of an identifier, in force or not."""
    rows = await db.rows(select(ENTRIES.c.cap_xml).where(ENTRIES.c.identifier == identifier))
    return rows[0]["cap_xml"] if rows else None

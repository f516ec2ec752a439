"""Tables and queries of the feed."""

from collections.abc import Sequence
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
from contracts.values import Action, Mode, Withdrawal
from contracts.warning import Notice
from services.channels import ground, tombstones
from services.channels.pull.feed.model import Entry, Face
from services.kit.db import Database, Moment, Transaction

metadata = MetaData()
TOMBSTONES = tombstones.table(metadata)
PLACES = ground.table(metadata)

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
    Column("reason", String(16)),
    Column("ended_at", Moment),
)
Index("entries_of_warning", ENTRIES.c.warning_id, ENTRIES.c.revision)


def _entry(row: Any) -> Entry:
    return Entry(
        delivery_id=UUID(row["delivery_id"]),
        warning_id=UUID(row["warning_id"]),
        revision=row["revision"],
        mode=Mode(row["mode"]),
        action=Action(row["action"]),
        notice=Notice.model_validate_json(row["notice"]),
        cap_xml=row["cap_xml"],
        published_at=row["published_at"],
        ended=row["ended"],
        reason=_reason(row),
        ended_at=row["ended_at"],
    )


def _reason(row: Any) -> Withdrawal | None:
    return Withdrawal(row["reason"]) if row["reason"] else None


async def add(tx: Transaction, row: dict[str, Any]) -> None:
    """Store an entry."""
    await tx.execute(ENTRIES.insert().values(**row))


async def get(tx: Transaction, delivery_id: UUID) -> Any | None:
    """Return the row of a delivery, None when it is new."""
    statement = select(ENTRIES).where(ENTRIES.c.delivery_id == str(delivery_id))
    return (await tx.execute(statement)).mappings().one_or_none()


async def end(tx: Transaction, warning_id: UUID, up_to: int, reason: Withdrawal) -> None:
    """Take the entries of these revisions out of the feed; what ended one first stays its reason."""
    mine = (ENTRIES.c.warning_id == str(warning_id)) & (ENTRIES.c.revision <= up_to)
    standing = ENTRIES.c.ended.is_(False)
    await tx.execute(update(ENTRIES).where(mine, standing).values(ended=True, reason=reason, ended_at=tx.now))


async def count_report(tx: Transaction, delivery_id: UUID, state: TargetState) -> int:
    """Note how far a delivery has come; return the number of its next report."""
    row = await get(tx, delivery_id)
    number = int(row["report"]) + 1 if row is not None else 1
    mine = ENTRIES.c.delivery_id == str(delivery_id)
    await tx.execute(update(ENTRIES).where(mine).values(report=number, state=state))
    return number


async def faces(db: Database, since: datetime) -> list[Face]:
    """Return what may have changed about the live entries that run out after a moment."""
    columns = (ENTRIES.c[name] for name in ("delivery_id", "ended", "reason", "ended_at"))
    recent = ENTRIES.c.expires_at > since
    statement = select(*columns).where(recent, ENTRIES.c.mode == Mode.LIVE).order_by(ENTRIES.c.delivery_id)
    return [
        Face(row["delivery_id"], row["ended"], _reason(row), row["ended_at"])
        for row in await db.rows(statement)
    ]


async def entries(db: Database, delivery_ids: Sequence[str]) -> list[Entry]:
    """Return these entries."""
    found: list[Entry] = []
    for start in range(0, len(delivery_ids), 500):
        some = delivery_ids[start : start + 500]
        rows = await db.rows(select(ENTRIES).where(ENTRIES.c.delivery_id.in_(some)))
        found += [_entry(row) for row in rows]
    return found


async def of_warning(db: Database, warning_id: UUID) -> Entry | None:
    """Return the newest revision of a live warning, in force or not, None when there is none."""
    mine = (ENTRIES.c.warning_id == str(warning_id)) & (ENTRIES.c.mode == Mode.LIVE)
    rows = await db.rows(select(ENTRIES).where(mine).order_by(ENTRIES.c.revision.desc()).limit(1))
    return _entry(rows[0]) if rows else None


async def cap_of(db: Database, identifier: str) -> str | None:
    """Return the CAP document of an identifier, in force or not; a drill's is nobody's."""
    mine = (ENTRIES.c.identifier == identifier) & (ENTRIES.c.mode == Mode.LIVE)
    rows = await db.rows(select(ENTRIES.c.cap_xml).where(mine))
    return rows[0]["cap_xml"] if rows else None

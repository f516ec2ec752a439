"""Queries of mass messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from services.channels.push.store.tables import MASSES
from services.kit.db import Database, Transaction


@dataclass(frozen=True)
class Mass:
    """A mass message: who wrote it, who sent it, and how far it has come."""

    mass_id: str
    kind: str
    text: str
    author: str
    made_at: datetime
    state: str = "written"
    sender: str | None = None
    sent_at: datetime | None = None
    message_id: str | None = None
    reached: int | None = None
    detail: str | None = None


_FIELDS = tuple(Mass.__dataclass_fields__)


async def add(tx: Transaction, mass: Mass) -> None:
    """Store a new one."""
    await tx.execute(insert(MASSES).values({name: getattr(mass, name) for name in _FIELDS}))


async def get(tx: Transaction, mass_id: str) -> Mass | None:
    """Return one, locked until the transaction ends."""
    return await _one(tx, select(MASSES).where(MASSES.c.mass_id == mass_id))


async def by_message(tx: Transaction, message_id: str) -> Mass | None:
    """Return the one that WeChat calls so, locked."""
    return await _one(tx, select(MASSES).where(MASSES.c.message_id == message_id))


async def save(tx: Transaction, mass: Mass) -> None:
    """Write what changed."""
    values = {name: getattr(mass, name) for name in _FIELDS if name != "mass_id"}
    await tx.execute(update(MASSES).where(MASSES.c.mass_id == mass.mass_id).values(values))


async def newest(db: Database, limit: int) -> Sequence[Mass]:
    """Return the newest, newest first."""
    statement = select(MASSES).order_by(MASSES.c.made_at.desc(), MASSES.c.mass_id).limit(limit)
    return [_mass(row) for row in await db.rows(statement)]


async def _one(tx: Transaction, statement: Any) -> Mass | None:
    locked = statement.with_for_update() if tx.postgres else statement
    row = (await tx.execute(locked)).mappings().one_or_none()
    return _mass(row) if row is not None else None


def _mass(row: Any) -> Mass:
    return Mass(**{name: row[name] for name in _FIELDS})

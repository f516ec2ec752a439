"""Tombstones: what was withdrawn, kept even when it is heard before the request that it ends."""

import hashlib
from uuid import UUID

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, func, select, update

from contracts.values import Withdrawal
from services.kit.clock import microseconds
from services.kit.db import Transaction


def table(metadata: MetaData) -> Table:
    """Return the tombstone table of a house: the highest ended revision of each warning, and why."""
    return Table(
        "tombstones",
        metadata,
        Column("warning_id", String(36), primary_key=True),
        Column("revision", Integer, nullable=False),
        Column("reason", String(16), nullable=False),
        Column("at", BigInteger, nullable=False),
    )


async def bury(tx: Transaction, stones: Table, warning_id: UUID, revision: int, reason: Withdrawal) -> bool:
    """Note that this revision and all before it are ended; return False when that was known already."""
    if revision < 1:
        return False
    await _wait_for_others(tx, warning_id, shared=False)
    statement = select(stones).where(stones.c.warning_id == str(warning_id))
    known = (await tx.execute(statement)).mappings().one_or_none()
    mark = {"revision": revision, "reason": reason, "at": microseconds(tx.now)}
    if known is None:
        await tx.execute(stones.insert().values(warning_id=str(warning_id), **mark))
        return True
    if known["revision"] >= revision:
        return False
    await tx.execute(update(stones).where(stones.c.warning_id == str(warning_id)).values(mark))
    return True


async def ended(tx: Transaction, stones: Table, warning_id: UUID, revision: int) -> Withdrawal | None:
    """Return why a revision is ended, None when it is not; nobody ends it before this transaction does."""
    await _wait_for_others(tx, warning_id, shared=True)
    statement = select(stones.c.revision, stones.c.reason).where(stones.c.warning_id == str(warning_id))
    known = (await tx.execute(statement)).one_or_none()
    return Withdrawal(known.reason) if known is not None and known.revision >= revision else None


async def _wait_for_others(tx: Transaction, warning_id: UUID, *, shared: bool) -> None:
    """On PostgreSQL, keep a request and a tombstone of one warning from passing each other unseen."""
    if tx.postgres:
        name = hashlib.sha256(f"{tx.house}/{warning_id}".encode()).digest()
        lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
        await tx.execute(select(lock(int.from_bytes(name[:8], "big", signed=True))))

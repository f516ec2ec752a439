"""Halts: what gateways must stop now, by a number that grows."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select

from contracts.values import Mode, Withdrawal
from services.channels.pull.gateways.store.tables import HALTS
from services.kit.db import Database, Transaction

MOST = 1000


async def add(
    tx: Transaction, gateways: Sequence[tuple[str, Mode]], warning_id: UUID, revision: int, reason: Withdrawal
) -> None:
    """Tell these gateways to stop a revision and all before it."""
    if not gateways:
        return
    if tx.postgres:
        # Numbers must become visible in their order, or a gateway reads past one that commits late.
        await tx.connection.exec_driver_sql("LOCK TABLE halts IN SHARE ROW EXCLUSIVE MODE")
    what = {"warning_id": str(warning_id), "revision": revision, "reason": reason, "at": tx.now}
    await tx.execute(HALTS.insert(), [{"gateway": g, "mode": mode, **what} for g, mode in gateways])


async def after(db: Database, gateway: str, mode: Mode, position: int) -> Sequence[Mapping[str, Any]]:
    """Return the halts of a gateway after a number, oldest first.

    Who claims a number that was never given (by another database) begins anew.
    """
    newest = select(func.coalesce(func.max(HALTS.c.position), 0)).scalar_subquery()
    known = case((newest < position, 0), else_=position)
    return await db.rows(
        select(HALTS)
        .where(HALTS.c.gateway == gateway, HALTS.c.mode == mode, HALTS.c.position > known)
        .order_by(HALTS.c.position)
        .limit(MOST)
    )


async def newest(db: Database) -> int:
    """Return the highest number that any gateway was given, 0 when there is none."""
    (row,) = await db.rows(select(func.coalesce(func.max(HALTS.c.position), 0).label("newest")))
    return int(row["newest"])


async def last(db: Database, gateway: str, mode: Mode) -> int:
    """Return the number of a gateway's newest halt, 0 when there is none."""
    mine = (HALTS.c.gateway == gateway) & (HALTS.c.mode == mode)
    (row,) = await db.rows(select(func.coalesce(func.max(HALTS.c.position), 0).label("last")).where(mine))
    return int(row["last"])

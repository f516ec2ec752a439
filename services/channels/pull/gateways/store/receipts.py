"""Receipts that came before their delivery: kept by phone hash, matched when it comes."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select

from contracts.values import Mode
from services.channels.pull.gateways.model.said import Receipt
from services.channels.pull.gateways.store.tables import RECEIPTS
from services.kit.db import Transaction


async def keep(tx: Transaction, gateway: str, mode: Mode, unmatched: Sequence[tuple[Receipt, bytes]]) -> None:
    """Keep receipts for deliveries that are not here yet."""
    rows = [
        {
            "delivery_id": str(receipt.delivery_id),
            "gateway": gateway,
            "mode": mode,
            "phone_hash": phone_hash.hex(),
            "state": receipt.state,
            "reason": receipt.reason,
            "at": receipt.at,
            "heard_at": tx.now,
        }
        for receipt, phone_hash in unmatched
    ]
    if rows:
        await tx.execute(RECEIPTS.insert(), rows)


async def kept(tx: Transaction, gateway: str) -> int:
    """Return how many unmatched receipts of a gateway are kept."""
    statement = select(func.count()).select_from(RECEIPTS).where(RECEIPTS.c.gateway == gateway)
    return int((await tx.execute(statement)).scalar_one())


async def take(tx: Transaction, delivery_id: UUID, gateway: str, mode: Mode) -> list[Mapping[str, Any]]:
    """Return and forget what was kept for a delivery, first said first; another gateway's words are left."""
    mine = (
        (RECEIPTS.c.delivery_id == str(delivery_id))
        & (RECEIPTS.c.gateway == gateway)
        & (RECEIPTS.c.mode == mode)
    )
    statement = select(RECEIPTS).where(mine).order_by(RECEIPTS.c.position)
    found = [dict(row) for row in (await tx.execute(statement)).mappings()]
    if found:
        await tx.execute(delete(RECEIPTS).where(mine))
    return found  # type: ignore[return-value]


async def forget(tx: Transaction, hours: float) -> None:
    """Forget receipts that matched nothing for so long."""
    await tx.execute(delete(RECEIPTS).where(RECEIPTS.c.heard_at < tx.now - timedelta(hours=hours)))

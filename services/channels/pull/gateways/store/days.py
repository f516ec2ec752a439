"""The work of a day, item by item, for the file by which both sides settle."""

import zlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_

from contracts.values import Mode
from services.channels.pull.gateways.model import results
from services.channels.pull.gateways.store.tables import BATCHES
from services.kit.db import Database

_AT_ONCE = 500
_COLUMNS = (
    *("delivery_id", "warning_id", "revision", "identifier", "channel", "rendering", "action", "rank"),
    *("size", "segments", "attempt", "state", "queued_at", "leased_at", "results"),
)


async def work_of(
    db: Database, gateway: str, mode: Mode, begin: datetime, end: datetime
) -> AsyncIterator[Mapping[str, Any]]:
    """Yield what was asked of a gateway in a day, oldest first, with `results` by the byte; no test work."""
    turn = (BATCHES.c.queued_at, BATCHES.c.delivery_id)
    mine = (BATCHES.c.gateway == gateway) & (BATCHES.c.mode == mode) & BATCHES.c.run.is_(None)
    columns = [BATCHES.c[name] for name in _COLUMNS]
    asked = select(*columns).where(mine, BATCHES.c.queued_at < end).order_by(*turn).limit(_AT_ONCE)
    rows = await db.rows(asked.where(BATCHES.c.queued_at >= begin))
    while rows:
        for row in rows:
            told = zlib.decompress(row["results"]) if row["results"] else results.blank(row["size"])
            yield {**row, "results": told}
        last = rows[-1]
        rows = await db.rows(asked.where(tuple_(*turn) > (last["queued_at"], last["delivery_id"])))

"""What the registry looks after by itself: marks that nobody has said, days that come, imports that died."""

import asyncio
from datetime import datetime, timedelta

from prometheus_client import Gauge
from sqlalchemy import or_, select

from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.errors import Problem, Retry
from services.kit.leadership import Leadership
from services.kit.telemetry import log
from services.registry import publishing, store
from services.registry.actions import imports
from services.registry.actions.merge import Merge
from services.registry.store import stale

EVERY_S = 5.0
MEASURED_EVERY = timedelta(minutes=15)
KEPT = timedelta(days=180)
"""After so long a list that nobody checked is old."""

OLDEST = Gauge(
    "yutian_registry_oldest_check_seconds", "Since the row was checked that waits longest", ["kind"]
)
WANTING = Gauge("yutian_registry_wanting", "Rows that want looking after", ["what"])
LOOK_BACK = timedelta(days=8)
"""At the first look, days that came while nobody looked: what has not changed is not said again."""


async def mind(db: Database, crypto: CryptoProvider, leadership: Leadership) -> None:
    """Look for ever, by one replica at a time."""

    async def work() -> None:
        since = db.clock.now() - LOOK_BACK
        measured = since
        while True:
            try:
                since = await look(db, crypto, since)
                if since - measured >= MEASURED_EVERY:
                    measured = since
                    await measure(db)
            except Retry:
                pass
            except Problem as error:
                log.error("the registry could not look after itself", why=str(error))
            await asyncio.sleep(EVERY_S)

    await leadership.lead("mind", work)


async def measure(db: Database) -> None:
    """Set the metrics of how old the lists are and of what wants looking after."""
    now = db.clock.now()
    ages = await stale.ages(db)
    for kind in ("rosters", "recipients"):
        checked = [one[kind][1] for one in ages if kind in one and one[kind][1] is not None]
        OLDEST.labels(kind).set((now - min(checked, default=now)).total_seconds())
    for one in await stale.counted(db, KEPT):
        WANTING.labels(one["what"]).set(one["count"])


async def look(db: Database, crypto: CryptoProvider, since: datetime) -> datetime:
    """Look once; return until when days have been looked at."""
    await imports.sweep(db)
    now = db.clock.now()
    if store.today(since) != store.today(now):
        async with db.transaction() as tx:
            await _mark_days(tx, store.today(since), store.today(tx.now))
    if await publishing.due(db):
        await publishing.publish(db, crypto)
    return now


async def _mark_days(tx: Transaction, after: str, until: str) -> None:
    """Mark what begins or ends to be valid on one of these days."""
    for kind, table in store.BY_KIND.items():
        begins = (table.c.valid_from > after) & (table.c.valid_from <= until)
        ends = (table.c.valid_to > after) & (table.c.valid_to <= until)
        rows = [dict(row) for row in (await tx.execute(select(table).where(or_(begins, ends)))).mappings()]
        if rows:
            await Merge(kind, "calendar").mark_changed(tx, rows)

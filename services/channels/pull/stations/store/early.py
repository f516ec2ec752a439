"""Reports that came before the delivery which they are about."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.outcome import TargetState
from contracts.values import Mode
from services.channels.pull.stations.model import Report
from services.channels.pull.stations.store.items import Key
from services.channels.pull.stations.store.tables import EARLY
from services.kit.db import Transaction

MOST = 1000
"""So many reports of one station may wait; more of them are a fault of the station."""

KEPT = timedelta(days=2)
"""No warning is valid for longer, so that nothing told earlier can still be waited for."""


async def crowded(tx: Transaction, stations: Iterable[str]) -> set[str]:
    """Return the stations of which too many reports wait already."""
    counted = (
        select(EARLY.c.station)
        .where(EARLY.c.station.in_(set(stations)))
        .group_by(EARLY.c.station)
        .having(func.count() >= MOST)
    )
    return set((await tx.execute(counted)).scalars())


async def keep(tx: Transaction, told: Iterable[tuple[Key, Report]]) -> None:
    """Keep reports of what was not delivered yet; the first of each fact stays."""
    into = postgresql.insert(EARLY) if tx.postgres else sqlite.insert(EARLY)
    rows = [
        {
            "station": station,
            "mode": mode,
            "warning_id": str(report.warning_id),
            "revision": report.revision,
            "fact": report.fact,
            "at": report.at,
            "said_by": report.by,
            "heard_at": tx.now,
        }
        for (station, mode), report in told
    ]
    if rows:
        await tx.execute(into.on_conflict_do_nothing(), rows)


async def told(
    tx: Transaction, mode: Mode, warning_id: UUID, revision: int, stations: Iterable[str]
) -> list[tuple[str, Report]]:
    """Return what was told early of a revision by these stations."""
    found = select(EARLY).where(
        EARLY.c.mode == mode,
        EARLY.c.warning_id == str(warning_id),
        EARLY.c.revision == revision,
        EARLY.c.station.in_(list(stations)),
    )
    return [
        (row["station"], Report(TargetState(row["fact"]), row["at"], row["said_by"]))
        for row in (await tx.execute(found)).mappings()
    ]


async def confirmation(
    connection: AsyncConnection, station: str, mode: Mode, warning_id: UUID, revision: int
) -> tuple[str | None, datetime] | None:
    """Return who confirmed a revision before it was delivered, and when; None when nobody did."""
    found = select(EARLY.c.said_by, EARLY.c.at).where(
        EARLY.c.station == station,
        EARLY.c.mode == mode,
        EARLY.c.warning_id == str(warning_id),
        EARLY.c.revision == revision,
        EARLY.c.fact == TargetState.CONFIRMED,
    )
    row = (await connection.execute(found)).one_or_none()
    return None if row is None else (row.said_by, row.at)


async def forget_old(tx: Transaction) -> None:
    """Delete what waited in vain."""
    await tx.execute(delete(EARLY).where(EARLY.c.heard_at < tx.now - KEPT))

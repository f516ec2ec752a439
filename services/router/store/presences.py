"""When stations came and went, and the duties of a period."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select

from contracts.values import Mode
from services.kit.db import Transaction
from services.router.model.duty import Duty
from services.router.model.ladder import Kind
from services.router.model.rates import Period, Sighting
from services.router.store.blocks import Reader, upsert
from services.router.store.duties import duty_of
from services.router.store.tables import DUTIES, PRESENCES


async def note(tx: Transaction, station: str, mode: Mode, presence: str, at: datetime) -> None:
    """Keep that a station came or went; said again, it is the same."""
    row = {"station": station, "mode": mode, "at": at, "presence": presence}
    await tx.execute(upsert(tx, PRESENCES).values(row).on_conflict_do_nothing())


async def within(reader: Reader, mode: Mode, period: Period) -> Mapping[str, Sequence[Sighting]]:
    """Return what stations became in a period, by station."""
    mine = (PRESENCES.c.mode == mode) & (PRESENCES.c.at >= period.since) & (PRESENCES.c.at < period.until)
    found: dict[str, list[Sighting]] = {}
    for row in await reader.execute(select(PRESENCES).where(mine).order_by(PRESENCES.c.at)):
        found.setdefault(row.station, []).append((row.at, row.presence))
    return found


async def before(reader: Reader, mode: Mode, at: datetime) -> Mapping[str, str]:
    """Return what every station was at a moment, those of which nothing was heard by then left out."""
    last = (
        select(PRESENCES.c.station, func.max(PRESENCES.c.at).label("at"))
        .where(PRESENCES.c.mode == mode, PRESENCES.c.at < at)
        .group_by(PRESENCES.c.station)
        .subquery()
    )
    same = (PRESENCES.c.station == last.c.station) & (PRESENCES.c.at == last.c.at)
    statement = select(PRESENCES.c.station, PRESENCES.c.presence).join(last, same)
    rows = await reader.execute(statement.where(PRESENCES.c.mode == mode))
    return {row.station: row.presence for row in rows}


async def begun(reader: Reader, mode: Mode, period: Period) -> list[Duty]:
    """Return the duties of places that began in a period."""
    mine = (DUTIES.c.mode == mode) & (DUTIES.c.kind != Kind.LEADER)
    mine &= (DUTIES.c.started_at >= period.since) & (DUTIES.c.started_at < period.until)
    return [duty_of(row) for row in (await reader.execute(select(DUTIES).where(mine))).mappings()]


async def forget(tx: Transaction, older_than: datetime) -> None:
    """Delete what is older than any report asks for; what a station is now stays."""
    later = PRESENCES.alias()
    newer = select(later.c.at).where(
        later.c.station == PRESENCES.c.station, later.c.mode == PRESENCES.c.mode, later.c.at > PRESENCES.c.at
    )
    await tx.execute(delete(PRESENCES).where(PRESENCES.c.at < older_than, newer.exists()))

"""What villages told back: one row for each station and revision."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.back import Back
from services.channels.pull.stations.store.items import Key
from services.channels.pull.stations.store.tables import BACKS
from services.kit.db import Transaction

MOST = 1000
"""Of so many revisions one station may tell in the time they are kept; more is a fault of the station."""

KEPT = timedelta(days=30)
"""So long a word is kept after it was heard: no warning is valid for as long."""


@dataclass(frozen=True)
class Told:
    """The latest word of a station on a revision."""

    number: int
    at: datetime
    back: Back


async def told(connection: AsyncConnection, key: Key, warning_id: UUID, revision: int) -> Told | None:
    """Return the latest word of a station on a revision, None when it has told nothing."""
    station, mode = key
    statement = select(BACKS).where(
        BACKS.c.station == station,
        BACKS.c.mode == mode,
        BACKS.c.warning_id == str(warning_id),
        BACKS.c.revision == revision,
    )
    row = (await connection.execute(statement)).mappings().one_or_none()
    return Told(row["number"], row["at"], Back.model_validate_json(row["body"])) if row is not None else None


async def in_turn(tx: Transaction, station: str) -> None:
    """Wait for whoever writes what this station tells, so that its numbers stay in order."""
    if tx.postgres:
        name = func.hashtextextended(f"{tx.house}/backs/{station}", 0)
        await tx.execute(select(func.pg_advisory_xact_lock(name)))


async def many(tx: Transaction, key: Key) -> int:
    """Return of how many revisions a station has told lately."""
    station, mode = key
    statement = select(func.count()).where(BACKS.c.station == station, BACKS.c.mode == mode)
    statement = statement.where(BACKS.c.heard_at >= tx.now - KEPT)
    return int((await tx.execute(statement)).scalar_one())


async def keep(tx: Transaction, key: Key, warning_id: UUID, revision: int, new: Told) -> None:
    """Write the latest word of a station over the one before."""
    into = postgresql.insert(BACKS) if tx.postgres else sqlite.insert(BACKS)
    station, mode = key
    said = {"number": new.number, "at": new.at, "body": new.back.model_dump_json(), "heard_at": tx.now}
    row = {"station": station, "mode": mode, "warning_id": str(warning_id), "revision": revision, **said}
    names = ["station", "mode", "warning_id", "revision"]
    await tx.execute(into.values(row).on_conflict_do_update(index_elements=names, set_=said))


async def forget_old(tx: Transaction) -> None:
    """Delete what was told of warnings that are long over."""
    await tx.execute(delete(BACKS).where(BACKS.c.heard_at < tx.now - KEPT))

"""Telling back: what villages say of a warning, for the town and the district that look after them."""

from dataclasses import dataclass
from datetime import timedelta

from contracts.back import StationTold
from services.kit.db import Database, Transaction
from services.router.store import backs
from services.router.store.backs import Asked, Sum, Told

SHOWN_FOR = timedelta(hours=24)
"""How long the duty pages show what a village told; a call for help outlives the warning."""

LONGEST = timedelta(days=366)
"""How far back may be asked."""


@dataclass(frozen=True)
class Overview:
    """What villages told, together and one by one, the red ones first."""

    sum: Sum
    told: list[Told]


async def hear(tx: Transaction, message: StationTold) -> None:
    """Keep what a village tells; of one warning its latest word is the only one."""
    await backs.keep(tx, message)


async def overview(db: Database, asked: Asked, after: str = "", limit: int = 200) -> Overview:
    """Return what villages told, a page of it, and the sum of all."""
    async with db.read() as connection:
        found = await backs.told(connection, asked, after, limit)
        every = await backs.bodies(connection, asked)
    return Overview(backs.summed(every), found)


async def shown(db: Database, town: str | None) -> Overview:
    """Return what the duty page of a town, or of the district, shows."""
    return await overview(db, Asked(db.clock.now() - SHOWN_FOR, town))

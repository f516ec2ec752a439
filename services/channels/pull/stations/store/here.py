"""What is known of a village that its screen shows beside a warning."""

from collections.abc import Sequence

import orjson
from sqlalchemy import delete, insert, select

from contracts.registry import HazardPointEntry
from services.channels.pull.stations.store.tables import HERE
from services.kit.db import Database, Transaction


async def learn(tx: Transaction, village: str, points: Sequence[HazardPointEntry]) -> None:
    """Replace what is known of a village; of nothing, nothing is kept."""
    await tx.execute(delete(HERE).where(HERE.c.village == village))
    if points:
        said = orjson.dumps([point.model_dump() for point in points]).decode()
        await tx.execute(insert(HERE).values(village=village, points=said))


async def points_of(db: Database, village: str) -> list[HazardPointEntry]:
    """Return the hazard points of a village."""
    rows = await db.rows(select(HERE).where(HERE.c.village == village))
    return [HazardPointEntry.model_validate(one) for row in rows for one in orjson.loads(row["points"])]

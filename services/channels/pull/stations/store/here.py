"""What is known of a village that its screen shows beside a warning."""

from collections.abc import Sequence

import orjson
from sqlalchemy import delete, insert, select

from contracts.registry import PointEntry
from services.channels.pull.stations.store.tables import HERE
from services.kit.db import Database, Transaction


async def learn(tx: Transaction, village: str, points: Sequence[PointEntry]) -> None:
    """Replace what is known of a village; what was invented to try with sends nobody anywhere."""
    real = [point.model_dump(mode="json") for point in points if point.surveyed]
    await tx.execute(delete(HERE).where(HERE.c.village == village))
    if real:
        said = orjson.dumps(real).decode()
        await tx.execute(insert(HERE).values(village=village, points=said))


async def points_of(db: Database, village: str) -> list[PointEntry]:
    """Return the hazard points of a village."""
    rows = await db.rows(select(HERE).where(HERE.c.village == village))
    return [PointEntry.model_validate(one) for row in rows for one in orjson.loads(row["points"])]

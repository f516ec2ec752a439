"""A toy house: the floor's tables and one of its own, for tests of the kit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import Column, MetaData, String, Table

from services.kit import leadership  # noqa: F401 (declares its table)
from services.kit.clock import Clock
from services.kit.db import Database, Moment
from services.kit.outbox import FLOOR

TOYS = MetaData()
NOTES = Table("notes", TOYS, Column("name", String(40), primary_key=True), Column("at", Moment))


@asynccontextmanager
async def a_house(url: str, clock: Clock | None = None) -> AsyncIterator[Database]:
    """Open the toy house `kit` with empty tables."""
    db = Database("kit", url.format(name="kit"), clock)
    async with db.writer.begin() as connection:
        await connection.run_sync(FLOOR.create_all)
        await connection.run_sync(TOYS.create_all)
    try:
        yield db
    finally:
        await db.close()

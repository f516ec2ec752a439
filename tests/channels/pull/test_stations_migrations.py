"""The migrated tables are those of the store, on both databases."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from services.channels.pull.stations.store.tables import metadata
from services.kit import leadership  # noqa: F401 (declares its table)
from services.kit.db import driver_url
from services.kit.migrate import upgrade_async
from services.kit.outbox import FLOOR

PACKAGE = "services.channels.pull.stations.migrations"


def _differences(connection: Connection) -> list[Any]:
    whole = MetaData()
    for part in (FLOOR, metadata):
        for table in part.tables.values():
            table.to_metadata(whole)
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, whole))


async def test_migrations_make_the_tables_of_the_store_and_may_run_twice(database_url: str) -> None:
    url = database_url.format(name="stations")
    await upgrade_async(url, PACKAGE)
    await upgrade_async(url, PACKAGE)
    engine = create_async_engine(driver_url(url))
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()

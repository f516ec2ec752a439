"""Every house's migrations make exactly the tables that its store describes, on both databases."""

from importlib import import_module

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from services.houses import MIGRATIONS
from services.kit.db import driver_url
from services.kit.migrate import upgrade_async
from services.kit.outbox import FLOOR

STORES = {
    **{name: f"services.{name}.store" for name in ("issuer", "registry", "audit")},
    "router": "services.router.store.tables",
    "stations": "services.channels.pull.stations.store.tables",
    **{name: f"services.channels.pull.{name}.store" for name in ("gateways", "feed", "media")},
    **dict.fromkeys(
        ("broadcast", "cable", "wechat", "app", "voice", "web", "weibo", "upper"),
        "services.channels.push.store",
    ),
}


def described(house: str) -> MetaData:
    """Return the floor's tables and the house's own, together."""
    together = MetaData()
    for metadata in (FLOOR, import_module(STORES[house]).metadata):
        for table in metadata.tables.values():
            table.to_metadata(together)
    return together


def differences(connection: Connection, metadata: MetaData) -> list[str]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": False, "compare_server_default": False}
    )
    found = compare_metadata(context, metadata)
    return [str(f) for f in found if "alembic_version" not in str(f)]


@pytest.mark.parametrize("house", sorted(MIGRATIONS))
async def test_migrations_make_what_the_store_describes(house: str, database_url: str) -> None:
    url = database_url.format(name=house)
    await upgrade_async(url, MIGRATIONS[house])
    await upgrade_async(url, MIGRATIONS[house])
    engine = create_async_engine(driver_url(url))
    async with engine.connect() as connection:
        assert await connection.run_sync(differences, described(house)) == []
    await engine.dispose()

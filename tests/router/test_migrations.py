"""The migrated schema is the one that the queries believe in, on both databases; and it can be taken back."""

from importlib.resources import files

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, inspect

from services.kit.db import Database
from services.kit.outbox import FLOOR
from services.router.store.tables import metadata


def _everything() -> MetaData:
    whole = MetaData()
    for table in (*FLOOR.tables.values(), *metadata.tables.values()):
        table.to_metadata(whole)
    return whole


async def test_the_migrated_schema_is_the_declared_one(db: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, _everything())
        return [d for d in found if "alembic_version" not in str(d)]

    async with db.writer.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_migration_can_be_taken_back(db: Database) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("services.router.migrations")))

    def back(connection: Connection) -> list[str]:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        return inspect(connection).get_table_names()

    async with db.writer.begin() as connection:
        assert await connection.run_sync(back) == ["alembic_version"]

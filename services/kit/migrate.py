"""Migrations: one Alembic tree for each kind of house, the same files on SQLite and PostgreSQL."""

import asyncio
from importlib.resources import files
from typing import Any

from alembic import command, context, op
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from services.kit.db import driver_url
from services.kit.errors import Refused
from services.kit.leadership import LEASES  # noqa: F401 (declared on FLOOR)
from services.kit.outbox import FLOOR


def create_floor() -> None:
    """Create outbox, inbox, leases and idempotency: the first step of every house's first migration."""
    FLOOR.create_all(op.get_bind())


def drop_floor() -> None:
    """Drop what `create_floor` created."""
    FLOOR.drop_all(op.get_bind())


def run_env() -> None:
    """What every `env.py` calls: run the migrations on the connection that `upgrade` gives."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def upgrade(url: str, package: str) -> None:
    """Bring one house's database up to the newest migration of `package`; raise Refused when it cannot."""
    asyncio.run(upgrade_async(url, package))


async def upgrade_async(url: str, package: str) -> None:
    """Bring one house's database up to date, within a running loop."""
    config = Config()
    config.set_main_option("script_location", str(files(package)))
    engine = create_async_engine(driver_url(url))

    def work(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    try:
        async with engine.begin() as connection:
            await connection.run_sync(work)
    except (SQLAlchemyError, OSError) as error:
        raise Refused(
            f"database {driver_url(url).render_as_string()} cannot be migrated: {_why(error)}"
        ) from error
    finally:
        await engine.dispose()


def _why(error: Exception) -> str:
    original: Any = getattr(error, "orig", None) or error
    return str(original).splitlines()[0]

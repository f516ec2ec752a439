"""Databases for one test each, on a real server: with a role and a schema for each house, dropped after."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import nats

from services.kit.postgres import provision

HOUSES = (
    *("kit", "issuer", "registry", "router", "audit"),
    *("stations", "gateways", "feed", "broadcast", "cable", "wechat", "app"),
)
"""The roles of a test's database; a test of another house names it with the fixture `houses`.

They are listed here, and not imported, so that a fault in one service breaks no test of another.
"""


async def empty_bus(url: str) -> None:
    """Delete every stream of a nats-server."""
    client = await nats.connect(url)
    jetstream = client.jetstream()
    for stream in await jetstream.streams_info():
        await jetstream.delete_stream(stream.config.name or "")
    await client.close()


@asynccontextmanager
async def a_postgres_database(admin_url: str, prefix: str, houses: Sequence[str]) -> AsyncIterator[str]:
    """Create a database with its houses; yield its URL with `{name}` where the house's name goes; drop it."""
    name, password = f"{prefix}{secrets.token_hex(6)}", secrets.token_hex(16)
    await _tell(admin_url, f'CREATE DATABASE "{name}"')
    try:
        server = urlsplit(admin_url)
        await provision(server._replace(path=f"/{name}").geturl(), list(houses), password, prefix)
        address = server.netloc.rpartition("@")[2]
        yield f"postgresql://{prefix}{{name}}:{password}@{address}/{name}"
    finally:
        await _tell(admin_url, f'DROP DATABASE "{name}" WITH (FORCE)')


async def drop_roles(admin_url: str, prefix: str) -> None:
    """Drop the roles that tests left on a server that is not ours."""
    connection = await asyncpg.connect(admin_url)
    for row in await connection.fetch("SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)", prefix):
        await connection.execute(f'DROP ROLE "{row["rolname"]}"')
    await connection.close()


async def _tell(admin_url: str, statement: str) -> None:
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()

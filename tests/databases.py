"""Databases for one test each, on a real server: with a role and a schema for each house, dropped after."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import nats
import pytest

from services.kit.postgres import provision

HOUSES = (
    *("kit", "issuer", "registry", "router", "audit"),
    *("stations", "gateways", "feed", "broadcast", "cable", "wechat", "app", "voice"),
    *("web", "media", "weibo", "upper"),
)
"""The roles of a test's database; a test of another house names it with the fixture `houses`.

They are listed here, and not imported, so that a fault in one service breaks no test of another.
"""

on_one_database = pytest.mark.parametrize("database_url", ["sqlite_url"], ids=["sqlite"], indirect=True)
"""For a test that both databases cannot answer differently, among others that they can."""


async def empty_bus(url: str) -> None:
    """Delete every stream of a nats-server."""
    client = await nats.connect(url)
    jetstream = client.jetstream()
    for stream in await jetstream.streams_info():
        await jetstream.delete_stream(stream.config.name or "")
    await client.close()


_templates: dict[tuple[str, tuple[str, ...]], tuple[str, str]] = {}
"""Prefix and houses -> a database that has their schemas, and the password of their roles."""


@asynccontextmanager
async def a_postgres_database(admin_url: str, prefix: str, houses: Sequence[str]) -> AsyncIterator[str]:
    """Create a database with its houses; yield its URL with `{name}` where the house's name goes; drop it."""
    template, password = await _template(admin_url, prefix, tuple(houses))
    name = f"{prefix}{secrets.token_hex(6)}"
    finds = "; ".join(
        f'ALTER ROLE "{prefix}{house}" IN DATABASE "{name}" SET search_path = "{prefix}{house}"'
        for house in houses
    )
    await _tell(admin_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}" {_strategy[admin_url]}', finds)
    try:
        address = urlsplit(admin_url).netloc.rpartition("@")[2]
        yield f"postgresql://{prefix}{{name}}:{password}@{address}/{name}"
    finally:
        await _tell(admin_url, f'DROP DATABASE "{name}" WITH (FORCE)')


_strategy: dict[str, str] = {}
"""Server -> how it copies a template the quickest: files, unless it would wait for each to reach the disk."""


async def _template(admin_url: str, prefix: str, houses: tuple[str, ...]) -> tuple[str, str]:
    if (prefix, houses) not in _templates:
        known = next((p for (of, _), (_, p) in _templates.items() if of == prefix), secrets.token_hex(16))
        name = f"{prefix}{secrets.token_hex(6)}"
        await _tell(admin_url, f'CREATE DATABASE "{name}"')
        url = urlsplit(admin_url)._replace(path=f"/{name}").geturl()
        await provision(url, list(houses), known, prefix)
        _strategy[admin_url] = "STRATEGY FILE_COPY" if await _is_hasty(admin_url) else ""
        _templates[prefix, houses] = name, known
    return _templates[prefix, houses]


async def drop_roles(admin_url: str, prefix: str) -> None:
    """Drop the templates and roles that tests left on a server that is not ours."""
    for (of, _), (name, _) in _templates.items():
        if of == prefix:
            await _tell(admin_url, f'DROP DATABASE "{name}"')
    connection = await asyncpg.connect(admin_url)
    for row in await connection.fetch("SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)", prefix):
        await connection.execute(f'DROP ROLE "{row["rolname"]}"')
    await connection.close()


async def _is_hasty(admin_url: str) -> bool:
    connection = await asyncpg.connect(admin_url)
    hasty = await connection.fetchval("SHOW fsync") == "off"
    await connection.close()
    return bool(hasty)


async def _tell(admin_url: str, *statements: str) -> None:
    connection = await asyncpg.connect(admin_url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()

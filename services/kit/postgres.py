"""One PostgreSQL role and schema for each house, so that the server itself refuses other houses' tables."""

import asyncpg

from services.kit.errors import Invalid, Refused


async def provision(admin_url: str, houses: list[str], password: str, prefix: str = "") -> None:
    """Create a role and schema for each house, idempotently; the role finds only its own schema.

    The role of house `router` is `<prefix>router`; several installations on one server use prefixes.
    """
    try:
        connection = await asyncpg.connect(admin_url)
    except (asyncpg.InterfaceError, ValueError):
        raise Invalid("--provision", "is no address of PostgreSQL", "use postgresql://...") from None
    except (OSError, asyncpg.PostgresError) as error:
        raise Refused(f"PostgreSQL does not answer: {type(error).__name__}") from error
    try:
        for house in houses:
            await _provision_one(connection, f"{prefix}{house}", password)
    finally:
        await connection.close()


async def _provision_one(connection: asyncpg.Connection, role: str, password: str) -> None:
    if not role.replace("_", "").isalnum() or not role.isascii():
        raise Refused(f"{role!r} cannot be the name of a role")
    secret = "'" + password.replace("'", "''") + "'"
    known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    verb = "ALTER" if known else "CREATE"
    database = await connection.fetchval("SELECT current_database()")
    await connection.execute(f'{verb} ROLE "{role}" LOGIN PASSWORD {secret}')
    await connection.execute(f'GRANT "{role}" TO CURRENT_USER')
    await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{role}" AUTHORIZATION "{role}"')
    await connection.execute(f'ALTER ROLE "{role}" IN DATABASE "{database}" SET search_path = "{role}"')

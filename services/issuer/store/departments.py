"""Rows of accounts that belong to a department."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.issuer.store.desk_tables import DEPARTMENTS
from services.kit.db import Transaction


async def of(connection: AsyncConnection, username: str) -> str | None:
    """Return the department of an account, None when it has none."""
    statement = select(DEPARTMENTS.c.department).where(DEPARTMENTS.c.username == username)
    found: str | None = (await connection.execute(statement)).scalar_one_or_none()
    return found


async def every(connection: AsyncConnection) -> dict[str, str]:
    """Return the department of each account that has one."""
    return {row.username: row.department for row in await connection.execute(select(DEPARTMENTS))}


async def keep(tx: Transaction, username: str, department: str | None) -> None:
    """Write the department of an account, or that it has none any more."""
    await tx.execute(delete(DEPARTMENTS).where(DEPARTMENTS.c.username == username))
    if department:
        await tx.execute(DEPARTMENTS.insert().values(username=username, department=department))

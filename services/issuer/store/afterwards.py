"""Rows of what happened after warnings: written again and again, never over."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.issuer.model.afterwards import Afterwards, Hit, Told
from services.issuer.store.tables import AFTERWARDS, WARNINGS
from services.kit.db import Transaction
from services.kit.errors import Refused


async def insert(tx: Transaction, written: Afterwards) -> None:
    """Write one; raise Refused when somebody wrote another at the same moment."""
    try:
        async with tx.connection.begin_nested():
            await tx.execute(AFTERWARDS.insert().values(_row(written)))
    except IntegrityError as error:
        raise Refused("somebody wrote of this event just now", mend="look at it and try again") from error


async def of_warning(connection: AsyncConnection, warning_id: UUID) -> list[Afterwards]:
    """Return everything that was written, the newest first."""
    mine = AFTERWARDS.c.warning_id == str(warning_id)
    statement = select(AFTERWARDS).where(mine).order_by(AFTERWARDS.c.number.desc())
    return [_afterwards(row) for row in (await connection.execute(statement)).mappings()]


async def last_number(connection: AsyncConnection, warning_id: UUID) -> int:
    """Return the number of the newest writing, 0 when there is none."""
    mine = AFTERWARDS.c.warning_id == str(warning_id)
    return (await connection.execute(select(func.max(AFTERWARDS.c.number)).where(mine))).scalar_one() or 0


async def warning_named(connection: AsyncConnection, name: str) -> UUID | None:
    """Return the warning that has an id or a CAP identifier, and has gone out."""
    out = WARNINGS.c.identifier.is_not(None)
    named = (WARNINGS.c.warning_id == name) | (WARNINGS.c.identifier == name)
    found = await connection.execute(select(WARNINGS.c.warning_id).where(out, named).limit(1))
    row = found.scalar_one_or_none()
    return None if row is None else UUID(row)


def _row(written: Afterwards) -> dict[str, Any]:
    kept = {name: value for name, value in vars(written).items() if name != "told"}
    row = kept | vars(written.told)
    return row | {"warning_id": str(written.warning_id), "imported": int(written.imported)}


def _afterwards(row: Mapping[Any, Any]) -> Afterwards:
    told = Told(**{one.name: row[one.name] for one in fields(Told)} | {"verdict": Hit(row["verdict"])})
    return Afterwards(
        warning_id=UUID(row["warning_id"]),
        number=row["number"],
        at=row["at"],
        by=row["by"],
        name=row["name"],
        told=told,
        imported=bool(row["imported"]),
    )

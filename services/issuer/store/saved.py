"""Rows of saved phrases and areas."""

from uuid import UUID

from sqlalchemy import RowMapping, delete, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.values import AreaSelection
from services.issuer.model.saved import Saved, SavedKind
from services.issuer.store.desk_tables import SAVED
from services.kit.db import Transaction
from services.kit.errors import NotFound


async def all_for(connection: AsyncConnection, username: str) -> list[Saved]:
    """Return what somebody put by, and what others share, by name."""
    mine = or_(SAVED.c.owner == username, SAVED.c.shared == true())
    statement = select(SAVED).where(mine).order_by(SAVED.c.kind, SAVED.c.name, SAVED.c.saved_id)
    return [_saved(row) for row in (await connection.execute(statement)).mappings()]


async def get(connection: AsyncConnection, saved_id: UUID, username: str) -> Saved:
    """Return one that somebody may see; raise NotFound otherwise."""
    found = next((one for one in await all_for(connection, username) if one.saved_id == saved_id), None)
    if found is None:
        raise NotFound("there is no such phrase or area")
    return found


async def insert(tx: Transaction, saved: Saved) -> None:
    """Write a new one."""
    await tx.execute(SAVED.insert().values(saved_id=str(saved.saved_id), **_row(saved)))


async def change(tx: Transaction, saved: Saved) -> None:
    """Write one anew."""
    await tx.execute(update(SAVED).where(SAVED.c.saved_id == str(saved.saved_id)).values(_row(saved)))


async def remove(tx: Transaction, saved: Saved) -> None:
    """Take one away."""
    await tx.execute(delete(SAVED).where(SAVED.c.saved_id == str(saved.saved_id)))


def _row(saved: Saved) -> dict[str, object]:
    return {
        "kind": saved.kind,
        "name": saved.name,
        "owner": saved.owner,
        "shared": saved.shared,
        "body": saved.area.model_dump_json() if saved.area else saved.phrase,
        "created_at": saved.created_at,
    }


def _saved(row: RowMapping) -> Saved:
    kind = SavedKind(row["kind"])
    area = AreaSelection.model_validate_json(row["body"]) if kind is SavedKind.AREA else None
    return Saved(
        saved_id=UUID(row["saved_id"]),
        kind=kind,
        name=row["name"],
        owner=row["owner"],
        shared=row["shared"],
        created_at=row["created_at"],
        phrase="" if area else row["body"],
        area=area,
    )

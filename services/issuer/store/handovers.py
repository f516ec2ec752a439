"""Rows of handovers: one for each change of shift."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.issuer.model.shift import Handover, Shift
from services.issuer.store.tables import HANDOVERS
from services.kit.db import Transaction
from services.kit.errors import NotFound, Refused


async def insert(tx: Transaction, begun: Handover) -> None:
    """Write what somebody leaves."""
    await tx.execute(HANDOVERS.insert().values(_row(begun)))


async def save(tx: Transaction, taken: Handover) -> None:
    """Write who took it over; raise Refused when somebody else was first."""
    mine = (HANDOVERS.c.handover_id == str(taken.handover_id)) & HANDOVERS.c.comes.is_(None)
    if not (await tx.execute(update(HANDOVERS).where(mine).values(_row(taken)))).rowcount:
        raise Refused("somebody has taken it over already", mend="read who did")


async def get(connection: AsyncConnection, handover_id: UUID) -> Handover:
    """Return a handover; raise NotFound when there is none."""
    statement = select(HANDOVERS).where(HANDOVERS.c.handover_id == str(handover_id))
    row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound("there is no such handover")
    return _handover(row)


async def listed(connection: AsyncConnection, limit: int) -> list[Handover]:
    """Return handovers, the newest first."""
    statement = select(HANDOVERS).order_by(HANDOVERS.c.goes_at.desc(), HANDOVERS.c.handover_id).limit(limit)
    return [_handover(row) for row in (await connection.execute(statement)).mappings()]


def _row(handover: Handover) -> dict[str, Any]:
    state = handover.state.model_dump_json()
    return {**vars(handover), "handover_id": str(handover.handover_id), "state": state}


def _handover(row: Mapping[Any, Any]) -> Handover:
    state, handover_id = Shift.model_validate_json(row["state"]), UUID(row["handover_id"])
    return Handover(**{**row, "handover_id": handover_id, "state": state})

"""What needs two: one proposes, another confirms or declines within a day. Who decides first, decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Column, MetaData, String, Table, Text, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.kit.db import Moment, Transaction
from services.kit.errors import Forbidden, NotFound, Refused
from services.kit.ids import uuid7

KEPT_OPEN = timedelta(hours=24)
MOST = 100
OPEN, CONFIRMED, DECLINED, EXPIRED = "open", "confirmed", "declined", "expired"


def table(metadata: MetaData) -> Table:
    """Return the table of proposals of a house."""
    return Table(
        "proposals",
        metadata,
        Column("proposal_id", String(36), primary_key=True),
        Column("kind", String(20), nullable=False),
        Column("about", String(40), nullable=False, index=True),
        Column("wanted", Text, nullable=False),
        Column("proposed_by", String(40), nullable=False),
        Column("proposed_at", Moment, nullable=False),
        Column("expires_at", Moment, nullable=False),
        Column("state", String(12), nullable=False),
        Column("decided_by", String(40)),
        Column("decided_at", Moment),
    )


@dataclass(frozen=True)
class Proposal:
    """What somebody proposed, and what became of it."""

    proposal_id: str
    kind: str
    about: str
    wanted: Mapping[str, Any]
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    state: str
    decided_by: str | None = None
    decided_at: datetime | None = None

    def at(self, now: datetime) -> str:
        """Return its state: one that nobody decided in time has expired."""
        return EXPIRED if self.state == OPEN and now >= self.expires_at else self.state


async def propose(
    tx: Transaction, rows: Table, kind: str, about: str, wanted: Mapping[str, Any], by: str
) -> Proposal:
    """Write a proposal and say so; the same one is not made twice."""
    for other in await waiting(tx.connection, rows, tx.now, about):
        if other.kind == kind:
            raise Refused(
                "such a proposal waits already", mend="confirm it, or decline it and propose it anew"
            )
    made = Proposal(str(uuid7()), kind, about, wanted, by, tx.now, tx.now + KEPT_OPEN, OPEN)
    row = {**vars(made), "wanted": orjson.dumps(wanted).decode()}
    await tx.execute(rows.insert().values(row))
    tx.record("proposal.made", actor=by, about=about, proposal=made.proposal_id, what=kind, wanted=wanted)
    return made


async def confirm(tx: Transaction, rows: Table, proposal_id: UUID, by: str) -> Proposal:
    """Confirm what somebody else proposed; exactly one decision counts."""
    found = await get(tx.connection, rows, proposal_id)
    if by in (found.proposed_by, found.about):
        raise Forbidden("neither who proposed it nor whom it is about confirms it", mend="ask another one")
    return await _decide(tx, rows, found, CONFIRMED, by)


async def decline(tx: Transaction, rows: Table, proposal_id: UUID, by: str) -> Proposal:
    """Decline a proposal, or take one's own back."""
    return await _decide(tx, rows, await get(tx.connection, rows, proposal_id), DECLINED, by)


async def _decide(tx: Transaction, rows: Table, found: Proposal, state: str, by: str) -> Proposal:
    still = (rows.c.proposal_id == found.proposal_id) & (rows.c.state == OPEN) & (rows.c.expires_at > tx.now)
    decided = update(rows).where(still).values(state=state, decided_by=by, decided_at=tx.now)
    if (await tx.execute(decided)).rowcount != 1:
        raise Refused("this proposal is decided already, or has expired", mend="read the list again")
    tx.record(
        f"proposal.{state}",
        actor=by,
        about=found.about,
        proposal=found.proposal_id,
        what=found.kind,
        proposed_by=found.proposed_by,
    )
    return replace(found, state=state, decided_by=by, decided_at=tx.now)


async def get(connection: AsyncConnection, rows: Table, proposal_id: UUID) -> Proposal:
    """Return one proposal."""
    statement = select(rows).where(rows.c.proposal_id == str(proposal_id))
    row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound("there is no such proposal")
    return _proposal(row)


async def waiting(
    connection: AsyncConnection, rows: Table, now: datetime, about: str | None = None
) -> list[Proposal]:
    """Return the proposals that can still be decided, the oldest first."""
    statement = select(rows).where(rows.c.state == OPEN, rows.c.expires_at > now).order_by(rows.c.proposal_id)
    if about is not None:
        statement = statement.where(rows.c.about == about)
    return _proposals((await connection.execute(statement)).mappings().all())


async def latest(connection: AsyncConnection, rows: Table) -> list[Proposal]:
    """Return the newest proposals, decided ones among them."""
    statement = select(rows).order_by(rows.c.proposal_id.desc()).limit(MOST)
    return _proposals((await connection.execute(statement)).mappings().all())


def _proposals(found: Sequence[Any]) -> list[Proposal]:
    return [_proposal(row) for row in found]


def _proposal(row: Any) -> Proposal:
    return Proposal(**{**row, "wanted": orjson.loads(row["wanted"])})

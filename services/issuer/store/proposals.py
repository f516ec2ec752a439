"""Rows of risk proposals."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.proposal import RiskProposed
from services.issuer.model.proposal import Answer, Proposal
from services.issuer.store.desk_tables import RISK_PROPOSALS
from services.kit.db import Transaction
from services.kit.errors import NotFound, Refused


async def insert(tx: Transaction, told: RiskProposed) -> None:
    """Write a proposal that was heard; one that is known already stays as it is."""
    known = select(RISK_PROPOSALS.c.proposal_id).where(RISK_PROPOSALS.c.proposal_id == str(told.proposal_id))
    if (await tx.execute(known)).first() is None:
        await tx.execute(RISK_PROPOSALS.insert().values(_row(Proposal(told))))


async def waiting(connection: AsyncConnection, now: datetime) -> list[Proposal]:
    """Return the proposals that nobody has answered and that still make sense, the oldest first."""
    open_ones = select(RISK_PROPOSALS).where(
        RISK_PROPOSALS.c.state == Answer.WAITING, RISK_PROPOSALS.c.expires > now
    )
    rows = await connection.execute(open_ones.order_by(RISK_PROPOSALS.c.at, RISK_PROPOSALS.c.proposal_id))
    return [_proposal(row) for row in rows.mappings()]


async def get(connection: AsyncConnection, proposal_id: UUID) -> Proposal:
    """Return a proposal; raise NotFound when there is none."""
    statement = select(RISK_PROPOSALS).where(RISK_PROPOSALS.c.proposal_id == str(proposal_id))
    row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound("there is no such risk proposal")
    return _proposal(row)


async def answer(tx: Transaction, proposal: Proposal) -> None:
    """Write what was made of it; raise Refused when somebody else was faster."""
    mine = RISK_PROPOSALS.c.proposal_id == str(proposal.told.proposal_id)
    changed = update(RISK_PROPOSALS).where(mine, RISK_PROPOSALS.c.state == Answer.WAITING)
    if not (await tx.execute(changed.values(_row(proposal)))).rowcount:
        raise Refused("somebody else has answered this proposal just now", mend="look at the list again")


def _row(proposal: Proposal) -> dict[str, object]:
    told = proposal.told
    return {
        "proposal_id": str(told.proposal_id),
        "mode": told.mode,
        "body": told.model_dump_json(),
        "at": told.at,
        "expires": told.expires,
        "state": proposal.state,
        "by": proposal.by,
        "decided_at": proposal.decided_at,
        "reason": proposal.reason,
        "warning_id": str(proposal.warning_id) if proposal.warning_id else None,
    }


def _proposal(row: RowMapping) -> Proposal:
    return Proposal(
        told=RiskProposed.model_validate_json(row["body"]),
        state=Answer(row["state"]),
        by=row["by"],
        decided_at=row["decided_at"],
        reason=row["reason"],
        warning_id=UUID(row["warning_id"]) if row["warning_id"] else None,
    )

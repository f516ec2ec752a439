"""Rows of suspension proposals, and which suspensions and leading warnings are in force."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.plan import Manifest
from contracts.values import Mode
from services.issuer.model.content import Content, Kind
from services.issuer.model.suspension import Answer, Asks, Order, SuspensionProposal, Terms
from services.issuer.model.warning import OPEN, State
from services.issuer.store.suspension_tables import SUSPENSION_PROPOSALS as PROPOSALS
from services.issuer.store.tables import WARNINGS
from services.kit.db import Transaction
from services.kit.errors import NotFound, Refused

Key = tuple[UUID, int]


async def insert(tx: Transaction, proposal: SuspensionProposal) -> bool:
    """Write a proposal; return False for one that was made before, which stays as it is."""
    known = select(PROPOSALS.c.proposal_id).where(PROPOSALS.c.proposal_id == str(proposal.proposal_id))
    if (await tx.execute(known)).first() is not None:
        return False
    await tx.execute(PROPOSALS.insert().values(_row(proposal)))
    return True


async def get(connection: AsyncConnection, proposal_id: UUID, *, lock: bool = False) -> SuspensionProposal:
    """Return a proposal; raise NotFound when there is none."""
    statement = select(PROPOSALS).where(PROPOSALS.c.proposal_id == str(proposal_id))
    if lock and connection.dialect.name == "postgresql":
        statement = statement.with_for_update()
    row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound("there is no such suspension proposal")
    return _proposal(row)


async def answer(tx: Transaction, proposal: SuspensionProposal) -> None:
    """Write what was decided; raise Refused when somebody else was faster."""
    if not await _answer(tx, proposal):
        raise Refused("this proposal has been answered just now", mend="look at the list again")


async def withdraw(tx: Transaction, proposal: SuspensionProposal) -> bool:
    """Write that it is taken back; return False when it was answered meanwhile, which stands."""
    return await _answer(tx, proposal)


async def _answer(tx: Transaction, proposal: SuspensionProposal) -> bool:
    mine = PROPOSALS.c.proposal_id == str(proposal.proposal_id)
    changed = update(PROPOSALS).where(mine, PROPOSALS.c.state == Answer.OPEN).values(_row(proposal))
    return bool((await tx.execute(changed)).rowcount)


async def listed(
    connection: AsyncConnection, states: Collection[Answer] = (), mode: Mode | None = None, limit: int = 500
) -> list[SuspensionProposal]:
    """Return proposals in some states or all, the newest first."""
    statement = select(PROPOSALS).order_by(PROPOSALS.c.at.desc(), PROPOSALS.c.proposal_id).limit(limit)
    if states:
        statement = statement.where(PROPOSALS.c.state.in_(states))
    if mode:
        statement = statement.where(PROPOSALS.c.mode == mode)
    return await _proposals(connection, statement)


async def of_warning(connection: AsyncConnection, warning_id: UUID) -> list[SuspensionProposal]:
    """Return every proposal that a warning led to, or that is about this suspension; the earliest first."""
    named = or_(PROPOSALS.c.lead_id == str(warning_id), PROPOSALS.c.suspension_id == str(warning_id))
    statement = select(PROPOSALS).where(named).order_by(PROPOSALS.c.at, PROPOSALS.c.proposal_id)
    return await _proposals(connection, statement)


async def orders(
    connection: AsyncConnection, mode: Mode, codes: Collection[str], now: datetime
) -> list[Order]:
    """Return the suspensions that are in force, and those on their way to it."""
    statement = select(WARNINGS).where(
        WARNINGS.c.mode == mode,
        WARNINGS.c.hazard.in_(codes),
        WARNINGS.c.kind != Kind.CANCEL,
        WARNINGS.c.state.in_([*OPEN, State.ISSUED]),
        WARNINGS.c.expires > now,
    )
    return [_order(row) for row in (await connection.execute(statement)).mappings()]


async def leaders(
    connection: AsyncConnection, mode: Mode, hazards: Collection[str], now: datetime
) -> list[Key]:
    """Return the revisions in force that are about one of these hazards."""
    statement = select(WARNINGS.c.warning_id, WARNINGS.c.revision).where(
        WARNINGS.c.mode == mode,
        WARNINGS.c.hazard.in_(hazards),
        WARNINGS.c.kind != Kind.CANCEL,
        WARNINGS.c.state == State.ISSUED,
        WARNINGS.c.expires > now,
    )
    return [(UUID(row.warning_id), row.revision) for row in await connection.execute(statement)]


def _order(row: RowMapping) -> Order:
    content = Content.model_validate_json(row["content"])
    manifest = Manifest.model_validate_json(row["manifest"]) if row["manifest"] else None
    return Order(
        warning_id=UUID(row["warning_id"]),
        revision=row["revision"],
        sector=content.sector,
        code=content.hazard,
        department=content.department,
        towns=frozenset(manifest.towns if manifest else content.selection.towns),
        out=row["state"] == State.ISSUED,
        led=content.leading is not None,
    )


async def _proposals(connection: AsyncConnection, statement: Select[Any]) -> list[SuspensionProposal]:
    return [_proposal(row) for row in (await connection.execute(statement)).mappings()]


def _row(proposal: SuspensionProposal) -> dict[str, Any]:
    row = dict(vars(proposal))
    for name in ("proposal_id", "lead_id", "suspension_id", "grant_id"):
        row[name] = str(row[name]) if row[name] else None
    return {**row, "terms": proposal.terms.model_dump_json()}


def _proposal(row: RowMapping) -> SuspensionProposal:
    found: dict[str, Any] = dict(row)
    for name in ("proposal_id", "lead_id", "suspension_id", "grant_id"):
        found[name] = UUID(found[name]) if found[name] else None
    return SuspensionProposal(
        **{
            **found,
            "asks": Asks(row["asks"]),
            "mode": Mode(row["mode"]),
            "state": Answer(row["state"]),
            "terms": Terms.model_validate_json(row["terms"]),
        }
    )

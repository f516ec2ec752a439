"""Consenting: a department says yes or no to what was proposed; its yes is its approval of the message."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.issuer import store
from services.issuer.actions import making
from services.issuer.actions.needing import steps_of
from services.issuer.actions.ordering import ordered
from services.issuer.actions.press import Press
from services.issuer.actions.revising import give_way, lifting, standing_of
from services.issuer.actions.suspending import WRITER, name_of, tell_of
from services.issuer.actions.telling import tell
from services.issuer.catalogue import Catalogue
from services.issuer.model import Person, WeatherWarning
from services.issuer.model.follow import Leading
from services.issuer.model.suspension import (
    Asks,
    SuspensionProposal,
    of_department,
    same_towns,
    taken,
)
from services.issuer.reach import Reach
from services.kit.db import Database, Transaction
from services.kit.errors import Refused


async def left_of(
    connection: AsyncConnection, proposal: SuspensionProposal, now: datetime
) -> tuple[str, ...]:
    """Return the towns of a proposal in which nobody has stopped that sector yet; of a lift, all of them."""
    terms = proposal.terms
    if proposal.asks is Asks.LIFT:
        return terms.towns
    orders = await store.suspensions.orders(connection, proposal.mode, [terms.code], now)
    gone = taken(orders, terms.code, terms.sector)
    return tuple(town for town in terms.towns if town not in gone)


async def confirm(
    db: Database, press: Press, reach: Reach, proposal_id: UUID, by: Person, *, towns: Collection[str]
) -> WeatherWarning:
    """Say yes in the name of a department, to exactly the towns that were seen; a signer then decides."""
    async with db.read() as connection:
        proposal = await store.suspensions.get(connection, proposal_id)
        of_department(by, proposal.department)
        left = await left_of(connection, proposal, db.clock.now())
    proposal.confirmed(by, db.clock.now(), proposal_id)
    same_towns(towns, left)
    if proposal.asks is Asks.LIFT:
        return await _lift(db, press.catalogue, proposal, by)
    if not left:
        raise Refused("it is suspended there already", mend="decline this proposal")
    review = await ordered(
        db,
        press,
        reach,
        name_of(proposal_id, 1, "order"),
        mode=proposal.mode,
        department=proposal.department,
        terms=proposal.terms.model_copy(update={"towns": left}),
        leading=Leading(warning_id=proposal.lead_id, revision=proposal.lead_revision),
    )
    async with db.transaction() as tx:
        await store.alongside.in_turn(tx, proposal.mode, proposal.terms.code)
        same_towns(left, await left_of(tx.connection, proposal, tx.now))
        return await _agreed(tx, press.catalogue, proposal, review, by)


async def _lift(
    db: Database, catalogue: Catalogue, proposal: SuspensionProposal, by: Person
) -> WeatherWarning:
    """Begin the lift of a suspension, approved by the department; a signer then decides."""
    assert proposal.suspension_id is not None
    async with db.transaction() as tx:
        base = await standing_of(tx, proposal.suspension_id)
        await give_way(tx, base.warning_id, WRITER)
        revision = await store.changes.next_revision(tx.connection, base.warning_id)
        content = lifting(catalogue, base, tx.now)
        draft = making.begun(base.warning_id, revision, content, WRITER, tx.now)
        assert base.manifest is not None
        review = draft.submitted(base.manifest, WRITER.username, tx.now)
        return await _agreed(tx, catalogue, proposal, review, by)


async def _agreed(
    tx: Transaction, catalogue: Catalogue, proposal: SuspensionProposal, review: WeatherWarning, by: Person
) -> WeatherWarning:
    """Keep the message with the department's approval, and that it said yes: both or nothing."""
    known = await store.suspensions.get(tx.connection, proposal.proposal_id, lock=True)
    done = known.confirmed(by, tx.now, review.warning_id)
    await store.suspensions.answer(tx, done)
    assert review.manifest is not None
    hashes, said = (review.content_sha256, review.manifest.sha256), f"confirmed {proposal.proposal_id}"
    approved = review.approved(by, hashes, steps_of(catalogue, review), tx.now, said)
    await store.changes.insert(tx, replace(review, approvals=()))
    await store.changes.save(tx, approved, review.version)
    await tell(tx, approved, WRITER, "submitted", proposal.terms.rule)
    await tell(tx, approved, by, "approved", said)
    await tell_of(tx, catalogue, done, by.username)
    return approved


async def decline(
    db: Database, catalogue: Catalogue, proposal_id: UUID, by: Person, reason: str
) -> SuspensionProposal:
    """Say no in the name of a department, and why."""
    async with db.transaction() as tx:
        proposal = await store.suspensions.get(tx.connection, proposal_id, lock=True)
        declined = proposal.declined(by, tx.now, reason)
        await store.suspensions.answer(tx, declined)
        await tell_of(tx, catalogue, declined, by.username)
    return declined

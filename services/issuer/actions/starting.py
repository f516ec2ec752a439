"""Starting from something: an earlier warning, or a risk proposal."""

from datetime import timedelta
from uuid import UUID

from contracts.proposal import RiskProposed
from contracts.values import Level, Mode
from services.issuer import store
from services.issuer.actions.drafting import draft
from services.issuer.actions.permission import at_the_desk
from services.issuer.actions.press import Press
from services.issuer.catalogue import Catalogue
from services.issuer.model import Content, Person, WeatherWarning, Window, Wish
from services.issuer.model.proposal import Proposal
from services.issuer.reach import Reach
from services.kit.db import Database, Transaction


def as_before(catalogue: Catalogue, base: Content, level: Level | None, now: Window) -> Wish:
    """Return the wish for the same again: area and product stay, texts follow the colour, times are now."""
    colour = level or base.level
    catalogue.issuable(base.hazard, colour, base.product, base.department)
    return Wish(
        hazard=base.hazard,
        level=colour,
        product=base.product,
        department=base.department,
        selection=base.selection,
        window=now,
        slots=dict(base.slots) if colour is base.level else {},
        left_out=base.left_out,
    )


async def again(
    db: Database,
    press: Press,
    reach: Reach,
    warning_id: UUID,
    by: Person,
    *,
    level: Level | None = None,
    mode: Mode | None = None,
) -> WeatherWarning:
    """Begin a new warning as an earlier one was, in its colour or another."""
    at_the_desk(press.catalogue, by)
    async with db.read() as connection:
        base = (await store.warnings.get(connection, warning_id)).content
    signal = press.catalogue.issuable(base.hazard, level or base.level, base.product, base.department)
    begin = db.clock.now().replace(second=0, microsecond=0)
    window = Window(begin=begin, end=begin + timedelta(hours=signal.grade.window_hours))
    wish = as_before(press.catalogue, base, level, window)
    return await draft(
        db, press.catalogue, reach, mode=mode or base.mode, wish=wish, by=by, signature=press.signature
    )


async def hear_proposal(tx: Transaction, told: RiskProposed) -> None:
    """Keep a proposal for whoever composes."""
    await store.proposals.insert(tx, told)
    tx.record("proposal.heard", mode=told.mode, about=str(told.proposal_id), source=told.source)


async def draft_of(db: Database, press: Press, reach: Reach, proposal_id: UUID, by: Person) -> WeatherWarning:
    """Begin a draft from a proposal: its subject, colour, area and times; texts by the catalogue."""
    at_the_desk(press.catalogue, by)
    async with db.read() as connection:
        proposal = await store.proposals.get(connection, proposal_id)
    told = proposal.told
    department = next(iter(press.catalogue.products.get(told.product).departments), "")
    wish = Wish(
        hazard=told.hazard,
        level=told.level,
        product=told.product,
        department=department,
        selection=told.selection,
        window=Window(begin=told.begin, end=told.end),
        stage=told.stage,
    )

    async def answered(tx: Transaction, warning: WeatherWarning) -> None:
        await _answer(tx, proposal.drafted(by.username, tx.now, warning.warning_id), by)

    return await draft(
        db,
        press.catalogue,
        reach,
        mode=told.mode,
        wish=wish,
        by=by,
        signature=press.signature,
        beside=answered,
    )


async def dismiss(db: Database, catalogue: Catalogue, proposal_id: UUID, by: Person, reason: str) -> Proposal:
    """Make nothing of a proposal, and say why."""
    at_the_desk(catalogue, by)
    async with db.transaction() as tx:
        proposal = await store.proposals.get(tx.connection, proposal_id)
        dismissed = proposal.dismissed(by.username, tx.now, reason)
        await _answer(tx, dismissed, by)
    return dismissed


async def _answer(tx: Transaction, proposal: Proposal, by: Person) -> None:
    await store.proposals.answer(tx, proposal)
    tx.record(
        f"proposal.{proposal.state}",
        mode=proposal.told.mode,
        actor=by.username,
        about=str(proposal.told.proposal_id),
        reason=proposal.reason or "",
    )

"""Suspending: what warnings ask of departments when they come into force or end, in their own transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.values import Mode
from services.issuer import store
from services.issuer.catalogue import SIGNAL, SUSPENSION, Catalogue, Fit, Suspension
from services.issuer.model import Content, Kind, Person, State, WeatherWarning
from services.issuer.model.suspension import Answer, Asks, Order, SuspensionProposal, Terms, taken
from services.kit.db import Transaction

WRITER = Person("suspension", "Yutian", frozenset({"drafter"}))
"""Under this name the program itself proposes and writes; nobody signs in by it, and it approves nothing."""

_NAMES = UUID("5c0f7a5e-6d0b-5a53-9f0a-2f6f0a1e7c11")

OVER = "the warning that asked for it is over or asks for it no longer"
AGAIN = "a warning asks for the suspension again, or it is over"


def name_of(warning_id: UUID, revision: int, what: str) -> UUID:
    """Return the id of what a revision leads to: the same whenever it is asked."""
    return uuid5(_NAMES, f"{warning_id}:{revision}:{what}")


def leads(content: Content) -> bool:
    """Tell whether the rules are about such a content."""
    return content.product == SIGNAL and content.kind is not Kind.CANCEL


@dataclass(frozen=True)
class Scene:
    """What is in force that rules are about, and what is stopped already."""

    rules: Suspension
    leads: Sequence[WeatherWarning]
    orders: Sequence[Order]

    def fits(self, lead: WeatherWarning) -> list[Fit]:
        """Return the rules that fit a warning, each with its towns."""
        towns = lead.manifest.towns if lead.manifest else ()
        return self.rules.fits(lead.content.hazard, lead.content.level, towns)

    def taken(self, sector: str, *, out: bool = False) -> frozenset[str]:
        """Return the towns in which a sector is stopped already, or is about to be."""
        return taken(self.orders, self.rules.sector(sector).code, sector, out=out)

    def asks_for(self, order: Order) -> bool:
        """Tell whether some warning in force asks for a suspension somewhere in its towns."""
        fits = (fit for lead in self.leads for fit in self.fits(lead))
        return any(fit.rule.sector == order.sector and fit.towns & order.towns for fit in fits)

    def still(self, proposal: SuspensionProposal) -> bool:
        """Tell whether there is still something to decide about a proposal."""
        if proposal.asks is Asks.LIFT:
            mine = [one for one in self.orders if one.out and one.warning_id == proposal.suspension_id]
            return any(not self.asks_for(one) for one in mine)
        if proposal.terms.sector not in self.rules.sectors:
            return False
        fits = [fit for lead in self.leads if lead.warning_id == proposal.lead_id for fit in self.fits(lead)]
        there = next((fit.towns for fit in fits if fit.rule.name == proposal.terms.rule), frozenset[str]())
        towns, sector = set(proposal.terms.towns), proposal.terms.sector
        more = there - self.taken(sector) - towns
        return towns <= there and not more and bool(towns - self.taken(sector, out=True))


async def scene(connection: AsyncConnection, catalogue: Catalogue, mode: Mode, now: datetime) -> Scene:
    """Return how things stand in a mode."""
    rules = catalogue.suspension
    keys = await store.suspensions.leaders(connection, mode, {rule.hazard for rule in rules.rules}, now)
    found = [await store.warnings.get(connection, *key) for key in keys]
    codes = {subject.code for subject in catalogue.products.products[SUSPENSION].subjects}
    orders = await store.suspensions.orders(connection, mode, codes, now)
    return Scene(rules, [one for one in found if leads(one.content)], orders)


async def settle(tx: Transaction, catalogue: Catalogue, moved: Sequence[WeatherWarning], by: str) -> None:
    """Ask what these warnings ask for, now that they came into force or ended, and take back the rest."""
    for mode in dict.fromkeys(one.content.mode for one in moved):
        here = [one for one in moved if one.content.mode is mode]
        now = await scene(tx.connection, catalogue, mode, tx.now)
        await _withdraw(tx, catalogue, now, mode, by)
        for one in here:
            if one.state is State.ISSUED and leads(one.content):
                await _propose(tx, catalogue, now, one, by)
        for order in now.orders:
            if order.out and order.led and not now.asks_for(order):
                await _propose_lift(tx, catalogue, order, here, by)


async def _withdraw(tx: Transaction, catalogue: Catalogue, now: Scene, mode: Mode, by: str) -> None:
    for proposal in await store.suspensions.listed(tx.connection, [Answer.OPEN], mode):
        if not now.still(proposal):
            reason = OVER if proposal.asks is Asks.SUSPEND else AGAIN
            if await store.suspensions.withdraw(tx, gone := proposal.withdrawn(tx.now, reason)):
                await tell_of(tx, catalogue, gone, by)


async def _propose(tx: Transaction, catalogue: Catalogue, now: Scene, lead: WeatherWarning, by: str) -> None:
    before = await store.suspensions.of_warning(tx.connection, lead.warning_id)
    for fit in now.fits(lead):
        left = fit.towns - now.taken(fit.rule.sector)
        if left and not any(_said(one, fit, left, lead) for one in before):
            proposal = proposed(catalogue, lead, fit.rule.name, left, fit.rule.name, tx.now)
            if await store.suspensions.insert(tx, proposal):
                await tell_of(tx, catalogue, proposal, by)


def _said(before: SuspensionProposal, fit: Fit, left: frozenset[str], lead: WeatherWarning) -> bool:
    """Tell whether the same was asked before and waits, or was declined at this colour."""
    terms = before.terms
    same = before.asks is Asks.SUSPEND and terms.rule == fit.rule.name and left <= set(terms.towns)
    declined = before.state is Answer.DECLINED and terms.level is lead.content.level
    return same and before.lead_id == lead.warning_id and (before.state is Answer.OPEN or declined)


def proposed(
    catalogue: Catalogue, lead: WeatherWarning, rule: str, towns: frozenset[str], what: str, now: datetime
) -> SuspensionProposal:
    """Return what a rule proposes because of a warning."""
    found = catalogue.suspension.rule(rule)
    content = lead.content
    terms = Terms(
        rule=rule,
        rules_version=catalogue.suspension.version,
        hazard=content.hazard,
        level=content.level,
        headline=content.text.headline,
        code=catalogue.suspension.sector(found.sector).code,
        sector=found.sector,
        towns=tuple(sorted(towns)),
        window=content.window,
    )
    key = name_of(lead.warning_id, lead.revision, what)
    lead_key = (lead.warning_id, lead.revision)
    return SuspensionProposal(key, Asks.SUSPEND, content.mode, found.department, *lead_key, terms, now)


async def _propose_lift(
    tx: Transaction, catalogue: Catalogue, order: Order, moved: Sequence[WeatherWarning], by: str
) -> None:
    """Ask the department whether to lift what no warning asks for any more; only a person lifts it."""
    open_ones = await store.warnings.open_revisions(tx.connection, order.warning_id)
    before = await store.suspensions.of_warning(tx.connection, order.warning_id)
    asked = [one for one in before if one.asks is Asks.LIFT and one.suspension_id == order.warning_id]
    cause = next((one for one in moved if _ended_there(catalogue, one, order)), None)
    lifted = any(one.content.kind is Kind.CANCEL for one in open_ones)
    known = asked and asked[-1].state is not Answer.WITHDRAWN
    if lifted or (known and (cause is None or asked[-1].state is Answer.OPEN)):
        return
    base = await store.warnings.get(tx.connection, order.warning_id, order.revision)
    proposal = _lift_of(catalogue, order, base, cause or moved[0], tx.now)
    if await store.suspensions.insert(tx, proposal):
        await tell_of(tx, catalogue, proposal, by)


def _lift_of(
    catalogue: Catalogue, order: Order, base: WeatherWarning, why: WeatherWarning, now: datetime
) -> SuspensionProposal:
    """Return the question whether to lift a suspension, now that a warning moved."""
    terms = Terms(
        rule="",
        rules_version=catalogue.suspension.version,
        hazard=why.content.hazard,
        level=why.content.level,
        headline=why.content.text.headline,
        code=order.code,
        sector=order.sector,
        towns=tuple(sorted(order.towns)),
        window=base.content.window,
    )
    key = name_of(order.warning_id, order.revision, f"lift:{why.warning_id}:{why.revision}:{why.state}")
    lead, of = (why.warning_id, why.revision), order.warning_id
    mode = base.content.mode
    return SuspensionProposal(key, Asks.LIFT, mode, order.department, *lead, terms, now, suspension_id=of)


def _ended_there(catalogue: Catalogue, one: WeatherWarning, order: Order) -> bool:
    """Tell whether a warning that moved is about weather for which this sector is stopped, in its towns."""
    hazards = {rule.hazard for rule in catalogue.suspension.rules if rule.sector == order.sector}
    towns = set(one.manifest.towns) if one.manifest else set[str]()
    return one.content.hazard in hazards and bool(towns & order.towns)


_ACTS = {
    (Asks.SUSPEND, Answer.OPEN): "suspension proposed",
    (Asks.SUSPEND, Answer.CONFIRMED): "suspension confirmed",
    (Asks.SUSPEND, Answer.DECLINED): "suspension declined",
    (Asks.SUSPEND, Answer.WITHDRAWN): "suspension withdrawn",
    (Asks.SUSPEND, Answer.FOLLOWED): "suspension followed",
    (Asks.LIFT, Answer.OPEN): "suspension lift proposed",
    (Asks.LIFT, Answer.CONFIRMED): "suspension lift confirmed",
    (Asks.LIFT, Answer.DECLINED): "suspension lift declined",
    (Asks.LIFT, Answer.WITHDRAWN): "suspension lift withdrawn",
}


async def tell_of(tx: Transaction, catalogue: Catalogue, proposal: SuspensionProposal, by: str) -> None:
    """Write what became of a proposal into the stories of the warnings that it is about, and as a fact."""
    act, terms = _ACTS[proposal.asks, proposal.state], proposal.terms
    sector = catalogue.suspension.once(terms.sector).name.zh
    known = catalogue.products.departments.get(proposal.department)
    department = known.zh if known else proposal.department
    note = " · ".join(filter(None, (sector, department, proposal.reason)))
    keys = [(proposal.lead_id, proposal.lead_revision)]
    if proposal.asks is Asks.LIFT and proposal.suspension_id != proposal.lead_id:
        keys.append((proposal.suspension_id, None))  # type: ignore[arg-type]
    for key in keys:
        warning = await store.warnings.get(tx.connection, *key)
        await store.events.tell(tx, warning, by, act, note)
    tx.record(
        act.replace(" ", ".", 1).replace(" ", "-"),
        mode=proposal.mode,
        actor=by,
        warning_id=proposal.lead_id,
        about=str(proposal.proposal_id),
        revision=proposal.lead_revision,
        rule=terms.rule,
        rules_version=terms.rules_version,
        sector=terms.sector,
        department=proposal.department,
        towns=list(terms.towns),
        suspension=str(proposal.suspension_id) if proposal.suspension_id else None,
        grant=str(proposal.grant_id) if proposal.grant_id else None,
        reason=proposal.reason,
    )

"""Forthcoming: the suspensions that will follow a warning at once, made ready and bound at its submission."""

from collections.abc import Iterator, MutableSequence, Sequence
from dataclasses import replace
from uuid import UUID

from services.issuer import store
from services.issuer.actions.granted import stands_behind
from services.issuer.actions.ordering import ordered
from services.issuer.actions.press import Press
from services.issuer.actions.suspending import Scene, leads, proposed, scene
from services.issuer.model import WeatherWarning
from services.issuer.model.follow import Follow, Leading
from services.issuer.model.suspension import Grant, Order, SuspensionProposal
from services.issuer.reach import Reach
from services.kit.db import Database, Transaction
from services.kit.errors import Problem
from services.kit.telemetry import log


async def bind(
    db: Database, press: Press, reach: Reach, review: WeatherWarning, follows: MutableSequence[WeatherWarning]
) -> WeatherWarning:
    """Return what is submitted, bound to what will follow it, which is added to `follows`."""
    if not leads(review.content):
        return review
    bound = []
    for grant_id, proposal in await _allowed(db, press, review, follows):
        try:
            order = await ordered(
                db,
                press,
                reach,
                proposal.proposal_id,
                mode=proposal.mode,
                department=proposal.department,
                terms=proposal.terms,
                leading=Leading(warning_id=review.warning_id, revision=review.revision),
            )
        except Problem as problem:
            # A warning never waits for what follows it: the department is asked when it is out.
            log.warning("a suspension cannot follow at once", rule=proposal.terms.rule, why=problem.why)
            continue
        follows.append(order)
        bound.append(_follow(order, proposal, grant_id))
    content = review.content.model_copy(update={"follows": tuple(bound)})
    return replace(review, content=content, content_sha256=content.sha256)


def _follow(order: WeatherWarning, proposal: SuspensionProposal, grant_id: UUID) -> Follow:
    assert order.manifest is not None
    return Follow(
        warning_id=order.warning_id,
        rule=proposal.terms.rule,
        hazard=proposal.terms.code,
        sector=proposal.terms.sector,
        department=proposal.department,
        towns=proposal.terms.towns,
        grant_id=grant_id,
        content_sha256=order.content_sha256,
        manifest_sha256=order.manifest.sha256,
    )


async def _allowed(
    db: Database, press: Press, review: WeatherWarning, follows: Sequence[WeatherWarning]
) -> list[tuple[UUID, SuspensionProposal]]:
    """Return what departments have allowed beforehand of what this warning asks for."""
    mode, now = review.content.mode, db.clock.now()
    async with db.read() as connection:
        here = await scene(connection, press.catalogue, mode, now)
        standing = await store.grants.standing(connection, mode, now)
        grants = [one for one in standing if await stands_behind(connection, one)]
    before = Scene(here.rules, here.leads, [*here.orders, *map(_order, follows)])
    return [
        (grant.grant_id, proposed(press.catalogue, review, rule, towns, f"{rule}:{grant.grant_id}", now))
        for rule, grant, towns in _allotted(before, review, grants)
    ]


def _allotted(
    now: Scene, lead: WeatherWarning, grants: Sequence[Grant]
) -> Iterator[tuple[str, Grant, frozenset[str]]]:
    """Yield which towns go by which pre-authorisation; the earliest that fits takes a town."""
    for fit in now.fits(lead):
        rule, left = fit.rule, fit.towns - now.taken(fit.rule.sector)
        terms = (lead.content.hazard, lead.content.level, rule.sector)
        for grant in grants:
            there = grant.towns_of(rule.department, terms, left)
            if there:
                yield rule.name, grant, there
                left -= there


def _order(one: WeatherWarning) -> Order:
    content = one.content
    towns = frozenset(one.manifest.towns if one.manifest else ())
    who = (content.sector, content.hazard, content.department)
    return Order(one.warning_id, one.revision, *who, towns, out=False, led=True)


async def keep(tx: Transaction, leading: Sequence[WeatherWarning], follows: Sequence[WeatherWarning]) -> None:
    """Keep beside each revision what will follow it, in place of what was kept before."""
    for lead in leading:
        names = {follow.warning_id for follow in lead.content.follows}
        await store.grants.keep_ready(tx, lead, [one for one in follows if one.warning_id in names])

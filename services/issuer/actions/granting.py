"""Granting: what a department allows beforehand, and takes back at any time."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from contracts.values import AreaSelection, Level, Mode
from services.issuer import store
from services.issuer.catalogue import Catalogue, Rule
from services.issuer.model import Person
from services.issuer.model.choices import REASON, line_faults
from services.issuer.model.suspension import LONGEST_GRANT, Grant, departments_of
from services.issuer.reach import Reach
from services.kit.db import Database, Transaction
from services.kit.errors import Fault, Forbidden, Invalid
from services.kit.ids import uuid7


async def grant(
    db: Database,
    catalogue: Catalogue,
    reach: Reach,
    by: Person,
    *,
    mode: Mode,
    until: datetime,
    rule: str = "",
    hazard: str = "",
    levels: Collection[Level] = (),
    sector: str = "",
    towns: Collection[str] = (),
    note: str = "",
) -> Grant:
    """Allow beforehand what a rule proposes, or what hazard, colours and sector name, in some towns or all.

    What a rule says then is what is allowed: a rule that changes later allows no more.
    """
    department = _department(by)
    if rule:
        named = catalogue.suspension.rule(rule)
        _asked(catalogue, department, [named], f"the rule {rule}")
        hazard, sector, levels = named.hazard, named.sector, levels or named.levels
        towns = towns or named.towns
    wanted = tuple(level for level in Level if level in set(levels))
    _may(catalogue, department, hazard, wanted, sector)
    _within(catalogue, department, (hazard, wanted, sector), towns)
    now = db.clock.now()
    if wrong := [*_until(until, now), *line_faults("note", note, REASON)]:
        raise Invalid.of(wrong)
    await _known(reach, mode, towns)
    made = Grant(
        grant_id=uuid7(),
        mode=mode,
        department=department,
        rule=rule,
        hazard=hazard,
        levels=wanted,
        sector=sector,
        towns=tuple(sorted(set(towns))),
        until=until,
        note=" ".join(note.split()),
        by=by.username,
        name=by.name,
        at=now,
    )
    async with db.transaction() as tx:
        await store.grants.insert(tx, made)
        _record(tx, "suspension.granted", made, by, made.note)
    return made


def _department(by: Person) -> str:
    found = departments_of(by)
    if len(found) != 1:
        raise Forbidden("only an account of a department allows a suspension beforehand")
    return next(iter(found))


def _asked(catalogue: Catalogue, department: str, rules: Collection[Rule], what: str) -> None:
    """Raise Forbidden when what is allowed is another department's to decide."""
    if not any(rule.department == department for rule in rules):
        who = catalogue.products.departments[department].en
        raise Forbidden(f"{what} does not ask {who}")


def _may(catalogue: Catalogue, department: str, hazard: str, levels: Collection[Level], sector: str) -> None:
    """Raise Invalid for what no rule could propose, so that nobody relies upon it in vain."""
    catalogue.suspension.sector(sector)
    rules = [rule for rule in catalogue.suspension.rules if (rule.hazard, rule.sector) == (hazard, sector)]
    if not rules:
        raise Invalid("hazard", "leads to no suspension of this sector", "choose a row of the rule table")
    _asked(catalogue, department, rules, "this sector and hazard")
    known = {level for rule in rules if rule.department == department for level in rule.levels}
    if not levels or not set(levels) <= known:
        raise Invalid("levels", "are missing or lead to no suspension", f"use {', '.join(sorted(known))}")


def _within(
    catalogue: Catalogue, department: str, terms: tuple[str, Collection[Level], str], towns: Collection[str]
) -> None:
    """Raise Invalid for towns in which no rule asks for this."""
    hazard, levels, sector = terms
    fitting = [
        rule
        for rule in catalogue.suspension.rules
        if (rule.department, rule.hazard, rule.sector) == (department, hazard, sector)
        and set(levels) & set(rule.levels)
    ]
    covered = {town for rule in fitting for town in rule.towns}
    strange = [] if any(not rule.towns for rule in fitting) else sorted(set(towns) - covered)
    if strange:
        raise Invalid(
            "towns",
            f"no rule leads to this in {', '.join(strange)}",
            f"use {', '.join(sorted(covered))}, or leave them out",
        )


async def _known(reach: Reach, mode: Mode, towns: Collection[str]) -> None:
    """Raise Invalid for towns that the registry does not have, as the router reads it."""
    asked = tuple(sorted(set(towns)))
    if not asked:
        return
    try:
        await reach.preview(mode, AreaSelection(towns=asked), pin=False)
    except Invalid as error:
        places = {f"selection.towns[{number}]": town for number, town in enumerate(asked)}
        if unknown := [places[fault.field] for fault in error.faults if fault.field in places]:
            why = f"the registry knows no {', '.join(unknown)}"
            raise Invalid("towns", why, "choose towns of the district") from None


def _until(until: datetime, now: datetime) -> list[Fault]:
    if now < until <= now + LONGEST_GRANT:
        return []
    return [Fault("until", "is past or more than a year away", "choose a moment within a year")]


async def revoke(db: Database, by: Person, grant_id: UUID, reason: str) -> Grant:
    """Take back what was allowed; what has gone out by it stays, and is lifted by a person."""
    async with db.transaction() as tx:
        known = await store.grants.get(tx.connection, grant_id, lock=True)
        revoked = known.revoked(by, tx.now, reason)
        await store.grants.revoke(tx, revoked)
        _record(tx, "suspension.revoked", revoked, by, revoked.revoked_why)
    return revoked


def _record(tx: Transaction, kind: str, made: Grant, by: Person, reason: str) -> None:
    tx.record(
        kind,
        mode=made.mode,
        actor=by.username,
        about=str(made.grant_id),
        department=made.department,
        rule=made.rule,
        hazard=made.hazard,
        levels=list(made.levels),
        sector=made.sector,
        towns=list(made.towns),
        until=made.until.isoformat(),
        reason=reason,
    )

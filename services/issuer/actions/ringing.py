"""Ringing: what one person must know of now, wherever he is on the desk."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from contracts.values import Level, Mode
from services.issuer import store
from services.issuer.actions import announcing, shift
from services.issuer.actions.needing import steps_of
from services.issuer.actions.reviewing import part_in
from services.issuer.catalogue import Catalogue
from services.issuer.model import Person, State, WeatherWarning, next_step
from services.issuer.model.suspension import Answer, departments_of
from services.kit.db import Database


class Why(StrEnum):
    """Why it rings."""

    APPROVAL = "approval"
    SPOOLED = "spooled"
    ENDING = "ending"
    REVIEW = "review"
    SUSPENSION = "suspension"


@dataclass(frozen=True)
class Ring:
    """Something that somebody must know of."""

    why: Why
    warning_id: UUID
    revision: int
    headline: str
    level: Level
    mode: Mode
    detail: str = ""
    """Minutes before the end, the cause of a review, how many have approved, which proposal."""

    @property
    def key(self) -> str:
        """The same for the same thing: it is new once."""
        return f"{self.why}:{self.warning_id}:{self.revision}:{self.detail}"


def waits_for(catalogue: Catalogue, warning: WeatherWarning, by: Person) -> bool:
    """Tell whether a revision waits for this person's approval."""
    if warning.state is not State.REVIEW or warning.content.lead is not None:
        return False
    roles = next_step(steps_of(catalogue, warning), warning.approvals)
    taken = {*warning.authors, *(approval.by for approval in warning.approvals)}
    return bool(by.roles & (roles or frozenset())) and by.username not in taken


async def rings(db: Database, catalogue: Catalogue, by: Person) -> list[Ring]:
    """Return what rings for somebody: approvals first."""
    asked = await _asked(db, by)
    if not by.roles & catalogue.authority.desk_roles and not departments_of(by):
        return []
    waiting = [one for one in await shift.waiting(db) if waits_for(catalogue, one, by)]
    found = [*asked, *(_ring(Why.APPROVAL, one, str(len(one.approvals))) for one in waiting)]
    if not by.roles & catalogue.authority.desk_roles:
        return found
    return [*found, *await _of_those_out(db, catalogue), *await _overdue(db, by)]


async def _asked(db: Database, by: Person) -> list[Ring]:
    """Return the proposals that wait for a department of this person's."""
    if not (mine := departments_of(by)):
        return []
    async with db.read() as connection:
        found = await store.suspensions.listed(connection, [Answer.OPEN])
    return [
        Ring(
            Why.SUSPENSION,
            one.lead_id,
            one.lead_revision,
            one.terms.headline,
            one.terms.level,
            one.mode,
            str(one.proposal_id),
        )
        for one in found
        if one.department in mine
    ]


async def _of_those_out(db: Database, catalogue: Catalogue) -> list[Ring]:
    now = db.clock.now()
    async with db.read() as connection:
        spooled = await store.spool.waiting(connection, now - shift.SPOOLED_AFTER)
    found = []
    for one in await shift.whole(db, (State.ISSUED,)):
        if one.warning_id in spooled:
            found.append(_ring(Why.SPOOLED, one))
        minutes = announcing.due(one, catalogue.promises, now)
        if minutes is not None:
            found.append(_ring(Why.ENDING, one, str(minutes)))
    return found


async def _overdue(db: Database, by: Person) -> list[Ring]:
    now, found = db.clock.now(), []
    async with db.read() as connection:
        for due in await store.reviews.listed(connection, shift.MOST, due=True):
            if not due.overdue(now):
                continue
            warning = await store.warnings.get(connection, due.warning_id, due.revision)
            story = await store.events.of_warning(connection, due.warning_id)
            if by.username not in part_in(warning, story):
                found.append(_ring(Why.REVIEW, warning, str(due.cause)))
    return found


def _ring(why: Why, warning: WeatherWarning, detail: str = "") -> Ring:
    content = warning.content
    return Ring(
        why, warning.warning_id, warning.revision, content.text.headline, content.level, content.mode, detail
    )

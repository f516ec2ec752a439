"""Revising: begin an update or a lift of a warning that is out."""

from datetime import datetime, timedelta
from uuid import UUID

from services.issuer import store
from services.issuer.actions import making
from services.issuer.actions.permission import at_the_desk, permit
from services.issuer.actions.telling import tell
from services.issuer.catalogue import Catalogue, Verb
from services.issuer.model import OPEN, Content, Kind, Person, WeatherWarning, Window
from services.kit.db import Database, Transaction
from services.kit.errors import NotFound, Refused

LIFT_HOLDS = timedelta(hours=24)
"""How long a lift is told to those who have not heard it yet."""


async def update(db: Database, catalogue: Catalogue, warning_id: UUID, by: Person) -> WeatherWarning:
    """Begin the next revision of a warning that is out, as a draft with the same content."""
    at_the_desk(catalogue, by)
    now = db.clock.now()
    async with db.transaction() as tx:
        base = await standing_of(tx, warning_id)
        permit(catalogue, Verb.UPDATE, by, base)
        await nothing_open(tx, warning_id)
        revision = await store.changes.next_revision(tx.connection, warning_id)
        warning = making.begun(warning_id, revision, updating(catalogue, base, now), by, now)
        await store.changes.insert(tx, warning)
        await tell(tx, warning, by, "update begun")
    return warning


async def nothing_open(tx: Transaction, warning_id: UUID) -> None:
    """Raise Refused while a revision of a warning is being written or approved."""
    if await store.warnings.open_revisions(tx.connection, warning_id):
        raise Refused("a revision of this warning is being written", mend="finish or reject that one")


def updating(catalogue: Catalogue, base: WeatherWarning, now: datetime) -> Content:
    """Return the content with which an update of a warning begins: what is in force."""
    copied = base.content.model_copy(
        update={
            "kind": Kind.UPDATE,
            "corrects": False,
            "lead": None,
            "bound": (),
            "follows": (),
            "former": base.content.level,
            "former_at": base.content.former_at or (base.published and base.published.notice.sent),
            "effective": None,
            "supersedes": (),
        }
    )
    return making.worded(catalogue, copied, now) if copied.made else copied


async def cancel(
    db: Database, catalogue: Catalogue, warning_id: UUID, by: Person, reason: str = ""
) -> WeatherWarning:
    """Begin to lift a warning: a revision in review, with its words made and its targets those of before.

    What else was being written of this warning is given up: nothing stands in the way of a lift.
    """
    at_the_desk(catalogue, by)
    now = db.clock.now()
    async with db.transaction() as tx:
        base = await standing_of(tx, warning_id)
        permit(catalogue, Verb.CANCEL, by, base)
        await give_way(tx, warning_id, by)
        revision = await store.changes.next_revision(tx.connection, warning_id)
        draft = making.begun(warning_id, revision, lifting(catalogue, base, now), by, now)
        assert base.manifest is not None
        warning = draft.submitted(base.manifest, by.username, now)
        await store.changes.insert(tx, warning)
        await tell(tx, warning, by, "lift begun", reason)
    return warning


async def give_way(tx: Transaction, warning_id: UUID, by: Person) -> None:
    """Give up what else is being written of a warning that is lifted, with its parts."""
    for other in await store.warnings.open_revisions(tx.connection, warning_id):
        if other.content.kind is Kind.CANCEL:
            raise Refused("a lift of this warning waits for approval already", mend="approve that one")
        given_up = other.rejected("given up for a lift", tx.now)
        await store.changes.save(tx, given_up, other.version)
        await tell(tx, given_up, by, "rejected", given_up.reason)
        for bound in other.content.bound:
            part = await store.warnings.get(tx.connection, bound.warning_id, bound.revision, lock=True)
            if part.state in OPEN:
                await store.changes.save(tx, part.rejected(given_up.reason, tx.now), part.version)


def lifting(catalogue: Catalogue, base: WeatherWarning, now: datetime) -> Content:
    """Return the content that lifts a warning, in the catalogue's words."""
    assert base.published is not None
    assert base.manifest is not None
    content = base.content.model_copy(
        update={
            "kind": Kind.CANCEL,
            "corrects": False,
            "lead": None,
            "bound": (),
            "follows": (),
            "former": None,
            "former_at": base.content.former_at or base.published.notice.sent,
            "effective": None,
            "onset": None,
            "observed": "",
            "observed_en": "",
            "expires": now + LIFT_HOLDS,
            "window": Window(begin=now, end=now + LIFT_HOLDS),
            "supersedes": (),
            "names": base.content.names or tuple(place.name for place in base.manifest.areas),
            "names_en": base.content.names_en
            or tuple(place.name_en or place.name for place in base.manifest.areas),
        }
    )
    return making.worded(catalogue, content, now)


async def standing_of(tx: Transaction, warning_id: UUID) -> WeatherWarning:
    """Return the revision that is in force or halted; raise Refused when there is none."""
    base = await store.warnings.standing(tx.connection, warning_id, lock=True)
    if base is None:
        if not await _known(tx, warning_id):
            raise NotFound("there is no such warning")
        raise Refused("this warning is not in force", mend="begin a new one")
    return base


async def _known(tx: Transaction, warning_id: UUID) -> bool:
    return await store.changes.next_revision(tx.connection, warning_id) > 1

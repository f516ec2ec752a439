"""All at once: the warnings that went out together in several colours are updated or lifted in one act."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.issuer import store
from services.issuer.actions import making
from services.issuer.actions.mixing import MOST_PARTS, tied
from services.issuer.actions.permission import at_the_desk, permit
from services.issuer.actions.revising import give_way, lifting, nothing_open, standing_of, updating
from services.issuer.actions.telling import tell
from services.issuer.catalogue import Catalogue, Verb
from services.issuer.model import Content, Kind, Person, WeatherWarning
from services.kit.db import Database, Transaction
from services.kit.errors import NotFound, Refused


async def others_of(connection: AsyncConnection, warning_id: UUID) -> list[WeatherWarning]:
    """Return the other colours of a mixed warning that are still in force or halted."""
    known, to_ask = {warning_id}, [warning_id]
    while to_ask:
        tied_to = await _tied_to(connection, to_ask.pop()) - known
        known |= tied_to
        to_ask += tied_to
    standing = [await store.warnings.standing(connection, one) for one in sorted(known - {warning_id})]
    return [one for one in standing if one and one.content.kind is not Kind.CANCEL]


async def _tied_to(connection: AsyncConnection, warning_id: UUID) -> set[UUID]:
    """Return the warning of which this one is a part, and those that went out as its parts."""
    try:
        first = await store.warnings.get(connection, warning_id, 1)
    except NotFound:
        return set()
    out = await store.warnings.published(connection, warning_id)
    return ({first.content.lead} - {None}) | {part.warning_id for one in out for part in one.content.bound}  # type: ignore[return-value]


async def update_all(db: Database, catalogue: Catalogue, warning_id: UUID, by: Person) -> WeatherWarning:
    """Begin the next revision of a warning and of its other colours, which go out together again."""
    at_the_desk(catalogue, by)
    async with db.transaction() as tx:
        lead, *others = [
            making.begun(
                base.warning_id,
                await store.changes.next_revision(tx.connection, base.warning_id),
                updating(catalogue, base, tx.now),
                by,
                tx.now,
            )
            for base in await _bases(tx, catalogue, warning_id, Verb.UPDATE, by)
        ]
        for one in (lead, *others):
            await nothing_open(tx, one.warning_id)
        return await _begin(tx, lead, [_with_lead(one, warning_id) for one in others], by, "update begun")


async def lift_all(
    db: Database, catalogue: Catalogue, warning_id: UUID, by: Person, reason: str = ""
) -> WeatherWarning:
    """Begin to lift a warning and its other colours: in review, approved by one set of approvals."""
    at_the_desk(catalogue, by)
    async with db.transaction() as tx:
        lifts = []
        for base in await _bases(tx, catalogue, warning_id, Verb.CANCEL, by):
            await give_way(tx, base.warning_id, by)
            revision = await store.changes.next_revision(tx.connection, base.warning_id)
            lift = making.begun(base.warning_id, revision, lifting(catalogue, base, tx.now), by, tx.now)
            assert base.manifest is not None
            tied_lift = lift if base.warning_id == warning_id else _with_lead(lift, warning_id)
            lifts.append(tied_lift.submitted(base.manifest, by.username, tx.now))
        lead, *others = lifts
        return await _begin(tx, lead, others, by, "lift begun", reason)


async def _bases(
    tx: Transaction, catalogue: Catalogue, warning_id: UUID, verb: Verb, by: Person
) -> list[WeatherWarning]:
    """Return what is in force, the one that was named first; raise when one of them may not be touched."""
    lead = await standing_of(tx, warning_id)
    others = await others_of(tx.connection, warning_id)
    if not others:
        raise Refused("it has no other colours in force", mend="do it to this warning alone")
    if len(others) > MOST_PARTS:
        raise Refused("it has more parts than there are colours", mend="do it to each of them alone")
    for one in (lead, *others):
        permit(catalogue, verb, by, one)
    return [lead, *others]


def _with_lead(one: WeatherWarning, lead: UUID) -> WeatherWarning:
    return _saying(one, one.content.model_copy(update={"lead": lead}))


def _saying(one: WeatherWarning, content: Content) -> WeatherWarning:
    return replace(one, content=content, content_sha256=content.sha256)


async def _begin(
    tx: Transaction,
    lead: WeatherWarning,
    others: Sequence[WeatherWarning],
    by: Person,
    act: str,
    why: str = "",
) -> WeatherWarning:
    bound = _saying(lead, tied(lead.content, others))
    for one in (bound, *others):
        await store.changes.insert(tx, one)
        await tell(tx, one, by, act, why)
    return bound

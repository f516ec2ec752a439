"""The shift: how things stand now, and how one person leaves them to another."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from contracts.outcome import Column
from contracts.values import Channel, Mode
from services.issuer import store
from services.issuer.actions.following import photograph
from services.issuer.actions.needing import steps_of
from services.issuer.actions.permission import at_the_desk
from services.issuer.catalogue import Catalogue
from services.issuer.model import Person, State, WeatherWarning, next_step
from services.issuer.model.progress import Photograph
from services.issuer.model.reviews import Review
from services.issuer.model.shift import Handover, InForce, Looks, Shift, Waits
from services.kit.db import Database
from services.kit.ids import uuid7

MOST = 200
SPOOLED_AFTER = timedelta(seconds=2)
"""What was said so long ago and is not with the bus waits for it."""

_TOLD = frozenset({Column.DELIVERED, Column.CONFIRMED})


async def shift(db: Database, catalogue: Catalogue) -> Shift:
    """Return how things stand: what is in force, what waits, what is to be reviewed."""
    now = db.clock.now()
    async with db.read() as connection:
        spooled = await store.spool.waiting(connection, now - SPOOLED_AFTER)
        reviews = await store.reviews.listed(connection, MOST, due=True)
    standing = [one for one in await whole(db, (State.ISSUED, State.HALTED)) if one.stands]
    in_force = [await _in_force(db, catalogue, one, spooled.get(one.warning_id), now) for one in standing]
    return Shift(
        at=now,
        in_force=tuple(
            sorted(in_force, key=lambda one: (one.mode is Mode.DRILL, one.level.rank, one.expires))
        ),
        waiting=tuple(_waits(catalogue, one) for one in await waiting(db)),
        reviews=tuple([await _looks(db, one) for one in reviews]),
    )


async def waiting(db: Database) -> list[WeatherWarning]:
    """Return what waits for approval; a part in another colour waits with its lead."""
    return [one for one in await whole(db, (State.REVIEW,)) if one.content.lead is None]


async def whole(db: Database, states: Sequence[State]) -> list[WeatherWarning]:
    """Return the revisions in some states, whole, the newest first."""
    async with db.read() as connection:
        found = await store.warnings.page(connection, states, None, None, MOST)
        return [await store.warnings.get(connection, one.warning_id, one.revision) for one in found]


async def _in_force(
    db: Database, catalogue: Catalogue, warning: WeatherWarning, since: datetime | None, now: datetime
) -> InForce:
    content, photo = warning.content, await photograph(db, warning.warning_id, warning.revision)
    stations = next((one for one in photo.channels if one.channel is Channel.STATION), None)
    late = now - photo.approved_at > timedelta(minutes=catalogue.promises.silent_min)
    return InForce(
        warning_id=warning.warning_id,
        revision=warning.revision,
        state=warning.state,
        kind=content.kind,
        mode=content.mode,
        hazard=content.hazard,
        level=content.level,
        headline=content.text.headline,
        towns=content.names or _areas(warning),
        approved_at=photo.approved_at,
        expires=content.expires,
        emergency=bool(warning.emergency),
        spooled_since=since,
        planned=photo.planned_at is not None,
        targeted=photo.targeted or photo.manifest_count,
        columns=photo.columns,
        stations=dict(stations.columns) if stations else dict.fromkeys(Column, 0),
        silent=await silent_stations(db, warning, photo) if late else (),
    )


def _areas(warning: WeatherWarning) -> tuple[str, ...]:
    return tuple(place.name for place in warning.manifest.areas) if warning.manifest else ()


async def silent_stations(db: Database, warning: WeatherWarning, photo: Photograph) -> tuple[str, ...]:
    """Return the village stations that have not received a revision."""
    listed = warning.manifest.targets(Channel.STATION) if warning.manifest else None
    async with db.read() as connection:
        known = await store.progress.targets(
            connection, photo.warning_id, photo.revision, Channel.STATION, "", 10_000
        )
    told = {one.target for one in known if one.state.column in _TOLD}
    return tuple(code for code in (listed.targets if listed else ()) if code not in told)


def _waits(catalogue: Catalogue, warning: WeatherWarning) -> Waits:
    content = warning.content
    assert warning.submitted_at is not None
    return Waits(
        warning_id=warning.warning_id,
        revision=warning.revision,
        kind=content.kind,
        mode=content.mode,
        hazard=content.hazard,
        level=content.level,
        headline=content.text.headline,
        submitted_at=warning.submitted_at,
        emergency=bool(warning.emergency),
        needs=tuple(sorted(next_step(steps_of(catalogue, warning), warning.approvals) or ())),
    )


async def _looks(db: Database, review: Review) -> Looks:
    async with db.read() as connection:
        warning = await store.warnings.get(connection, review.warning_id, review.revision)
    return Looks(
        warning_id=review.warning_id,
        revision=review.revision,
        cause=review.cause,
        due=review.due,
        headline=warning.content.text.headline,
        level=warning.content.level,
        mode=warning.content.mode,
    )


async def hand_over(db: Database, catalogue: Catalogue, by: Person, note: str) -> Handover:
    """Leave the shift: freeze how things stand, with a note, in one's own name."""
    at_the_desk(catalogue, by)
    begun = Handover.begun(uuid7(), by, note, await shift(db, catalogue))
    async with db.transaction() as tx:
        await store.handovers.insert(tx, begun)
        tx.record("shift.left", actor=by.username, about=str(begun.handover_id), sha256=begun.sha256)
    return begun


async def take_over(
    db: Database, catalogue: Catalogue, handover_id: UUID, by: Person, *, sha256: str, remark: str = ""
) -> Handover:
    """Take the shift over from somebody else, having read exactly what he left."""
    at_the_desk(catalogue, by)
    async with db.transaction() as tx:
        left = await store.handovers.get(tx.connection, handover_id)
        taken = left.taken(by, sha256, remark, tx.now)
        await store.handovers.save(tx, taken)
        tx.record("shift.taken", actor=by.username, about=str(handover_id), sha256=sha256)
    return taken

"""Manifests, plans and deliveries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select, update

from contracts.delivery import DeliveryRequested, PlanMade
from contracts.outcome import Tally
from contracts.plan import Manifest
from contracts.values import Action, Channel, Lane, Mode
from contracts.warning import WarningCancelled, WarningIssued, WarningPublished, WarningUpdated
from services.kit.db import Transaction
from services.router.model.deliveries import pause
from services.router.store.blocks import Reader, upsert
from services.router.store.ends import tally_of
from services.router.store.tables import DELIVERIES, MANIFESTS, PICKS, PLANS, PROGRESS

_SAID: dict[Action, type[WarningPublished]] = {
    Action.START: WarningIssued,
    Action.REPLACE: WarningUpdated,
    Action.STOP: WarningCancelled,
}
"""What was said, by what channels were asked to do."""


@dataclass(frozen=True)
class Waiting:
    """A delivery that nobody has taken and whose time has come."""

    delivery_id: str
    warning_id: UUID
    revision: int
    channel: Channel
    size: int
    mode: Mode
    lane: Lane
    expires_at: datetime
    request: bytes
    tries: int
    asked_again_s: int | None


@dataclass(frozen=True)
class Planned:
    """The plan of one revision, as it was said."""

    mode: Mode
    action: Action
    expires_at: datetime
    made: PlanMade


@dataclass(frozen=True)
class Delivery:
    """A delivery, and how far it has come."""

    delivery_id: str
    revision: int
    channel: Channel
    route: str | None
    size: int
    requested_at: datetime
    tries: int
    taken_at: datetime | None
    next_at: datetime | None
    tally: Tally | None


@dataclass(frozen=True)
class Asked:
    """A delivery, and what was asked for it while nobody has taken it."""

    delivery_id: str
    channel: Channel
    requested_at: datetime
    expires_at: datetime
    request: bytes | None


async def asked(tx: Transaction, warning_id: UUID, revision: int) -> list[Asked]:
    """Return the deliveries of a revision as they were asked for, urgent or not."""
    columns = [DELIVERIES.c[name] for name in Asked.__dataclass_fields__]
    mine = (DELIVERIES.c.warning_id == str(warning_id)) & (DELIVERIES.c.revision == revision)
    statement = select(*columns).where(mine).order_by(DELIVERIES.c.channel, DELIVERIES.c.delivery_id)
    rows = (await tx.execute(statement)).mappings()
    return [Asked(**{**row, "channel": Channel(row["channel"])}) for row in rows]


async def keep_manifest(tx: Transaction, manifest: Manifest, picks: Mapping[Channel, bytes]) -> None:
    """Keep a manifest under its hash, and whom it picks from the blocks of sealed channels."""
    row = {
        "sha256": manifest.sha256,
        "registry_version": manifest.registry_version,
        "pinned_at": tx.now,
        "body": manifest.model_dump_json().encode(),
    }
    again = upsert(tx, MANIFESTS).values(row)
    renewed = {"pinned_at": again.excluded.pinned_at}
    await tx.execute(again.on_conflict_do_update(index_elements=["sha256"], set_=renewed))
    rows = [{"manifest_sha256": manifest.sha256, "channel": c, "bits": bits} for c, bits in picks.items()]
    if rows:
        await tx.execute(upsert(tx, PICKS).on_conflict_do_nothing(), rows)


async def picks(reader: Reader, sha256: str, channel: Channel) -> bytes | None:
    """Return whom a manifest picks from the blocks of a sealed channel."""
    mine = (PICKS.c.manifest_sha256 == sha256) & (PICKS.c.channel == channel)
    found: bytes | None = (await reader.execute(select(PICKS.c.bits).where(mine))).scalar_one_or_none()
    return found


async def manifest(reader: Reader, sha256: str) -> Manifest | None:
    """Return the manifest of a hash."""
    body = (
        await reader.execute(select(MANIFESTS.c.body).where(MANIFESTS.c.sha256 == sha256))
    ).scalar_one_or_none()
    return Manifest.model_validate_json(body) if body is not None else None


async def made(reader: Reader, warning_id: UUID, revision: int) -> PlanMade | None:
    """Return the plan of a revision as it was said."""
    mine = (PLANS.c.warning_id == str(warning_id)) & (PLANS.c.revision == revision)
    found = (await reader.execute(select(PLANS.c.made).where(mine))).scalar_one_or_none()
    return PlanMade.from_bytes(found) if found is not None else None


async def published(reader: Reader, warning_id: UUID, revision: int) -> WarningPublished | None:
    """Return the message of which the plan of a revision was made."""
    mine = (PLANS.c.warning_id == str(warning_id)) & (PLANS.c.revision == revision)
    row = (await reader.execute(select(PLANS.c.action, PLANS.c.published).where(mine))).one_or_none()
    if row is None or row.published is None:
        return None
    return _SAID[Action(row.action)].from_bytes(row.published)


async def newest(reader: Reader, warning_id: UUID) -> PlanMade | None:
    """Return the plan of the newest revision of a warning."""
    mine = select(PLANS.c.made).where(PLANS.c.warning_id == str(warning_id))
    found = (await reader.execute(mine.order_by(PLANS.c.revision.desc()).limit(1))).scalar_one_or_none()
    return PlanMade.from_bytes(found) if found is not None else None


async def keep_plan(
    tx: Transaction, plan: PlanMade, action: Action, expires_at: datetime, published: bytes
) -> None:
    """Keep the plan of a revision, and the message of which it was made."""
    row = {
        "warning_id": str(plan.warning_id),
        "revision": plan.revision,
        "mode": plan.mode,
        "action": action,
        "manifest_sha256": plan.manifest.sha256,
        "made_at": tx.now,
        "expires_at": expires_at,
        "made": plan.to_bytes(),
        "published": published,
    }
    await tx.execute(PLANS.insert().values(row))


async def keep_deliveries(
    tx: Transaction,
    requests: Sequence[DeliveryRequested],
    routes: Mapping[UUID, str],
    asked_again_s: int | None,
) -> None:
    """Keep the deliveries of a plan; one that was reported before its plan was made is taken already."""
    rows = [_row(tx, request, routes.get(request.delivery_id), asked_again_s) for request in requests]
    for start in range(0, len(rows), 100):
        await tx.execute(DELIVERIES.insert(), rows[start : start + 100])
    reported = select(PROGRESS.c.delivery_id).where(PROGRESS.c.delivery_id == DELIVERIES.c.delivery_id)
    plan = requests[0]
    mine = (DELIVERIES.c.warning_id == str(plan.warning_id)) & (DELIVERIES.c.revision == plan.revision)
    early = update(DELIVERIES).where(mine, reported.exists())
    await tx.execute(early.values(taken_at=tx.now, next_at=None, request=None))


def _row(
    tx: Transaction, request: DeliveryRequested, route: str | None, asked_again_s: int | None
) -> dict[str, Any]:
    return {
        "delivery_id": str(request.delivery_id),
        "warning_id": str(request.warning_id),
        "revision": request.revision,
        "channel": request.channel,
        "route": route,
        "size": request.size,
        "mode": request.mode,
        "lane": request.lane,
        "requested_at": tx.now,
        "expires_at": request.notice.expires,
        "request": request.to_bytes(),
        "tries": 1,
        "taken_at": None,
        "next_at": tx.now + pause(request.lane, 1, asked_again_s),
        "asked_again_s": asked_again_s,
    }


async def earlier(reader: Reader, warning_id: UUID, revision: int) -> list[tuple[Channel, str | None, UUID]]:
    """Return channel, carrier and id of every delivery of the revisions before this one."""
    statement = select(DELIVERIES.c.channel, DELIVERIES.c.route, DELIVERIES.c.delivery_id).where(
        DELIVERIES.c.warning_id == str(warning_id), DELIVERIES.c.revision < revision
    )
    rows = await reader.execute(statement.order_by(DELIVERIES.c.delivery_id))
    return [(Channel(row.channel), row.route, UUID(row.delivery_id)) for row in rows]


async def lane_of(reader: Reader, warning_id: UUID, revision: int, channel: Channel) -> Lane | None:
    """Return the lane in which a channel's deliveries of a revision travel, None when it has none."""
    mine = (DELIVERIES.c.warning_id == str(warning_id)) & (DELIVERIES.c.revision == revision)
    statement = select(DELIVERIES.c.lane).where(mine, DELIVERIES.c.channel == channel).limit(1)
    found = (await reader.execute(statement)).scalar_one_or_none()
    return Lane(found) if found is not None else None


async def channels(reader: Reader, mode: Mode, warning_id: UUID, revision: int) -> list[Channel]:
    """Return the channels that had deliveries of this revision or one before it."""
    mine = (DELIVERIES.c.warning_id == str(warning_id)) & (DELIVERIES.c.revision <= revision)
    statement = select(DELIVERIES.c.channel).where(mine, DELIVERIES.c.mode == mode).distinct()
    return sorted(Channel(channel) for channel in (await reader.execute(statement)).scalars())


async def waiting(tx: Transaction, limit: int) -> list[Waiting]:
    """Return the untaken deliveries whose time has come, urgent ones first, locked."""
    columns = [DELIVERIES.c[name] for name in Waiting.__dataclass_fields__]
    urgent_first = case((DELIVERIES.c.lane == Lane.URGENT, 0), else_=1)
    statement = select(*columns).where(DELIVERIES.c.next_at <= tx.now)
    statement = statement.order_by(urgent_first, DELIVERIES.c.next_at).limit(limit)
    if tx.postgres:
        statement = statement.with_for_update(skip_locked=True)
    return [_waiting(row) for row in (await tx.execute(statement)).mappings()]


def _waiting(row: Mapping[Any, Any]) -> Waiting:
    known = {"warning_id": UUID(row["warning_id"]), "channel": Channel(row["channel"])}
    return Waiting(**{**row, **known, "mode": Mode(row["mode"]), "lane": Lane(row["lane"])})


async def first_due(reader: Reader) -> datetime | None:
    """Return when the next untaken delivery is to be asked for again."""
    statement = select(func.min(DELIVERIES.c.next_at)).where(DELIVERIES.c.next_at.is_not(None))
    found: datetime | None = (await reader.execute(statement)).scalar_one()
    return found


async def ask_again(tx: Transaction, delivery_id: str, tries: int, next_at: datetime | None) -> None:
    """Note that a delivery was asked for again, and when the next time is; None for never."""
    mine = DELIVERIES.c.delivery_id == delivery_id
    await tx.execute(update(DELIVERIES).where(mine).values(tries=tries, next_at=next_at))


async def take(tx: Transaction, delivery_ids: Iterable[UUID]) -> None:
    """Note that somebody has taken these deliveries."""
    mine = DELIVERIES.c.delivery_id.in_([str(d) for d in delivery_ids])
    untaken = update(DELIVERIES).where(mine, DELIVERIES.c.taken_at.is_(None))
    await tx.execute(untaken.values(taken_at=tx.now, next_at=None, request=None))


async def of_warning(reader: Reader, warning_id: UUID) -> list[Planned]:
    """Return the plans of a warning, by revision."""
    columns = [PLANS.c[name] for name in ("mode", "action", "expires_at", "made")]
    statement = select(*columns).where(PLANS.c.warning_id == str(warning_id)).order_by(PLANS.c.revision)
    return [
        Planned(Mode(row.mode), Action(row.action), row.expires_at, PlanMade.from_bytes(row.made))
        for row in await reader.execute(statement)
    ]


async def deliveries_of(reader: Reader, warning_id: UUID) -> list[Delivery]:
    """Return every delivery of a warning with its newest tally, without the request itself."""
    columns = [DELIVERIES.c[name] for name in Delivery.__dataclass_fields__ if name != "tally"]
    joined = DELIVERIES.outerjoin(PROGRESS, PROGRESS.c.delivery_id == DELIVERIES.c.delivery_id)
    statement = select(*columns, PROGRESS.c.tally).select_from(joined)
    mine = statement.where(DELIVERIES.c.warning_id == str(warning_id))
    ordered = mine.order_by(DELIVERIES.c.revision, DELIVERIES.c.channel, DELIVERIES.c.delivery_id)
    return [_delivery(row) for row in (await reader.execute(ordered)).mappings()]


def _delivery(row: Mapping[Any, Any]) -> Delivery:
    tally = tally_of(row["tally"]) if row["tally"] is not None else None
    return Delivery(**{**row, "channel": Channel(row["channel"]), "tally": tally})

"""Queries of deliveries."""

import base64
import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from contracts.delivery import DeliveryRequested
from contracts.values import Lane, Mode, Withdrawal
from services.channels.push.adapter import Air
from services.channels.push.model import Delivery, Stage
from services.channels.push.store.tables import DELIVERIES, MESSAGES
from services.kit.db import Database, Transaction

_ACTIVE = (Stage.SEND, Stage.FOLLOW, Stage.STOP)


def hashes(request: DeliveryRequested) -> bytes:
    """Return the keyed hashes of a batch, 8 bytes each."""
    return base64.b64decode(request.batch.hashes) if request.batch else b""


def _row(delivery: Delivery) -> dict[str, Any]:
    return {
        "lane": delivery.request.lane,
        "rank": delivery.rank,
        "stage": delivery.stage,
        "air": delivery.air,
        "attempt": delivery.attempt,
        "turn": delivery.turn,
        "report": delivery.report,
        "reference": delivery.reference,
        "memo": orjson.dumps(dict(delivery.memo)),
        "withdrawn": delivery.withdrawn,
        "states": zlib.compress(delivery.states),
        "due_at": delivery.due_at,
        "claimed_until": delivery.claimed_until,
        "tried_at": delivery.tried_at,
        "ends_at": delivery.ends_at,
    }


def _delivery(row: Any) -> Delivery:
    return Delivery(
        request=DeliveryRequested.from_bytes(row["request"]),
        states=zlib.decompress(row["states"]),
        due_at=row["due_at"],
        stage=Stage(row["stage"]),
        air=Air(row["air"]),
        attempt=row["attempt"],
        turn=row["turn"],
        report=row["report"],
        reference=row["reference"],
        memo=orjson.loads(row["memo"]),
        withdrawn=Withdrawal(row["withdrawn"]) if row["withdrawn"] else None,
        claimed_until=row["claimed_until"],
        tried_at=row["tried_at"],
    )


async def add(tx: Transaction, delivery: Delivery) -> bool:
    """Store a delivery for the first time; return False when another transaction has just done so."""
    request = delivery.request
    insert = postgresql.insert(DELIVERIES) if tx.postgres else sqlite.insert(DELIVERIES)
    values = insert.values(
        delivery_id=str(request.delivery_id),
        warning_id=str(request.warning_id),
        revision=request.revision,
        mode=request.mode,
        request=request.to_bytes(),
        expires_at=request.notice.expires,
        **_row(delivery),
    )
    return (await tx.execute(values.on_conflict_do_nothing())).rowcount == 1


async def get(tx: Transaction, delivery_id: UUID) -> Delivery | None:
    """Return a delivery, locked until the transaction ends."""
    statement = select(DELIVERIES).where(DELIVERIES.c.delivery_id == str(delivery_id))
    row = (await tx.execute(_locked(tx, statement))).mappings().one_or_none()
    return _delivery(row) if row is not None else None


async def called(tx: Transaction, reference: str) -> Delivery | None:
    """Return the delivery that the partner calls so, locked until the transaction ends."""
    statement = select(DELIVERIES).where(DELIVERIES.c.reference == reference)
    row = (await tx.execute(_locked(tx, statement))).mappings().first()
    return _delivery(row) if row is not None else None


async def spoken_between(db: Database, since: datetime, until: datetime, limit: int) -> list[Delivery]:
    """Return what the partner was last asked to say between two moments, oldest first."""
    when = DELIVERIES.c.tried_at
    statement = (
        select(DELIVERIES)
        .where(when.is_not(None), when.between(since, until), DELIVERIES.c.reference.is_not(None))
        .order_by(when, DELIVERIES.c.delivery_id)
        .limit(limit)
    )
    return [_delivery(row) for row in await db.rows(statement)]


async def save(tx: Transaction, delivery: Delivery) -> None:
    """Write what changed."""
    statement = update(DELIVERIES).where(DELIVERIES.c.delivery_id == str(delivery.request.delivery_id))
    await tx.execute(statement.values(**_row(delivery)))


async def of_warning(tx: Transaction, warning_id: UUID, up_to: int) -> list[Delivery]:
    """Return the deliveries of a warning up to a revision, newest first, locked."""
    statement = (
        select(DELIVERIES)
        .where(DELIVERIES.c.warning_id == str(warning_id), DELIVERIES.c.revision <= up_to)
        .order_by(DELIVERIES.c.revision.desc(), DELIVERIES.c.delivery_id)
    )
    return [_delivery(row) for row in (await tx.execute(_locked(tx, statement))).mappings()]


async def before(tx: Transaction, request: DeliveryRequested) -> list[Delivery]:
    """Return what the partner has, or may have, of earlier revisions, newest first; nothing is locked."""
    older = (DELIVERIES.c.warning_id == str(request.warning_id)) & (DELIVERIES.c.revision < request.revision)
    named = DELIVERIES.c.delivery_id.in_([str(name) for name in request.references])
    statement = (
        select(DELIVERIES)
        .where(or_(older, named), DELIVERIES.c.air != Air.NEVER, DELIVERIES.c.reference.is_not(None))
        .order_by(DELIVERIES.c.revision.desc(), DELIVERIES.c.delivery_id)
    )
    return [_delivery(row) for row in (await tx.execute(statement)).mappings()]


async def still_spoken(tx: Transaction, request: DeliveryRequested) -> bool:
    """Tell whether an attempt of an earlier, withdrawn revision may still be under way."""
    older = (DELIVERIES.c.warning_id == str(request.warning_id)) & (DELIVERIES.c.revision < request.revision)
    over = DELIVERIES.c.stage == Stage.DONE
    to_be_stopped = (DELIVERIES.c.stage == Stage.STOP) & (DELIVERIES.c.attempt == 0)
    under_way = (over | to_be_stopped) & (DELIVERIES.c.claimed_until > tx.now)
    return (
        await tx.execute(select(DELIVERIES.c.delivery_id).where(older, under_way).limit(1))
    ).first() is not None


async def claim_due(tx: Transaction, mode: Mode, lane: Lane | None) -> Delivery | None:
    """Return the first delivery that is due and that nobody is at, locked; without a lane, only stops."""
    free = DELIVERIES.c.claimed_until.is_(None) | (DELIVERIES.c.claimed_until < tx.now)
    of_lane = DELIVERIES.c.rank == 0 if lane is None else DELIVERIES.c.lane == lane
    in_time = (DELIVERIES.c.stage == Stage.STOP) | (DELIVERIES.c.expires_at > tx.now)
    statement = (
        select(DELIVERIES)
        .where(DELIVERIES.c.stage.in_(_ACTIVE), DELIVERIES.c.mode == mode, of_lane)
        .where(DELIVERIES.c.due_at <= tx.now, free, in_time)
        .order_by(DELIVERIES.c.rank, DELIVERIES.c.due_at)
        .limit(1)
    )
    if tx.postgres:
        statement = statement.with_for_update(skip_locked=True)
    row = (await tx.execute(statement)).mappings().one_or_none()
    return _delivery(row) if row is not None else None


async def next_due(db: Database, mode: Mode, lane: Lane | None) -> datetime | None:
    """Return when the next delivery is due or its claim runs out, None when there is none."""
    claimed, due = DELIVERIES.c.claimed_until, DELIVERIES.c.due_at
    free_at = case((claimed.is_not(None) & (claimed > due), claimed), else_=due)
    of_lane = DELIVERIES.c.rank == 0 if lane is None else DELIVERIES.c.lane == lane
    statement = select(func.min(free_at).label("at")).where(
        DELIVERIES.c.stage.in_(_ACTIVE), DELIVERIES.c.mode == mode, of_lane
    )
    (row,) = await db.rows(statement)
    found: datetime | None = row["at"]
    return found


async def ending(tx: Transaction, limit: int = 50) -> list[Delivery]:
    """Return deliveries that the clock must end now, locked."""
    statement = select(DELIVERIES).where(DELIVERIES.c.ends_at <= tx.now).limit(limit)
    if tx.postgres:
        statement = statement.with_for_update(skip_locked=True)
    return [_delivery(row) for row in (await tx.execute(statement)).mappings()]


async def any_ending(db: Database, now: datetime) -> bool:
    """Tell whether the clock must end something."""
    return bool(await db.rows(select(DELIVERIES.c.delivery_id).where(DELIVERIES.c.ends_at <= now).limit(1)))


async def forget(tx: Transaction, expired_before: datetime) -> int:
    """Delete deliveries that are done and expired before a moment; return how many."""
    old = (DELIVERIES.c.stage == Stage.DONE) & (DELIVERIES.c.expires_at < expired_before)
    gone: Iterable[str] = (await tx.execute(select(DELIVERIES.c.delivery_id).where(old))).scalars().all()
    names = list(gone)
    for start in range(0, len(names), 500):
        some = names[start : start + 500]
        await tx.execute(delete(MESSAGES).where(MESSAGES.c.delivery_id.in_(some)))
        await tx.execute(delete(DELIVERIES).where(DELIVERIES.c.delivery_id.in_(some)))
    return len(names)


def _locked(tx: Transaction, statement: Any) -> Any:
    return statement.with_for_update() if tx.postgres else statement

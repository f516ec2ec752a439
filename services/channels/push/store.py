"""Tables and queries of a push house. One row for each delivery, whatever its size."""

import base64
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, String, Table, select, update

from contracts.delivery import DeliveryRequested
from contracts.values import Lane, Mode, Withdrawal
from services.channels import tombstones
from services.channels.push.model import Delivery, Stage
from services.kit.db import Database, Moment, Transaction

metadata = MetaData()
TOMBSTONES = tombstones.table(metadata)

DELIVERIES = Table(
    "deliveries",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("lane", String(8), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("stage", String(8), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("report", Integer, nullable=False),
    Column("reference", String(200)),
    Column("withdrawn", String(16)),
    Column("states", LargeBinary, nullable=False),
    Column("messages", LargeBinary),
    Column("request", LargeBinary, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("claimed_until", Moment),
    Column("expires_at", Moment, nullable=False),
)
Index("deliveries_due", DELIVERIES.c.mode, DELIVERIES.c.lane, DELIVERIES.c.stage, DELIVERIES.c.due_at)
Index("deliveries_of_warning", DELIVERIES.c.warning_id, DELIVERIES.c.revision)

CLAIM = timedelta(seconds=90)
"""How long one attempt may take; after that another worker may try, with the same delivery id."""


def hashes(request: DeliveryRequested) -> bytes:
    """Return the keyed hashes of a batch, 8 bytes each."""
    return base64.b64decode(request.batch.hashes) if request.batch else b""


def _row(delivery: Delivery) -> dict[str, Any]:
    messages = orjson.dumps(delivery.messages) if delivery.messages else None
    return {
        "stage": delivery.stage,
        "attempt": delivery.attempt,
        "report": delivery.report,
        "reference": delivery.reference,
        "withdrawn": delivery.withdrawn,
        "states": zlib.compress(delivery.states),
        "messages": zlib.compress(messages) if messages else None,
    }


def _delivery(row: Any) -> Delivery:
    return Delivery(
        request=DeliveryRequested.from_bytes(row["request"]),
        stage=Stage(row["stage"]),
        states=zlib.decompress(row["states"]),
        attempt=row["attempt"],
        report=row["report"],
        reference=row["reference"],
        messages=orjson.loads(zlib.decompress(row["messages"])) if row["messages"] else None,
        withdrawn=Withdrawal(row["withdrawn"]) if row["withdrawn"] else None,
    )


async def add(tx: Transaction, delivery: Delivery) -> None:
    """Store a delivery for the first time."""
    request = delivery.request
    await tx.execute(
        DELIVERIES.insert().values(
            delivery_id=str(request.delivery_id),
            warning_id=str(request.warning_id),
            revision=request.revision,
            mode=request.mode,
            lane=request.lane,
            rank=request.notice.level.rank,
            request=request.to_bytes(),
            due_at=tx.now,
            claimed_until=None,
            expires_at=request.notice.expires,
            **_row(delivery),
        )
    )


async def get(tx: Transaction, delivery_id: UUID) -> Delivery | None:
    """Return a delivery, locked until the transaction ends."""
    statement = select(DELIVERIES).where(DELIVERIES.c.delivery_id == str(delivery_id))
    row = (await tx.execute(_locked(tx, statement))).mappings().one_or_none()
    return _delivery(row) if row is not None else None


async def save(tx: Transaction, delivery: Delivery, due_at: datetime, *, claimed: bool = False) -> None:
    """Write what changed; `claimed` keeps other workers away for one attempt."""
    until = tx.now + CLAIM if claimed else None
    statement = update(DELIVERIES).where(DELIVERIES.c.delivery_id == str(delivery.request.delivery_id))
    await tx.execute(statement.values(due_at=due_at, claimed_until=until, **_row(delivery)))


async def of_warning(tx: Transaction, warning_id: UUID, up_to: int) -> list[Delivery]:
    """Return the deliveries of a warning up to a revision, newest first, locked."""
    statement = (
        select(DELIVERIES)
        .where(DELIVERIES.c.warning_id == str(warning_id), DELIVERIES.c.revision <= up_to)
        .order_by(DELIVERIES.c.revision.desc(), DELIVERIES.c.delivery_id)
    )
    return [_delivery(row) for row in (await tx.execute(_locked(tx, statement))).mappings()]


_ACTIVE = (Stage.SEND, Stage.FOLLOW, Stage.STOP)


async def claim_due(tx: Transaction, mode: Mode, lane: Lane) -> Delivery | None:
    """Return the most urgent delivery that is due and that nobody else is at, locked."""
    free = DELIVERIES.c.claimed_until.is_(None) | (DELIVERIES.c.claimed_until < tx.now)
    statement = (
        select(DELIVERIES)
        .where(DELIVERIES.c.mode == mode, DELIVERIES.c.lane == lane)
        .where(DELIVERIES.c.stage.in_(_ACTIVE), DELIVERIES.c.due_at <= tx.now, free)
        .order_by(DELIVERIES.c.rank, DELIVERIES.c.due_at)
        .limit(1)
    )
    if tx.postgres:
        statement = statement.with_for_update(skip_locked=True)
    row = (await tx.execute(statement)).mappings().one_or_none()
    return _delivery(row) if row is not None else None


async def next_due(db: Database, mode: Mode, lane: Lane) -> datetime | None:
    """Return when the next delivery of a lane is due or its claim runs out, None when there is none."""
    statement = (
        select(DELIVERIES.c.due_at, DELIVERIES.c.claimed_until)
        .where(DELIVERIES.c.mode == mode, DELIVERIES.c.lane == lane, DELIVERIES.c.stage.in_(_ACTIVE))
        .order_by(DELIVERIES.c.due_at)
        .limit(50)
    )
    times = [max(r["due_at"], r["claimed_until"] or r["due_at"]) for r in await db.rows(statement)]
    return min(times) if times else None


async def expired(tx: Transaction, limit: int = 50) -> list[Delivery]:
    """Return deliveries past their expiry whose stage is not done and which nobody has ended."""
    statement = (
        select(DELIVERIES)
        .where(DELIVERIES.c.expires_at <= tx.now, DELIVERIES.c.withdrawn.is_(None))
        .where(DELIVERIES.c.stage.in_((Stage.SEND, Stage.FOLLOW)))
        .limit(limit)
    )
    return [_delivery(row) for row in (await tx.execute(_locked(tx, statement))).mappings()]


async def with_messages(db: Database, since: datetime) -> Sequence[tuple[UUID, dict[str, int]]]:
    """Return the message ids of deliveries that were still in force at a moment."""
    statement = select(DELIVERIES.c.delivery_id, DELIVERIES.c.messages).where(
        DELIVERIES.c.messages.is_not(None), DELIVERIES.c.expires_at > since
    )
    rows = await db.rows(statement)
    return [(UUID(r["delivery_id"]), orjson.loads(zlib.decompress(r["messages"]))) for r in rows]


def _locked(tx: Transaction, statement: Any) -> Any:
    return statement.with_for_update() if tx.postgres else statement

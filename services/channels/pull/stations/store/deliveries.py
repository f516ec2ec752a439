"""Deliveries: what was asked, and the photograph of it that was reported last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import bindparam, func, insert, select, update

from contracts.outcome import TargetState
from contracts.values import Action, Lane, Level, Mode
from services.channels.pull.stations.model import OPEN
from services.channels.pull.stations.store.tables import DELIVERIES, ITEMS
from services.kit.db import Database, Transaction


@dataclass(frozen=True)
class Delivery:
    """One request, and how far its targets have come."""

    delivery_id: UUID
    warning_id: UUID
    revision: int
    mode: Mode
    lane: Lane
    action: Action
    level: Level
    size: int
    expires: datetime
    asked_at: datetime
    report: int = 0
    tally: Mapping[TargetState, int] | None = None

    @property
    def open(self) -> int:
        """How many targets nothing has come of yet."""
        return sum(self.tally.get(state, 0) for state in OPEN) if self.tally else 0

    def next(self, tally: Mapping[TargetState, int]) -> "Delivery":
        """Return the delivery with its next photograph."""
        return replace(self, report=self.report + 1, tally=tally)


async def add(tx: Transaction, delivery: Delivery) -> None:
    """Write a new delivery."""
    row = {
        "delivery_id": str(delivery.delivery_id),
        "warning_id": str(delivery.warning_id),
        "revision": delivery.revision,
        "mode": delivery.mode,
        "lane": delivery.lane,
        "action": delivery.action,
        "level": delivery.level,
        "size": delivery.size,
        "expires": delivery.expires,
        "asked_at": delivery.asked_at,
        **_photograph(delivery),
    }
    await tx.execute(insert(DELIVERIES).values(row))


async def locked(tx: Transaction, ids: Iterable[UUID]) -> list[Delivery]:
    """Return these deliveries, their rows locked in one order until the commit."""
    statement = select(DELIVERIES).where(DELIVERIES.c.delivery_id.in_([str(i) for i in ids]))
    statement = statement.order_by(DELIVERIES.c.delivery_id)
    if tx.postgres:
        statement = statement.with_for_update()
    return [_delivery(row) for row in (await tx.execute(statement)).mappings()]


async def of_warning(tx: Transaction, warning_id: UUID, revision: int) -> list[UUID]:
    """Return the deliveries of a warning up to a revision that have open targets."""
    found = select(DELIVERIES.c.delivery_id).where(
        DELIVERIES.c.warning_id == str(warning_id), DELIVERIES.c.revision <= revision, DELIVERIES.c.open > 0
    )
    return [UUID(i) for i in (await tx.execute(found)).scalars()]


async def overdue(db: Database, now: datetime, limit: int) -> list[UUID]:
    """Return deliveries that have run out with targets still open."""
    found = select(DELIVERIES.c.delivery_id).where(DELIVERIES.c.open > 0, DELIVERIES.c.expires <= now)
    rows = await db.rows(found.order_by(DELIVERIES.c.expires).limit(limit))
    return [UUID(row["delivery_id"]) for row in rows]


async def tallies(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, dict[TargetState, int]]:
    """Count the items of these deliveries by state."""
    counted = (
        select(ITEMS.c.delivery_id, ITEMS.c.state, func.count().label("count_of"))
        .where(ITEMS.c.delivery_id.in_([str(i) for i in ids]))
        .group_by(ITEMS.c.delivery_id, ITEMS.c.state)
    )
    found: dict[UUID, dict[TargetState, int]] = {i: {} for i in ids}
    for row in (await tx.execute(counted)).all():
        found[UUID(row.delivery_id)][TargetState(row.state)] = row.count_of
    return found


async def keep_photographs(tx: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Write the newest photograph of each."""
    names = ("report", "tally", "open")
    statement = update(DELIVERIES).where(DELIVERIES.c.delivery_id == bindparam("of_delivery"))
    rows = []
    for delivery in deliveries:
        photograph = _photograph(delivery)
        rows.append({"of_delivery": str(delivery.delivery_id), **{f"new_{n}": photograph[n] for n in names}})
    await tx.execute(statement.values({n: bindparam(f"new_{n}") for n in names}), rows)


def _photograph(delivery: Delivery) -> dict[str, Any]:
    tally = orjson.dumps({str(state): n for state, n in (delivery.tally or {}).items()})
    return {"report": delivery.report, "tally": tally.decode(), "open": delivery.open}


def _delivery(row: Mapping[Any, Any]) -> Delivery:
    return Delivery(
        delivery_id=UUID(row["delivery_id"]),
        warning_id=UUID(row["warning_id"]),
        revision=row["revision"],
        mode=Mode(row["mode"]),
        lane=Lane(row["lane"]),
        action=Action(row["action"]),
        level=Level(row["level"]),
        size=row["size"],
        expires=row["expires"],
        asked_at=row["asked_at"],
        report=row["report"],
        tally={TargetState(state): n for state, n in orjson.loads(row["tally"]).items()},
    )

"""Rows of progress: one for each delivery, and one for each named target that something happened to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, case, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.outcome import Column as Account
from contracts.outcome import Outcome, TargetState
from contracts.values import Channel
from services.issuer.model.progress import Delivery
from services.issuer.store.tables import PROGRESS, PROGRESS_TARGETS
from services.kit.clock import from_microseconds, microseconds
from services.kit.db import Transaction

_TOLD = frozenset({Account.DELIVERED, Account.CONFIRMED})


@dataclass(frozen=True)
class Target:
    """How far one named target has come."""

    target: str
    state: TargetState
    at: datetime
    by: str | None
    received_at: datetime | None
    confirmed_at: datetime | None


def _insert(tx: Transaction, table: Any) -> Any:
    return postgresql.insert(table) if tx.postgres else sqlite.insert(table)


async def begin(tx: Transaction, warning_id: UUID, revision: int, deliveries: Iterable[Delivery]) -> None:
    """Write deliveries of which nothing is known yet; leave those that are."""
    rows = [_row(warning_id, revision, delivery) for delivery in deliveries]
    if rows:
        statement = _insert(tx, PROGRESS).on_conflict_do_nothing(index_elements=["delivery_id"])
        await tx.execute(statement, rows)


async def delivery(tx: Transaction, delivery_id: UUID) -> Delivery:
    """Return a delivery; others wait until this transaction ends."""
    statement = select(PROGRESS).where(PROGRESS.c.delivery_id == str(delivery_id))
    if tx.postgres:
        statement = statement.with_for_update()
    return _delivery((await tx.execute(statement)).mappings().one())


async def save(tx: Transaction, warning_id: UUID, revision: int, changed: Delivery) -> None:
    """Write what is known of a delivery."""
    mine = PROGRESS.c.delivery_id == str(changed.delivery_id)
    await tx.execute(update(PROGRESS).where(mine).values(_row(warning_id, revision, changed)))


async def deliveries(connection: AsyncConnection, warning_id: UUID, revision: int) -> list[Delivery]:
    """Return what is known of every delivery of a revision."""
    mine = (PROGRESS.c.warning_id == str(warning_id)) & (PROGRESS.c.revision == revision)
    return [_delivery(row) for row in (await connection.execute(select(PROGRESS).where(mine))).mappings()]


def _row(warning_id: UUID, revision: int, delivery: Delivery) -> dict[str, Any]:
    gains = [[microseconds(at), count] for at, count in delivery.gains]
    return {
        "delivery_id": str(delivery.delivery_id),
        "warning_id": str(warning_id),
        "revision": revision,
        "channel": delivery.channel,
        "report": delivery.report,
        "tally": orjson.dumps({str(state): count for state, count in delivery.tally.items()}).decode(),
        "first_at": delivery.first_at,
        "gains": orjson.dumps(gains).decode(),
    }


def _delivery(row: Any) -> Delivery:
    return Delivery(
        delivery_id=UUID(row["delivery_id"]),
        channel=Channel(row["channel"]),
        tally={TargetState(state): count for state, count in orjson.loads(row["tally"]).items()},
        report=row["report"],
        first_at=row["first_at"],
        gains=tuple((from_microseconds(us), count) for us, count in orjson.loads(row["gains"])),
    )


async def fold_outcomes(
    tx: Transaction, warning_id: UUID, revision: int, channel: Channel, outcomes: Sequence[Outcome]
) -> None:
    """Take outcomes of named targets in: the furthest state stays, the earliest reception too."""
    rows = [
        {
            "warning_id": str(warning_id),
            "revision": revision,
            "channel": channel,
            "target": outcome.target,
            "state": outcome.state,
            "at": outcome.at,
            "by": outcome.by,
            "received_at": outcome.at if outcome.state.column in _TOLD else None,
            "confirmed_at": outcome.at if outcome.state.column is Account.CONFIRMED else None,
        }
        for outcome in outcomes
    ]
    if rows:
        await tx.execute(_folding(tx), rows)


def _folding(tx: Transaction) -> Any:
    known, statement = PROGRESS_TARGETS.c, _insert(tx, PROGRESS_TARGETS)
    new = statement.excluded
    further = _rank(new.state) > _rank(known.state)
    return statement.on_conflict_do_update(
        index_elements=["warning_id", "revision", "channel", "target"],
        set_={
            **{name: case((further, new[name]), else_=known[name]) for name in ("state", "at", "by")},
            "received_at": _earlier(known.received_at, new.received_at),
            "confirmed_at": _earlier(known.confirmed_at, new.confirmed_at),
        },
    )


def _rank(state: ColumnElement[Any]) -> ColumnElement[int]:
    return case(*((state == one.value, one.rank) for one in TargetState), else_=-1)


def _earlier(known: ColumnElement[Any], new: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((known.is_(None), new), (new < known, new), else_=known)


async def receptions(
    connection: AsyncConnection, warning_id: UUID, revision: int
) -> dict[Channel, list[datetime]]:
    """Return when named targets had a revision, by channel."""
    table = PROGRESS_TARGETS.c
    statement = select(table.channel, table.received_at).where(
        table.warning_id == str(warning_id), table.revision == revision, table.received_at.is_not(None)
    )
    found: dict[Channel, list[datetime]] = {}
    for channel, at in await connection.execute(statement):
        found.setdefault(Channel(channel), []).append(at)
    return found


async def targets(
    connection: AsyncConnection, warning_id: UUID, revision: int, channel: Channel, after: str, limit: int
) -> list[Target]:
    """Return named targets of a channel to which something happened, sorted, those after a name."""
    table = PROGRESS_TARGETS
    statement = (
        select(table)
        .where(table.c.warning_id == str(warning_id), table.c.revision == revision)
        .where(table.c.channel == channel, table.c.target > after)
        .order_by(table.c.target)
        .limit(limit)
    )
    return [
        Target(
            row["target"],
            TargetState(row["state"]),
            row["at"],
            row["by"],
            row["received_at"],
            row["confirmed_at"],
        )
        for row in (await connection.execute(statement)).mappings()
    ]

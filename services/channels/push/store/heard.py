"""Queries of what partners tell us later: their message ids, and their events."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from contracts.outcome import TargetState
from services.channels.push.store.tables import EVENTS, MESSAGES
from services.kit.db import Database, Transaction

Told = Mapping[int, tuple[TargetState, str | None]]
"""Position -> what the partner said of it."""


async def keep_messages(tx: Transaction, delivery_id: UUID, messages: Mapping[str, int]) -> None:
    """Note what the partner calls the messages of a delivery; said twice, nothing changes."""
    if messages:
        insert = postgresql.insert(MESSAGES) if tx.postgres else sqlite.insert(MESSAGES)
        rows = [
            {"message_id": message, "delivery_id": str(delivery_id), "position": position}
            for message, position in messages.items()
        ]
        await tx.execute(insert.on_conflict_do_nothing(), rows)


async def keep_event(tx: Transaction, message_id: str, state: TargetState, detail: str | None) -> None:
    """Keep what a partner said of a message; the first word of each message stays."""
    insert = postgresql.insert(EVENTS) if tx.postgres else sqlite.insert(EVENTS)
    values = insert.values(message_id=message_id, state=state, detail=detail, heard_at=tx.now)
    await tx.execute(values.on_conflict_do_nothing())


async def any_event(db: Database) -> bool:
    """Tell whether an event waits whose message is known."""
    joined = EVENTS.join(MESSAGES, EVENTS.c.message_id == MESSAGES.c.message_id)
    return bool(await db.rows(select(EVENTS.c.message_id).select_from(joined).limit(1)))


async def take_events(tx: Transaction, limit: int) -> dict[UUID, dict[int, tuple[TargetState, str | None]]]:
    """Take away events whose messages are known, sorted by delivery; those of unknown ones stay."""
    joined = EVENTS.join(MESSAGES, EVENTS.c.message_id == MESSAGES.c.message_id)
    columns = (EVENTS.c.message_id, EVENTS.c.state, EVENTS.c.detail)
    statement = (
        select(*columns, MESSAGES.c.delivery_id, MESSAGES.c.position)
        .select_from(joined)
        .order_by(MESSAGES.c.delivery_id)
        .limit(limit)
    )
    if tx.postgres:
        statement = statement.with_for_update(of=EVENTS, skip_locked=True)
    rows = (await tx.execute(statement)).all()
    found: dict[UUID, dict[int, tuple[TargetState, str | None]]] = defaultdict(dict)
    for row in rows:
        found[UUID(row.delivery_id)][row.position] = (TargetState(row.state), row.detail)
    taken = [row.message_id for row in rows]
    await tx.execute(delete(EVENTS).where(EVENTS.c.message_id.in_(taken)))
    await tx.execute(delete(MESSAGES).where(MESSAGES.c.message_id.in_(taken)))
    return dict(found)


async def forget(tx: Transaction, heard_before: datetime) -> None:
    """Delete events of messages that never became known."""
    await tx.execute(delete(EVENTS).where(EVENTS.c.heard_at < heard_before))

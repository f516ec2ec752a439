"""What a house has said, out of its outbox."""

from sqlalchemy import select

from contracts import message_class
from contracts.message import Message
from services.kit.db import Database
from services.kit.outbox import OUTBOX


async def said(db: Database) -> list[Message]:
    """Return everything that a house has said, in order."""
    rows = await db.rows(select(OUTBOX).order_by(OUTBOX.c.position))
    return [message_class(row["subject"]).from_bytes(row["payload"]) for row in rows]

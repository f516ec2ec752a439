"""Presence: the registry keeps the newest that it heard of each station."""

from datetime import datetime

from sqlalchemy import update

from services.kit.db import Transaction
from services.registry import store


async def note_presence(tx: Transaction, station: str, presence: str, at: datetime) -> None:
    """Keep the newest presence of a station."""
    older = store.STATIONS.c.presence_at.is_(None) | (store.STATIONS.c.presence_at < at)
    statement = update(store.STATIONS).where(store.STATIONS.c.code == station, older)
    await tx.execute(statement.values(presence=presence, presence_at=at))

"""Epochs: numbers go on above all that were ever given, even after the database was set back.

A backup knows nothing of the numbers that were given after it. An epoch begins at a number that is made of
the time: whatever was given before then is smaller, so no terminal ever takes a new item for one it has seen.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from services.channels.pull.stations.store.tables import EPOCHS, SEQUENCES
from services.kit.db import Transaction

SIZE = 2**24
"""So many numbers fit into an epoch, for each station."""

_FIRST = datetime(2020, 1, 1, tzinfo=UTC)


def floor_of(at: datetime) -> int:
    """Return the number above which an epoch gives its numbers that begins in this minute."""
    return int((at - _FIRST).total_seconds() // 60) * SIZE


def epoch_of(number: int) -> int:
    """Return the epoch in which a number was given; 0 is the first one."""
    return number // SIZE


async def floor(connection: AsyncConnection) -> int:
    """Return the number above which numbers are given now."""
    found = select(EPOCHS.c.floor).where(EPOCHS.c.only == 1)
    return (await connection.execute(found)).scalar_one_or_none() or 0


async def begin(tx: Transaction) -> None:
    """Begin an epoch in this minute, unless nothing was given yet or one that began now goes on."""
    if (await tx.execute(select(SEQUENCES.c.last).limit(1))).first() is None:
        return
    into = postgresql.insert(EPOCHS) if tx.postgres else sqlite.insert(EPOCHS)
    begun = into.values(only=1, floor=floor_of(tx.now))
    later = begun.excluded.floor > EPOCHS.c.floor
    await tx.execute(
        begun.on_conflict_do_update(
            index_elements=[EPOCHS.c.only], set_={"floor": begun.excluded.floor}, where=later
        )
    )


async def heed(tx: Transaction, claims: Iterable[tuple[int, int]]) -> bool:
    """Begin an epoch when a terminal has a number that we know nothing of; tell whether one had to begin.

    A claim is a terminal's number, and the last one that it was given. One that nobody can have been given
    yet proves nothing.
    """
    unknown = [claimed for claimed, last in claims if claimed > last]
    if not unknown:
        return False
    known = await floor(tx.connection)
    if not any(known < claimed < floor_of(tx.now) + SIZE for claimed in unknown):
        return False
    await begin(tx)
    return True

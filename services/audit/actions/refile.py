"""Refile: what an older version could not read is read again and folded in; leaf and chain stay."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import select, update

from services.audit.actions.record import LEASE
from services.audit.model.books import needs
from services.audit.model.entry import UNKNOWN, Entry, read
from services.audit.store import books, looks, questions
from services.audit.store.ledger import unpacked
from services.audit.store.questions import Record
from services.audit.store.tables import RECORDS
from services.kit.db import Database, Transaction
from services.kit.leadership import LEASES

AT_ONCE = 200

_COLUMNS = ("kind", "mode", "warning_id", "revision", "channel", "about", "actor", "event_at")


@dataclass(frozen=True)
class Refiled:
    """How many records were unknown, and how many of them can be read now."""

    unknown: int
    read: int


async def refile(db: Database) -> Refiled:
    """Read every unknown record again; return how many there were and how many are known now."""
    unknown = known = after = 0
    while True:
        async with db.read() as connection:
            rows = await questions.records(connection, after, AT_ONCE, kind=UNKNOWN)
        if not rows:
            return Refiled(unknown, known)
        after = rows[-1]["position"]
        unknown += len(rows)
        readable = await asyncio.to_thread(_readable, rows)
        if readable:
            known += await _file(db, readable)


def _readable(rows: Sequence[Record]) -> list[tuple[Record, Entry]]:
    found = []
    for row in rows:
        entry = read(orjson.loads(row["leaf"])["subject"], unpacked(row["payload"]))
        if entry.kind != UNKNOWN:
            found.append((row, entry))
    return found


async def _file(db: Database, readable: Sequence[tuple[Record, Entry]]) -> int:
    """Give records the columns by which they are found, and fold them in, while nobody appends."""
    async with db.transaction() as tx:
        await _hold_off(tx)
        fresh = []
        for row, entry in readable:
            mine = (RECORDS.c.position == row["position"]) & (RECORDS.c.kind == UNKNOWN)
            values = {name: getattr(entry, name) for name in _COLUMNS}
            if (await tx.execute(update(RECORDS).where(mine).values(**values))).rowcount:
                fresh.append((row, entry))
        said = [(entry.message, row["recorded_at"]) for row, entry in fresh if entry.message]
        found = await books.fetch(tx, needs(message for message, _ in said))
        for message, heard_at in said:
            found.hear(message, heard_at)
        await books.keep(tx, found)
        await looks.wake(tx, {entry.warning_id for _, entry in fresh if entry.warning_id})
        if fresh:
            first, last = fresh[0][0]["position"], fresh[-1][0]["position"]
            kinds = sorted({entry.kind for _, entry in fresh})
            tx.record("ledger.refiled", count=len(fresh), first=first, last=last, kinds=kinds)
    return len(fresh)


async def _hold_off(tx: Transaction) -> None:
    """Let the recorder wait: it, too, reads the books before it writes them."""
    if tx.postgres:
        await tx.execute(select(LEASES.c.token).where(LEASES.c.name == LEASE).with_for_update())

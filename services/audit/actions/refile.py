"""Refile: what an older version could not read is read again and folded in; leaf and chain stay."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson
from sqlalchemy import select, update

from contracts.delivery import DeliveryRequested
from services.audit.actions import fold
from services.audit.actions.record import LEASE
from services.audit.model.books import needs
from services.audit.model.entry import UNKNOWN, Entry, read
from services.audit.model.faces import Folded
from services.audit.model.postings import Posting, posting
from services.audit.store import books, looks, postings, questions, reports, words
from services.audit.store.ledger import unpacked
from services.audit.store.questions import Record
from services.audit.store.tables import RECORDS
from services.audit.store.tree import Broken
from services.kit.db import Database, Transaction
from services.kit.leadership import LEASES
from services.kit.telemetry import log

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
        try:
            entry = read(orjson.loads(row["leaf"])["subject"], unpacked(row["payload"]))
        except (Broken, orjson.JSONDecodeError, LookupError, TypeError):
            log.error("an unknown record is damaged", position=row["position"])
            continue
        if entry.kind != UNKNOWN:
            found.append((row, entry))
    return found


async def _file(db: Database, readable: Sequence[tuple[Record, Entry]]) -> int:
    """Give records the columns by which they are found, and fold them in, while nobody appends."""
    async with db.transaction() as tx:
        await hold_off(tx)
        fresh = []
        for row, entry in readable:
            mine = (RECORDS.c.position == row["position"]) & (RECORDS.c.kind == UNKNOWN)
            values = {name: getattr(entry, name) for name in _COLUMNS}
            if (await tx.execute(update(RECORDS).where(mine).values(**values))).rowcount:
                fresh.append((row, entry))
        await _fold(tx, fresh)
        await looks.wake(tx, {entry.warning_id for _, entry in fresh if entry.warning_id})
        if fresh:
            first, last = fresh[0][0]["position"], fresh[-1][0]["position"]
            kinds = sorted({entry.kind for _, entry in fresh})
            tx.record("ledger.refiled", count=len(fresh), first=first, last=last, kinds=kinds)
    return len(fresh)


async def _fold(tx: Transaction, fresh: Sequence[tuple[Record, Entry]]) -> None:
    """Do with records what is done with new ones; their words are read anew from the first of them on."""
    said = [(row, entry.message) for row, entry in fresh if entry.message]
    found = await books.fetch(tx, needs(message for _, message in said))
    before, folded = dict(found.deliveries), Folded()
    for row, message in said:
        found.hear(message, row["recorded_at"])
        folded.take(row["position"], message, row["recorded_at"])
    await books.keep(tx, found)
    await fold.fold_deliveries(tx, before, found.deliveries)
    await fold.fold(tx, ((row["position"], message) for row, message in said))
    await reports.keep(tx, folded)
    for row, entry in fresh:
        text = await postings.take_back(tx, row["position"])
        if text is not None and (one := _posting(row["position"], entry, text)) is not None:
            await postings.take(tx, [one])
    if fresh:
        await words.go_back(tx, fresh[0][0]["position"])


def _posting(position: int, entry: Entry, text: bytes) -> Posting | None:
    """Return the batch of a record, whose list lies beside it."""
    message = entry.message
    if not isinstance(message, DeliveryRequested) or message.batch is None:
        return None
    batch = message.batch.model_copy(update={"hashes": text.decode(errors="replace")})
    return posting(position, replace(entry, message=message.model_copy(update={"batch": batch})), b"")


async def hold_off(tx: Transaction) -> None:
    """Let the recorder wait: it, too, reads the books before it writes them."""
    if tx.postgres:
        await tx.execute(select(LEASES.c.token).where(LEASES.c.name == LEASE).with_for_update())

"""Refill: tables that are newer than the first records are filled from these, while the recorder runs on.

It goes warning by warning, then record by record, then day by day. Each step is a transaction that keeps how
far it has come, so that whoever is killed goes on where he was. What a step writes depends on the records
alone: it may run twice. Warnings of which retention has deleted anything stay as they are.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from contracts.message import Message
from services.audit.actions import fold
from services.audit.actions.folding import said
from services.audit.actions.refile import hold_off
from services.audit.model.books import Books, Needs
from services.audit.model.carried import changes
from services.audit.model.entry import read
from services.audit.store import books, keeping, ledger, looks, refill, words
from services.audit.store.refill import Cursor
from services.kit.db import Database, Transaction

AT_ONCE = 500
"""Records in one step."""

_NONE: frozenset[Any] = frozenset()


@dataclass(frozen=True)
class Refilled:
    """How many warnings were folded anew, and how many stay as they are, because something was deleted."""

    warnings: int
    left: int


async def refill_all(db: Database) -> Refilled:
    """Fill every table anew, from the beginning or from where somebody was interrupted."""
    await begin(db)
    done = None
    while done is None:
        done = await step(db)
    return done


async def begin(db: Database) -> None:
    """Begin, unless it goes on already."""
    async with db.transaction() as tx:
        await hold_off(tx)
        if await refill.cursor(tx) is None:
            await refill.begin(tx, await ledger.size(tx.connection))
            await words.go_back(tx, 1)


async def step(db: Database) -> Refilled | None:
    """Do the next thing; return what was done in all when there is nothing left."""
    async with db.transaction() as tx:
        await hold_off(tx)
        now = await refill.cursor(tx)
        if now is None:
            return Refilled(0, 0)
        for one in (_next_warning, _next_records, _next_day):
            if (after := await one(tx, now)) is not None:
                await refill.move(tx, after)
                return None
        await refill.end(tx)
        tx.record("ledger.refiled", whole=True, upto=now.upto, warnings=now.warnings, left=now.left)
        return Refilled(now.warnings, now.left)


async def _next_warning(tx: Transaction, now: Cursor) -> Cursor | None:
    if now.position:
        return None
    warning_id = await refill.next_warning(tx, now.warning_id)
    if warning_id is None:
        return None
    whole = await _fold(tx, warning_id)
    warnings, left = now.warnings + whole, now.left + (not whole)
    return replace(now, warning_id=warning_id, warnings=warnings, left=left)


async def _fold(tx: Transaction, warning_id: str) -> bool:
    """Write the books of a warning as its records say; False when some of these are empty."""
    rows = await keeping.of_warning(tx.connection, warning_id)
    if any(bytes(row["payload"]) == keeping.EMPTIED for row in rows):
        return False
    found = await asyncio.to_thread(_folded, rows)
    kept = await books.fetch(tx, Needs(_NONE, frozenset(found.endings), _NONE, _NONE, _NONE))
    for ending in kept.endings.values():
        if ending.at < found.endings[ending.key].at:
            found.endings.put(ending)
    await books.keep(tx, found)
    await refill.put_carried(tx, changes((None, one) for one in found.deliveries.values()))
    await looks.wake(tx, [warning_id])
    return True


def _folded(rows: Sequence[Mapping[str, Any]]) -> Books:
    found = Books()
    for row in rows:
        message = read(keeping.subject_of(row), keeping.payload_of(row)).message
        if message is not None:
            found.hear(message, row["recorded_at"])
    return found


async def _next_records(tx: Transaction, now: Cursor) -> Cursor | None:
    if now.position >= now.upto:
        return None
    rows = await refill.next_records(tx, now.position, now.upto, AT_ONCE)
    await fold.fold(tx, await asyncio.to_thread(_said, rows))
    return replace(now, position=rows[-1]["position"] if len(rows) == AT_ONCE else now.upto)


def _said(rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, Message | None]]:
    return [(row["position"], said(bytes(row["leaf"]), bytes(row["payload"]))) for row in rows]


async def _next_day(tx: Transaction, now: Cursor) -> Cursor | None:
    day = await refill.next_day(tx, now.day)
    if day is None:
        return None
    await refill.put_day(tx, day)
    return replace(now, day=day)

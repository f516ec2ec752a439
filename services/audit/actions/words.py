"""Words: the index of reasons follows the ledger, by one replica at a time, and catches up after a pause."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.audit.model import reasons
from services.audit.model.words import tokens
from services.audit.store import ledger, words
from services.audit.store.words import Cursor, Gathered
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.leadership import Leadership, LostLead
from services.kit.telemetry import log

LEASE = "words"

STRETCH = 5_000
"""Records read at a time."""


async def run(db: Database, leadership: Leadership, every_s: float) -> None:
    """Follow the ledger for ever; a record with which it fails again and again is counted and passed over."""
    size = STRETCH
    while True:
        try:
            while await fold(db, leadership, size):
                size = STRETCH
        except LostLead:
            return
        except Retry as error:
            log.info("words wait", why=error.why)
        except Exception as error:
            log.exception("words failed", error=type(error).__name__)
            size = await _smaller(db, leadership, size)
        await asyncio.sleep(every_s)


async def _smaller(db: Database, leadership: Leadership, size: int) -> int:
    """Return a smaller stretch to try; pass over the one record that remains."""
    if size > 1:
        return max(1, size // 20)
    async with db.transaction() as tx:
        await leadership.guard(tx, LEASE)
        now = await words.held(tx)
        await words.move(tx, replace(now, position=now.position + 1, odd=now.odd + 1))
    log.error("record passed over by the index of words", position=now.position + 1)
    return STRETCH


async def fold(db: Database, leadership: Leadership, size: int = STRETCH) -> bool:
    """Read the next stretch of the ledger into the index; return whether there may be more."""
    async with db.read() as connection:
        before = await words.cursor(connection)
        end = await ledger.size(connection)
        upto = min(end, before.position + size)
        rows = await words.stretch(connection, before.position, upto, reasons.SILENT)
    if upto <= before.position:
        return False
    gathered = await asyncio.to_thread(gather, rows)
    async with db.transaction() as tx:
        await leadership.guard(tx, LEASE)
        now = await words.held(tx)
        if now != before:
            return True
        segment = now.segment
        if gathered.words:
            segment += 1
            await words.add(tx, segment, gathered)
            segment += await words.merge(tx, segment + 1)
        await words.move(tx, Cursor(upto, segment, now.forgotten, now.odd + gathered.odd))
    return upto < end


def gather(rows: Sequence[Mapping[str, Any]]) -> Gathered:
    """Return the tokens of records; one that cannot be read is counted, and stops nothing."""
    gathered = Gathered()
    for row in rows:
        try:
            found = _tokens(row)
        except Exception as error:
            gathered.odd += 1
            log.warning("words of a record not read", position=row["position"], error=type(error).__name__)
            continue
        if found:
            gathered.add(row["position"], row["recorded_at"], found)
    return gathered


def _tokens(row: Mapping[str, Any]) -> set[bytes]:
    """Return the words of a record, and by what it can be narrowed; nothing of one without words."""
    kind, payload = row["kind"], ledger.unpacked(row["payload"]) if row["payload"] else b""
    found = tokens(text.text for text in reasons.texts(kind, payload))
    if not found:
        return found
    found.add(words.KIND + kind.encode())
    found |= {words.WHO + by.encode(errors="replace") for by in reasons.whose(row["actor"], kind, payload)}
    return found | ({words.WARNING + row["warning_id"].encode()} if row["warning_id"] else set())

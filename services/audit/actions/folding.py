"""Fold: the tables of the reports follow the ledger, record by record, out of nothing but the records.

A ledger that was restored has them again; a row that no record says is found by `recount`.
"""

import asyncio
import zlib
from collections.abc import Iterable
from datetime import datetime
from itertools import count
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.canonical import canonical_bytes
from contracts.message import Message
from services.audit.model.differences import Difference
from services.audit.model.entry import read
from services.audit.model.faces import KINDS, Folded
from services.audit.model.observed import OBSERVED
from services.audit.store import ledger, reports
from services.audit.store.report_tables import OBSERVATIONS
from services.audit.store.reports import Kept
from services.audit.store.tree import Broken
from services.kit.clock import from_microseconds
from services.kit.db import Database
from services.kit.errors import Problem, Retry
from services.kit.telemetry import log

LEASE = "fold"
AT_ONCE = 500
"""Records of one kind that are read at a time."""


async def run(db: Database, every_s: float) -> None:
    """Fold for ever, so that nobody who opens a report waits for it."""
    while True:
        try:
            await catch_up(db)
        except Problem as error:
            log.error("reports not folded", why=error.why)
        except Exception as error:
            log.exception("reports not folded", error=type(error).__name__)
        await asyncio.sleep(every_s)


async def catch_up(db: Database, most: int | None = None) -> int:
    """Fold everything recorded so far; return the size of the ledger that the tables stand for.

    Whoever waits for it says how many stretches at `most`; raise Retry when that was not enough.
    """
    async with db.read() as connection:
        size = await ledger.size(connection)
    for done in count():
        async with db.read() as connection:
            before = await reports.folded_to(connection)
            if before >= size:
                break
            if most is not None and done >= most:
                raise Retry("the reports are still reading the ledger", after=5, mend="try again in a minute")
            records, upto = await reports.to_fold(connection, KINDS, before, size, AT_ONCE)
        folded = await asyncio.to_thread(fold, records)
        async with db.transaction() as tx:
            if await reports.advance(tx, before, upto):
                await reports.keep(tx, folded)
    return size


def fold(records: Iterable[Kept]) -> Folded:
    """Return the rows that records say; what cannot be read, or was deleted since, says none."""
    folded = Folded()
    for record in records:
        message = said(record.leaf, record.payload)
        if message is not None:
            folded.take(record.position, message, recorded_at(record.leaf))
    return folded


def recorded_at(leaf: bytes) -> datetime:
    """Return when a record was recorded, as its leaf says it."""
    return from_microseconds(orjson.loads(leaf)["recorded_at_us"])


def said(leaf: bytes, packed: bytes | None) -> Message | None:
    """Return what a record says, None when its details are gone or nobody can read them."""
    if not packed:
        return None
    try:
        return read(orjson.loads(leaf)["subject"], ledger.unpacked(packed)).message
    except (ValueError, KeyError, TypeError, zlib.error, Broken):
        return None


async def recount(connection: AsyncConnection, after: int, upto: int) -> list[Difference]:
    """Count what people said of the weather in some records anew, and name each row that differs."""
    upto, found = min(upto, await reports.folded_to(connection)), []
    while after < upto:
        records, done = await reports.to_fold(connection, OBSERVED, after, upto, AT_ONCE)
        folded = await asyncio.to_thread(fold, records)
        said_rows = {(o.position, o.part): o for o in folded.observations}
        kept = {
            (row["position"], row["part"]): row
            for row in await reports.stretch(connection, OBSERVATIONS, after, done)
        }
        for key in sorted({*said_rows, *kept}):
            row = reports.row_of(OBSERVATIONS, said_rows[key]) if key in said_rows else None
            if row != kept.get(key):
                found.append(_differs(key[0], row, kept.get(key)))
        after = done
    return found


def _differs(position: int, expected: dict[str, Any] | None, found: dict[str, Any] | None) -> Difference:
    row = found or expected or {}
    return Difference(
        "observation-differs",
        f"what record {position} says of the weather is not what the tables hold",
        warning_id=row.get("warning_id"),
        about=row.get("town") or row.get("subject") or None,
        expected=_shown(expected),
        found=_shown(found),
    )


def _shown(row: dict[str, Any] | None) -> str | None:
    if row is None:
        return None
    names = ("at", "outcome", "numerator", "denominator", "said_at", "by")
    return canonical_bytes({name: str(row[name]) for name in names if row[name] is not None}).decode()

"""What is tampered with: every table that means something, its cells changed, rows put beside its rows."""

import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Float, Integer, Table

from services.audit.store import keeping_tables as kept
from services.audit.store import posting_tables as posted
from services.audit.store import questions_tables as asked
from services.audit.store import report_tables as reports
from services.audit.store import tables
from services.audit.store import words_tables as words
from services.audit.store.amendment_tables import AMENDMENTS
from services.kit.db import Moment
from tests.audit.audit_make import NOON

UNSIGNED = {
    ("heads", "signed_at"),
    ("epochs", "sequence"),
    ("epochs", "skipped"),
    ("proposals", "expires_at"),
    ("proposals", "proposed_at"),
    ("proposals", "decided_at"),
    ("postings", "taken_at"),
    ("volumes", "gathered_at"),
    ("pages", "id"),
}
"""Bookkeeping: a moment that nothing rests on, or what is compared with the stream instead."""

TABLES: list[Table] = [
    *(tables.RECORDS, tables.NODES, tables.HEADS, tables.EPOCHS, tables.GAPS),
    *(tables.REVISIONS, tables.ENDINGS, tables.PLANS, tables.DELIVERIES, tables.TARGETS),
    *(kept.TOMBSTONES, kept.HOLDS, kept.TARGET_COUNTS),
    *(asked.ACTS, asked.COMINGS, asked.CARRIED, asked.CARRIED_DAYS),
    *(reports.FACES, reports.AIMS, reports.CHANGES, reports.OBSERVATIONS),
    *(words.SEGMENTS, words.WORDS),
    AMENDMENTS,
    *(posted.BATCHES, posted.POSTINGS, posted.VOLUMES, posted.PAGES),
]
GROUPS = [
    TABLES[:1],
    TABLES[1:5],
    TABLES[5:10],
    TABLES[10:13],
    TABLES[13:17],
    TABLES[17:21],
    TABLES[21:24],
    TABLES[24:],
]


def changed(value: Any, column: Any, dice: random.Random) -> Any:
    """Return another value that fits the column."""
    match value:
        case bool():
            return not value
        case int():
            return value + (100_000 if column.primary_key else dice.choice([1, 7, 1000]))
        case float():
            return value + 1
        case bytes():
            return _flipped(value, dice)
        case datetime():
            return value + timedelta(microseconds=dice.choice([1, 3_600_000_000]))
        case dict():
            return {**value, "sent": 7}
        case list():
            return [*value, "x"]
        case str():
            return value[:-1] + ("z" if value[-1:] == "x" else "x")
    if isinstance(column.type, Moment):
        return NOON
    return 5 if isinstance(column.type, Integer | Float) else "x"


def _flipped(value: bytes, dice: random.Random) -> bytes:
    if not value:
        return b"x"
    place = dice.randrange(len(value))
    return value[:place] + bytes([value[place] ^ (1 << dice.randrange(8))]) + value[place + 1 :]


def beside(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row like another, with a key of its own."""
    name = list(table.primary_key.columns)[-1].name
    value = row[name]
    match value:
        case int():
            other: Any = value + 1
        case bytes():
            other = value + b"x"
        case _:
            other = f"{value[:-2]}zz"
    more = {"message_id": "another"} if table is tables.RECORDS else {}
    return {**row, name: other, **more}

"""What refilling asks and writes: its cursor, what is to be done next, sums in the place of others."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from services.audit.model.carried import CarriedKey, Sum
from services.audit.store.books import upsert
from services.audit.store.folding import sum_of
from services.audit.store.questions_tables import CARRIED, CARRIED_DAYS
from services.audit.store.refill_tables import REFILLING
from services.audit.store.report_tables import FOLDED
from services.audit.store.reports import NAME
from services.audit.store.tables import RECORDS
from services.kit.db import Transaction

_SILENT = "delivery.%"
"""Kinds of records of which nothing is kept beside the books."""


@dataclass(frozen=True)
class Cursor:
    """How far it is done, and up to which record it goes."""

    upto: int
    warning_id: str = ""
    position: int = 0
    day: str = ""
    warnings: int = 0
    left: int = 0


async def cursor(tx: Transaction) -> Cursor | None:
    """Return how far it is, None when nothing goes on; nobody else moves it before this transaction ends."""
    statement = select(REFILLING)
    if tx.postgres:
        statement = statement.with_for_update()
    found = (await tx.execute(statement)).mappings().one_or_none()
    return Cursor(**{name: value for name, value in found.items() if name != "id"}) if found else None


async def begin(tx: Transaction, upto: int) -> None:
    """Begin; the tables of the reports are folded from the first record on, by whoever folds them."""
    await tx.execute(insert(REFILLING).values(id=1, **asdict(Cursor(upto))))
    await tx.execute(update(FOLDED).where(FOLDED.c.name == NAME).values(position=0))


async def move(tx: Transaction, now: Cursor) -> None:
    """Note how far it is."""
    await tx.execute(update(REFILLING).values(**asdict(now)))


async def end(tx: Transaction) -> None:
    """Note that nothing goes on any more."""
    await tx.execute(delete(REFILLING))


async def next_warning(tx: Transaction, after: str) -> str | None:
    """Return the next warning of which there are records."""
    statement = select(func.min(RECORDS.c.warning_id)).where(RECORDS.c.warning_id > after)
    found: str | None = (await tx.execute(statement)).scalar_one()
    return found


async def next_records(tx: Transaction, after: int, upto: int, limit: int) -> Sequence[Mapping[str, Any]]:
    """Return the next records that are no delivery's."""
    r = RECORDS.c
    mine = r.position > after, r.position <= upto, r.kind.not_like(_SILENT)
    statement = select(r.position, r.leaf, r.payload).where(*mine).order_by(r.position).limit(limit)
    return [dict(row) for row in (await tx.execute(statement)).mappings()]


async def put_carried(tx: Transaction, sums: Mapping[CarriedKey, tuple[str, Counter[str]]]) -> None:
    """Write the sums of a warning in the place of those that are there."""
    names = [column.name for column in CARRIED.primary_key.columns]
    rows = []
    for key, (mode, counts) in sums.items():
        found = Sum().changed(counts)
        more = {"mode": mode, **found.counts, "spans": found.spans}
        rows.append({**dict(zip(names, key, strict=True)), **more})
    if rows:
        await tx.execute(upsert(tx, CARRIED), rows)


async def next_day(tx: Transaction, after: str) -> str | None:
    """Return the next day on which anything was carried."""
    statement = select(func.min(CARRIED.c.day)).where(CARRIED.c.day > after)
    found: str | None = (await tx.execute(statement)).scalar_one()
    return found


async def put_day(tx: Transaction, day: str) -> None:
    """Add the sums of a day anew out of those of its warnings."""
    found: dict[tuple[str, str, str], Sum] = {}
    for row in (await tx.execute(select(CARRIED).where(CARRIED.c.day == day))).mappings():
        key = row["route"], row["mode"], row["channel"]
        found[key] = found.get(key, Sum().changed({})).plus(sum_of(dict(row)))
    await tx.execute(delete(CARRIED_DAYS).where(CARRIED_DAYS.c.day == day))
    rows = [
        {"day": day, "route": route, "mode": mode, "channel": channel, **one.counts, "spans": one.spans}
        for (route, mode, channel), one in sorted(found.items())
    ]
    if rows:
        await tx.execute(insert(CARRIED_DAYS), rows)

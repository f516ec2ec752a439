"""Recounting: what is derived from the records beside the books is folded anew and compared, row by row.

Each piece looks at one stretch of records, at one day or at some warnings, so that memory stays flat however
long the ledger is, and a round of the watch can look at one of them.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.actions import fold, folding, recounted_words
from services.audit.model.carried import Sum, changes, total
from services.audit.model.deliveries import Delivery
from services.audit.model.differences import Difference
from services.audit.model.faces import KINDS, Folded
from services.audit.store import ledger, posting_rows, recounting, reports
from services.audit.store.inventory import meaning
from services.audit.store.questions_tables import ACTS, CARRIED, CARRIED_DAYS, COMINGS, EQUIPMENT
from services.audit.store.recounting import AFTER_ALL, SEEN, Key, Row, Said
from services.audit.store.report_tables import CONTENTS

STRETCH = 2_048
"""Records that are looked at together."""

_REPORTED = ("faces", "aims", "changes", "observations")
"""Tables that follow the ledger a little later."""


async def everything(connection: AsyncConnection) -> AsyncIterator[Difference]:
    """Yield what differs in all tables that are not of one warning's books."""
    size = await ledger.size(connection)
    for first in range(1, max(size, 1) + 1, STRETCH):
        for one in await of_positions(connection, first, size):
            yield one
    day = await recounting.next_day(connection, "")
    while day is not None:
        for one in await of_day(connection, day):
            yield one
        day = await recounting.next_day(connection, day)
    async for one in recounted_words.everything(connection, size):
        yield one
    for one in [*await posting_rows.rows_differ(connection), *await _strays(connection, size)]:
        yield one


async def _strays(connection: AsyncConnection, size: int) -> list[Difference]:
    """Return what was noted of blocks of which there is no record."""
    found = [differs(EQUIPMENT, None, row) for row in await recounting.stray_equipment(connection)]
    if await reports.folded_to(connection) < size:
        return found
    return found + [differs(CONTENTS, None, row) for row in await recounting.stray_contents(connection)]


async def of_positions(connection: AsyncConnection, first: int, size: int) -> list[Difference]:
    """Compare the rows that the records of a stretch say; the last stretch has everything behind it too."""
    last = first + STRETCH - 1
    low, high = (-AFTER_ALL if first == 1 else first), (AFTER_ALL if last >= size else last)
    records = await recounting.records(connection, first, last)
    wanted = await asyncio.to_thread(_wanted, records)
    folded = await reports.folded_to(connection)
    found: list[Difference] = []
    for table in recounting.BY_POSITION:
        kept = await recounting.rows(connection, table, low, high)
        expected = wanted[table.name]
        for key in sorted({*expected, *kept}, key=str):
            row, there = expected.get(key), kept.get(key)
            if row == there or _follows(table, row, there, folded):
                continue
            if there is not None and row is None and await _left(connection, table, there, records):
                continue
            found.append(differs(table, row, there))
    return found


def _wanted(records: Sequence[Said]) -> dict[str, dict[Key, Row]]:
    """Return the rows that records say, by table and key."""
    said = [(one, folding.said(one.leaf, one.payload)) for one in records]
    acts, seen = fold.taken((one.position, message) for one, message in said)
    folded = Folded()
    for one, message in said:
        if message is not None and one.kind in KINDS:
            folded.take(one.position, message, folding.recorded_at(one.leaf))
    found = {ACTS: [asdict(act) for act in acts], COMINGS: seen}
    for table, values in reports.tables_of(folded):
        found[table] = [reports.row_of(table, value) for value in values]
    return {table.name: {key_of(table, row): row for row in rows} for table, rows in found.items()}


def _follows(table: Table, row: Row | None, there: Row | None, folded: int) -> bool:
    """Tell whether a row is only on its way."""
    return there is None and row is not None and table.name in _REPORTED and row["position"] > folded


async def _left(connection: AsyncConnection, table: Table, row: Row, records: Sequence[Said]) -> bool:
    """Tell whether a coming is the last one of a station's that are deleted: that one stays."""
    if table is not COMINGS:
        return False
    mine = next((one for one in records if one.position == row["position"]), None)
    if mine is None or mine.kind != SEEN or mine.payload or mine.mode != row["mode"]:
        return False
    return not await recounting.emptied_later(connection, row)


def key_of(table: Table, row: Mapping[str, Any]) -> Key:
    """Return the key of a row."""
    return tuple(row[column.name] for column in table.primary_key.columns)


def differs(table: Table, expected: Mapping[str, Any] | None, found: Mapping[str, Any] | None) -> Difference:
    """Return the difference of a row, with its place and what differs in it."""
    row = expected or found or {}
    shown = _shown(expected, found)
    return Difference(
        "derived-differs",
        f"{meaning(table.name)}: not what the records come to",
        warning_id=row.get("warning_id"),
        revision=row.get("revision"),
        channel=row.get("channel"),
        about=f"{table.name} {'/'.join(map(str, key_of(table, row)))}"[:100],
        expected=shown[0],
        found=shown[1],
    )


def _shown(expected: Mapping[str, Any] | None, found: Mapping[str, Any] | None) -> tuple[str, str]:
    if expected is None or found is None:
        return ("a row", "none") if found is None else ("none", "a row")
    names = [name for name in expected if expected[name] != found[name]]
    one, other = (" ".join(f"{name}={row[name]}" for name in names)[:200] for row in (expected, found))
    return one, other


async def of_carried(
    connection: AsyncConnection, warning_ids: Sequence[str], deliveries: Iterable[Delivery]
) -> list[Difference]:
    """Compare what gateways carried of some warnings with what their deliveries come to."""
    kept = await recounting.carried(connection, warning_ids)
    ordered = sorted(deliveries, key=lambda delivery: delivery.delivery_id)
    expected = {
        key: (mode, Sum().changed(change))
        for key, (mode, change) in changes((None, delivery) for delivery in ordered).items()
    }
    pairs = [(key, expected.get(key), kept.get(key)) for key in sorted({*expected, *kept})]
    return [differs(CARRIED, _row(CARRIED, *e), _row(CARRIED, *k)) for e, k in _unlike(pairs)]


async def of_day(connection: AsyncConnection, day: str) -> list[Difference]:
    """Compare the sums of a day with those of its revisions."""
    parts, kept = await recounting.of_day(connection, day)
    groups: dict[Key, list[Sum]] = {}
    for key, one in parts:
        groups.setdefault(key, []).append(one)
    expected = {key: ("", total(sums)) for key, sums in groups.items()}
    there = {key: ("", one) for key, one in kept.items()}
    pairs = [(key, expected.get(key), there.get(key)) for key in sorted({*expected, *there})]
    return [differs(CARRIED_DAYS, _row(CARRIED_DAYS, *e), _row(CARRIED_DAYS, *k)) for e, k in _unlike(pairs)]


Place = tuple[Key, tuple[str, Sum] | None]


def _unlike(pairs: Iterable[tuple[Key, Any, Any]]) -> list[tuple[Place, Place]]:
    return [((key, wanted), (key, there)) for key, wanted, there in pairs if wanted != there]


def _row(table: Table, key: Key, known: tuple[str, Sum] | None) -> Row | None:
    """Return sums as a row, so that it can be shown what differs."""
    if known is None:
        return None
    mode, one = known
    named = dict(zip((column.name for column in table.primary_key.columns), key, strict=True))
    spans = {name: dict(span) for name, span in one.spans.items()}
    return {"mode": mode, **named, **one.counts, "spans": spans}

"""Whatever is done to the database behind our back, a walk through it finds it and names the place."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Float, Integer, Table, delete, insert, select, true, update

from contracts.canonical import canonical_bytes, sha256_hex
from services.audit.model import chain
from services.audit.model.differences import Difference
from services.audit.store import keeping_tables as kept
from services.audit.store import ledger, tables
from services.audit.store import questions_tables as asked
from services.audit.store import report_tables as reports
from services.audit.store import words_tables as words
from services.kit.db import Moment, Transaction
from tests.audit.audit_make import NOON
from tests.audit.keeping_make import a_keeping
from tests.audit.story_make import AStory, story

UNSIGNED = {
    ("heads", "signed_at"),
    ("epochs", "sequence"),
    ("epochs", "skipped"),
    ("proposals", "expires_at"),
    ("proposals", "proposed_at"),
    ("proposals", "decided_at"),
}
"""Bookkeeping: a moment that nothing rests on, or what is compared with the stream instead."""

TABLES: list[Table] = [
    *(tables.RECORDS, tables.NODES, tables.HEADS, tables.EPOCHS, tables.GAPS),
    *(tables.REVISIONS, tables.ENDINGS, tables.PLANS, tables.DELIVERIES, tables.TARGETS),
    *(kept.TOMBSTONES, kept.HOLDS, kept.TARGET_COUNTS),
    *(asked.ACTS, asked.COMINGS, asked.CARRIED, asked.CARRIED_DAYS),
    *(reports.FACES, reports.AIMS, reports.CHANGES, reports.OBSERVATIONS),
    *(words.SEGMENTS, words.WORDS),
]
GROUPS = [TABLES[:1], TABLES[1:5], TABLES[5:10], TABLES[10:13], TABLES[13:17], TABLES[17:21], TABLES[21:]]


def cells(group: Sequence[Table]) -> list[tuple[Table, str]]:
    return [(t, c.name) for t in group for c in t.columns if (t.name, c.name) not in UNSIGNED]


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


async def rows_of(keeping: AStory, table: Table) -> list[Any]:
    return list(await keeping.db.rows(select(table).order_by(*table.primary_key.columns)))


def is_row(table: Table, row: Any) -> Any:
    found = true()
    for column in table.primary_key.columns:
        found = (column == row[column.name]) & found
    return found


Act = Callable[[Transaction], Awaitable[Any]]


class Lab:
    """A story whose database is changed again and again, and put right each time."""

    def __init__(self, keeping: AStory) -> None:
        self.keeping = keeping
        self.rows: dict[Table, list[dict[str, Any]]] = {}

    async def open(self) -> "Lab":
        """Remember every row."""
        for table in (*TABLES, kept.PROPOSALS):
            self.rows[table] = [dict(row) for row in await rows_of(self.keeping, table)]
            assert self.rows[table], table.name
        return self

    async def after(self, act: Act) -> list[Difference]:
        """Return what a walk finds after something was done."""
        async with self.keeping.db.transaction() as tx:
            await act(tx)
        try:
            return await self.keeping.found()
        finally:
            async with self.keeping.db.transaction() as tx:
                for table, rows in self.rows.items():
                    await tx.execute(delete(table))
                    await tx.execute(insert(table), rows)

    def changing(self, table: Table, row: dict[str, Any], name: str, value: Any) -> Act:
        """Return the act that changes one cell."""
        return lambda tx: tx.execute(update(table).where(is_row(table, row)).values({name: value}))


@asynccontextmanager
async def a_lab(url: str, folder: Path) -> AsyncIterator[Lab]:
    async with a_keeping(url, folder) as keeping:
        yield await Lab(await story(keeping, folder)).open()


async def test_a_sound_story_differs_nowhere(database_url: str, tmp_path: Path) -> None:
    async with a_lab(database_url, tmp_path) as lab:
        assert await lab.keeping.found() == []
        assert {row["channel"] for row in lab.rows[kept.TARGET_COUNTS]} == {"station", "broadcast"}


@pytest.mark.parametrize("tables", GROUPS, ids=lambda group: group[0].name)
async def test_any_cell_that_is_changed_is_found(
    database_url: str, tmp_path: Path, tables: Sequence[Table]
) -> None:
    async with a_lab(database_url, tmp_path) as lab:
        unseen = []
        for table, name in (
            (t, c.name) for t in tables for c in t.columns if (t.name, c.name) not in UNSIGNED
        ):
            dice = random.Random(f"{table.name}.{name}")
            row = dice.choice(lab.rows[table])
            value = changed(row[name], table.c[name], dice)
            if not await lab.after(lab.changing(table, row, name, value)):
                unseen.append((table.name, name, row[name], value))
        assert unseen == []


async def test_any_row_that_is_removed_or_inserted_is_found(database_url: str, tmp_path: Path) -> None:
    async with a_lab(database_url, tmp_path) as lab:
        unseen = []
        for table in TABLES:
            dice = random.Random(table.name)
            row = dice.choice(lab.rows[table])
            if not await lab.after(lambda tx, t=table, r=row: tx.execute(delete(t).where(is_row(t, r)))):
                unseen.append((table.name, "removed", row))
            another = beside(table, lab.rows[table][-1])
            if not await lab.after(lambda tx, t=table, r=another: tx.execute(insert(t).values(**r))):
                unseen.append((table.name, "inserted", another))
        assert unseen == []


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


async def test_two_rows_that_are_swapped_are_found(database_url: str, tmp_path: Path) -> None:
    async with a_lab(database_url, tmp_path) as lab:
        dice, table = random.Random(1), tables.RECORDS
        for _ in range(4):
            one, two = dice.sample(lab.rows[table], 2)

            async def swap(tx: Transaction, one: Any = one, two: Any = two) -> None:
                await tx.execute(update(table).where(is_row(table, two)).values(message_id="spare"))
                for place, content in ((one, two), (two, one)):
                    values = {key: value for key, value in content.items() if key != "position"}
                    await tx.execute(update(table).where(is_row(table, place)).values(values))

            found = await lab.after(swap)
            assert f"record {min(one['position'], two['position'])}" in {d.about for d in found}


async def _rechain(tx: Transaction, begin: int, **changed: Any) -> None:
    """Forge a record and chain everything after it anew, as somebody with the database could."""
    r = tables.RECORDS
    statement = select(r).where(r.c.position >= begin - 1).order_by(r.c.position)
    rows = list((await tx.execute(statement)).mappings())
    before = rows[0]["chain"]
    for row in rows[1:]:
        leaf = row["leaf"]
        if row["position"] == begin:
            leaf = canonical_bytes({**orjson.loads(leaf), **changed})
        link = chain.link(row["position"], before, leaf)
        before = link.chain
        values = {"leaf": leaf, "leaf_hash": link.leaf_hash, "chain": link.chain}
        await tx.execute(update(r).where(r.c.position == row["position"]).values(values))


async def test_a_record_that_is_forged_with_its_whole_chain_is_found_by_the_heads(
    database_url: str, tmp_path: Path
) -> None:
    payload = b'{"forged":true}'

    async def forge(tx: Transaction) -> None:
        await _rechain(tx, 30, payload_sha256=sha256_hex(payload))
        forged = update(tables.RECORDS).where(tables.RECORDS.c.position == 30)
        await tx.execute(forged.values(payload=ledger.packed(payload)))

    async with a_lab(database_url, tmp_path) as lab:
        found = await lab.after(forge)
    assert any("are not those over which a head was signed" in d.why for d in found)


async def _empty(tx: Transaction, position: int) -> None:
    emptied = update(tables.RECORDS).where(tables.RECORDS.c.position == position)
    await tx.execute(emptied.values(payload=b""))


async def _without(tx: Transaction) -> None:
    await _empty(tx, 40)


async def _forged_tombstone(tx: Transaction) -> None:
    """A tombstone for a record that no list names, under an agreement that is true."""
    await _empty(tx, 40)
    row = dict((await tx.execute(select(kept.TOMBSTONES))).mappings().first())  # type: ignore[arg-type]
    forged = {**row, "number": 77, "first": 40, "last": 40, "positions": "40", "count": 1}
    await tx.execute(insert(kept.TOMBSTONES).values(**forged))


async def _forged_agreement(tx: Transaction) -> None:
    """A proposal, its confirmation and a tombstone, all of them only in the tables."""
    await _empty(tx, 40)
    proposal = dict((await tx.execute(select(kept.PROPOSALS))).mappings().first())  # type: ignore[arg-type]
    await tx.execute(insert(kept.PROPOSALS).values(**{**proposal, "proposal_id": "forged"}))
    row = dict((await tx.execute(select(kept.TOMBSTONES))).mappings().first())  # type: ignore[arg-type]
    forged = {**row, "agreement_id": "forged", "first": 40, "last": 40, "positions": "40", "count": 1}
    await tx.execute(insert(kept.TOMBSTONES).values(**forged))


async def _widened(tx: Transaction) -> None:
    """The positions of a true tombstone, and one more."""
    await _empty(tx, 40)
    row = dict((await tx.execute(select(kept.TOMBSTONES))).mappings().first())  # type: ignore[arg-type]
    wider = {"positions": f"{row['positions']},40", "last": 40, "count": row["count"] + 1}
    await tx.execute(update(kept.TOMBSTONES).where(is_row(kept.TOMBSTONES, row)).values(wider))


async def test_records_that_are_emptied_without_an_agreement_are_found_and_named(
    database_url: str, tmp_path: Path
) -> None:
    async with a_lab(database_url, tmp_path) as lab:
        for act in (_without, _forged_tombstone, _forged_agreement, _widened):
            found = await lab.after(act)
            assert "record 40" in {d.about for d in found if d.what == "record-emptied"}, act


async def test_a_record_that_is_hidden_as_unknown_is_found(database_url: str, tmp_path: Path) -> None:
    hidden = update(tables.RECORDS).where(tables.RECORDS.c.position == 1)
    hidden = hidden.values(kind="unknown", warning_id=None, revision=None)
    async with a_lab(database_url, tmp_path) as lab:
        found = await lab.after(lambda tx: tx.execute(hidden))
    assert {d.about for d in found if d.what == "record-changed"} == {"record 1"}

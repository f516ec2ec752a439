"""Whatever is done to the database behind our back, a walk through it finds it and names the place."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Table, delete, insert, select, true, update

from contracts.canonical import canonical_bytes, sha256_hex
from services.audit.model import chain
from services.audit.model.differences import Difference
from services.audit.store import keeping_tables as kept
from services.audit.store import ledger, tables
from services.audit.store.inventory import DERIVED, INVENTORY
from services.kit.db import Transaction
from tests.audit.keeping_make import a_keeping
from tests.audit.story_make import AStory, story
from tests.audit.tampered_make import GROUPS, TABLES, UNSIGNED, beside, changed


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

    async def after(self, act: Act, *touched: Table) -> list[Difference]:
        """Return what a walk finds after something was done, to these tables alone where they are named."""
        async with self.keeping.db.transaction() as tx:
            await act(tx)
        try:
            return await self.keeping.found()
        finally:
            async with self.keeping.db.transaction() as tx:
                for table in touched or self.rows:
                    await tx.execute(delete(table))
                    await tx.execute(insert(table), self.rows[table])

    def changing(self, table: Table, row: dict[str, Any], name: str, value: Any) -> Act:
        """Return the act that changes one cell."""
        return lambda tx: tx.execute(update(table).where(is_row(table, row)).values({name: value}))


@asynccontextmanager
async def a_lab(url: str, folder: Path) -> AsyncIterator[Lab]:
    async with a_keeping(url, folder) as keeping:
        yield await Lab(await story(keeping, folder)).open()


def test_every_table_that_is_derived_is_tampered_with() -> None:
    derived = {name for name, (kind, _) in INVENTORY.items() if kind == DERIVED}
    assert derived <= {table.name for table in TABLES}


@pytest.fixture(autouse=True)
def _let_go_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a walk compare and let go of what it carries many times over."""
    monkeypatch.setattr("services.audit.store.walk.AT_ONCE", 100)


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
            if not await lab.after(lab.changing(table, row, name, value), table):
                unseen.append((table.name, name, row[name], value))
        assert unseen == []
        assert await lab.keeping.found() == [], "what one change leaves behind, the next would be found by"


async def test_any_row_that_is_removed_or_inserted_is_found(database_url: str, tmp_path: Path) -> None:
    async with a_lab(database_url, tmp_path) as lab:
        unseen = []
        for table in TABLES:
            dice = random.Random(table.name)
            row = dice.choice(lab.rows[table])
            if not await lab.after(removing(table, row), table):
                unseen.append((table.name, "removed", row))
            another = beside(table, lab.rows[table][-1])
            if not await lab.after(inserting(table, another), table):
                unseen.append((table.name, "inserted", another))
        assert unseen == []
        assert await lab.keeping.found() == [], "what one change leaves behind, the next would be found by"


def removing(table: Table, row: dict[str, Any]) -> Act:
    """Return the act that removes a row."""
    return lambda tx: tx.execute(delete(table).where(is_row(table, row)))


def inserting(table: Table, row: dict[str, Any]) -> Act:
    """Return the act that inserts a row."""
    return lambda tx: tx.execute(insert(table).values(**row))


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

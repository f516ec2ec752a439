"""The newest warnings: the same as when all are grouped, found by walking an index from its end."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, insert, text

from services.audit.store import questions, reports
from services.audit.store.report_tables import FACES
from services.audit.store.tables import REVISIONS
from services.kit.db import Moment
from tests.audit.audit_make import NOON
from tests.audit.ledger_make import ALedger, a_ledger

COUNT = 1500
FIRST, LAST = NOON + timedelta(minutes=200), NOON + timedelta(minutes=700)
GROUPED = ("HashAggregate", "GroupAggregate", "Seq Scan", "SCAN other")


@pytest.fixture
async def book(database_url: str, tmp_path: Path) -> AsyncIterator[ALedger]:
    async with a_ledger(database_url, tmp_path) as found:
        yield found


def spoken() -> list[tuple[str, int, str, datetime]]:
    """Return revisions: id, number, mode, moment; some at one moment, later ones sometimes heard earlier."""
    random, found = Random(7), []
    for n in range(COUNT):
        mode = "drill" if n % 50 == 0 else "live"
        for revision in range(1, random.choice((2, 2, 3, 4))):
            at = NOON + timedelta(minutes=random.randrange(COUNT))
            found.append((f"{random.getrandbits(64):036x}", revision, mode, at))
            found += [
                (found[-1][0], r, mode, at + timedelta(minutes=random.randrange(-9, 9))) for r in (8, 9)
            ]
    return found


def row(table: Any, position: int, one: tuple[str, int, str, datetime]) -> dict[str, Any]:
    """Return a row with what matters, and something in every other column that must not be empty."""
    plain = {"BOOLEAN": False, "JSON": [], "INTEGER": 0, "BIGINT": 0}
    given = dict(zip(("warning_id", "revision", "mode"), one, strict=False))
    given |= dict.fromkeys(("heard_at", "said_at"), one[3]) | {"position": position}
    made = {
        c.name: NOON if isinstance(c.type, Moment) else plain.get(str(c.type), "x") for c in table.columns
    }
    return {name: given.get(name, value) for name, value in made.items()}


async def fill(book: ALedger) -> list[tuple[str, int, str, datetime]]:
    """Write the revisions into both tables, and let the database count them."""
    said = spoken()
    async with book.db.transaction() as tx:
        for table in (REVISIONS, FACES):
            await tx.execute(insert(table), [row(table, n, one) for n, one in enumerate(said, start=1)])
    async with book.db.transaction() as tx:
        await tx.execute(text("ANALYZE"))
    return said


def firsts(said: list[tuple[str, int, str, datetime]], mode: str | None) -> list[tuple[datetime, str]]:
    """Return when each warning began, newest first: all of them grouped."""
    found: dict[str, datetime] = {}
    for warning_id, _, its, at in said:
        if mode in (None, its):
            found[warning_id] = min(at, found.get(warning_id, at))
    return sorted(((at, i) for i, at in found.items()), reverse=True)


async def test_the_newest_are_those_that_all_grouped_would_give(book: ALedger) -> None:
    said = await fill(book)
    async with book.db.read() as connection:
        for mode in (None, "live", "drill"):
            wanted, found, before = firsts(said, mode), [], None
            for _ in range(4):
                found += await questions.newest_warnings(connection, before, mode, 7)
                before = found[-1]
            assert found == wanted[:28]
        for mode in ("live", "drill"):
            wanted = firsts(said, mode)
            drawn = await reports.newest(connection, mode, (LAST, ""), 9, len(said))
            assert drawn == [one for one in wanted if one[0] < LAST][:9]
            paged: list[tuple[datetime, str]] = []
            while more := await reports.newest(connection, mode, paged[-1] if paged else None, 50, len(said)):
                paged += more
            assert paged == wanted
            ids = await reports.begun(connection, mode, FIRST, LAST, len(said))
            assert ids == [i for at, i in reversed(wanted) if FIRST <= at < LAST]
            half = len(said) // 2
            begun = await reports.begun(connection, mode, FIRST, LAST, half)
            earlier = reversed(firsts(said[:half], mode))
            assert begun == [i for at, i in earlier if FIRST <= at < LAST]


async def test_the_newest_are_found_by_an_index_on_both_databases(book: ALedger) -> None:
    await fill(book)
    asked: list[tuple[str, Any]] = []

    def heard(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "EXPLAIN" not in statement and "other" in statement:
            asked.append((statement, parameters))

    event.listen(book.db.reader.sync_engine, "before_cursor_execute", heard)
    explain = "EXPLAIN" if book.db.reader.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    async with book.db.read() as connection:
        newest = (NOON + timedelta(minutes=700), "0")
        for mode in (None, "live", "drill"):
            for before in (None, newest):
                await questions.newest_warnings(connection, before, mode, 20)
        for before in (None, newest):
            await reports.newest(connection, "live", before, 20, 10**9)
        assert len(asked) == 8
        for statement, parameters in asked:
            plan = await connection.exec_driver_sql(f"{explain} {statement}", parameters)
            steps = "\n".join(str(step) for step in plan)
            assert "revisions_by" in steps or "faces_by_time" in steps, steps
            assert not [whole for whole in GROUPED if whole in steps], steps

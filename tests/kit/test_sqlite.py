"""Our journeys to SQLite's thread: as few as may be, and none that finds another one under way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, make_url, pool, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.kit import sqlite
from services.kit.sqlite import AT_FIRST, Connection

MANY = 3 * AT_FIRST + 7
NUMBERS = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY}) SELECT i FROM n"
LONG = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT max(i) FROM n"
)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    url = make_url(f"sqlite+aiosqlite:///{tmp_path}/a.db")
    made = sqlite.engine(url, poolclass=pool.AsyncAdaptedQueuePool, pool_size=1, max_overflow=0)
    async with made.begin() as connection:
        await connection.execute(text("CREATE TABLE kept (name TEXT)"))
    yield made
    await made.dispose()


@pytest.fixture
def journeys(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of the thread, in order."""
    asked: list[str] = []
    plain = Connection._execute

    async def counted(self: Connection, fn: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(getattr(fn, "__name__", "") or fn.func.__name__)
        return await plain(self, fn, *args, **kwargs)

    monkeypatch.setattr(Connection, "_execute", counted)
    return asked


async def test_a_statement_is_one_journey_and_a_transaction_one_more(
    engine: AsyncEngine, journeys: list[str]
) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO kept VALUES ('a')"))
        found = await connection.execute(text("SELECT name FROM kept"))
        assert found.scalars().all() == ["a"]
    assert journeys == ["_executed", "_executed", "commit"]


async def test_all_rows_come_however_many_they_are(engine: AsyncEngine, journeys: list[str]) -> None:
    async with engine.connect() as connection:
        found = (await connection.execute(text(NUMBERS))).scalars().all()
    assert found == list(range(1, MANY + 1))
    assert journeys[:2] == ["_executed", "fetchall"]


@pytest.mark.parametrize("size", [1, 7, AT_FIRST - 1, AT_FIRST, AT_FIRST + 1, 2 * MANY])
async def test_who_reads_on_gets_each_row_once_and_in_order(engine: AsyncEngine, size: int) -> None:
    async with engine.connect() as connection:
        result = await connection.stream(text(NUMBERS))
        parts = [part async for part in result.scalars().partitions(size)]
    assert [one for part in parts for one in part] == list(range(1, MANY + 1))
    assert max(len(part) for part in parts) <= size


async def test_rows_that_a_write_returns_come_with_it(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        names = ", ".join(f"('{n}')" for n in range(MANY))
        found = await connection.execute(text(f"INSERT INTO kept VALUES {names} RETURNING name"))
        assert len(found.all()) == MANY
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM kept"))).scalar() == MANY


async def test_who_stops_waiting_leaves_nothing_open(engine: AsyncEngine) -> None:
    started = asyncio.Event()
    loop = asyncio.get_running_loop()

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def _seen(*about: Any) -> None:
        if about[2] == LONG:
            loop.call_soon(started.set)

    async def write() -> None:
        async with engine.begin() as connection:
            await connection.execute(text("INSERT INTO kept VALUES ('never')"))
            await connection.execute(text(LONG))

    for _ in range(3):
        started.clear()
        task = asyncio.ensure_future(write())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(20), engine.begin() as connection:
            await connection.execute(text("INSERT INTO kept VALUES ('kept')"))
    async with engine.connect() as connection:
        found = (await connection.execute(text("SELECT name FROM kept"))).scalars().all()
    assert found == ["kept"] * 3


async def test_a_statement_that_is_wrong_is_an_error_and_the_next_one_runs(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with pytest.raises(Exception, match="no such table"):
            await connection.execute(text("SELECT * FROM absent"))
    async with engine.begin() as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar() == 1

"""Brief transactions keep what every transaction keeps, on both databases."""

import asyncio

import pytest
from sqlalchemy import select, text

from services.kit.errors import Retry
from services.kit.group import GroupCommit
from tests.kit.kit_make import NOTES, a_house


async def test_brief_and_long_transactions_take_turns(database_url: str) -> None:
    async with a_house(database_url) as db:

        async def write(name: str, brief: bool) -> None:
            async with db.transaction(brief=brief) as tx:
                await tx.execute(NOTES.insert().values(name=name, at=tx.now))
                tx.record("note.kept", about=name)

        await asyncio.gather(*(write(f"n{n}", n % 2 == 0) for n in range(40)))
        assert len(await db.rows(select(NOTES))) == 40


async def test_what_fails_in_a_brief_one_leaves_nothing_and_stops_nobody(database_url: str) -> None:
    async with a_house(database_url) as db:
        with pytest.raises(RuntimeError):
            async with db.transaction(brief=True) as tx:
                await tx.execute(NOTES.insert().values(name="lost", at=tx.now))
                raise RuntimeError
        for brief in (True, False):
            async with db.transaction(brief=brief) as tx:
                await tx.execute(NOTES.insert().values(name=f"kept {brief}", at=tx.now))
        assert sorted(row["name"] for row in await db.rows(select(NOTES))) == ["kept False", "kept True"]


async def test_a_brief_one_that_is_broken_off_leaves_nothing(database_url: str) -> None:
    async with a_house(database_url) as db:
        begun = asyncio.Event()

        async def hang() -> None:
            async with db.transaction(brief=True) as tx:
                await tx.execute(NOTES.insert().values(name="lost", at=tx.now))
                begun.set()
                await asyncio.Event().wait()

        task = asyncio.ensure_future(hang())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not await db.rows(select(NOTES))
        async with db.transaction(brief=True) as tx:
            await tx.execute(NOTES.insert().values(name="kept", at=tx.now))
        assert len(await db.rows(select(NOTES))) == 1


async def test_whoever_breaks_off_while_another_process_writes_stops_nobody(sqlite_url: str) -> None:
    async with a_house(sqlite_url) as db, a_house(sqlite_url) as other:
        async with other.transaction() as theirs:
            await theirs.execute(NOTES.insert().values(name="theirs", at=theirs.now))
            waiting = asyncio.ensure_future(_write(db, "ours"))
            await asyncio.sleep(0)
            waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await _write(db, "later")
        assert sorted(row["name"] for row in await db.rows(select(NOTES))) == ["later", "theirs"]


async def test_a_full_disk_at_the_commit_is_a_reason_to_come_again(sqlite_url: str) -> None:
    async with a_house(sqlite_url) as db:
        async with db.transaction(brief=True) as tx:
            pages = (await tx.execute(text("PRAGMA page_count"))).scalar_one()
            await tx.execute(text(f"PRAGMA max_page_count = {pages}"))
        with pytest.raises(Retry):
            async with db.transaction(brief=True) as tx:
                rows = [{"name": f"{n:040}", "at": tx.now} for n in range(2000)]
                await tx.execute(NOTES.insert(), rows)
        assert not await db.rows(select(NOTES))
        async with db.transaction(brief=True) as tx:
            await tx.execute(text("PRAGMA max_page_count = 1073741823"))
        await _write(db, "kept")


async def test_a_group_is_busy_while_it_commits(database_url: str) -> None:
    async with a_house(database_url) as db:
        seen: list[bool] = []

        async def do(_tx: object, jobs: object) -> list[int]:
            seen.append(group.busy)
            return [0 for _ in jobs]  # type: ignore[attr-defined]

        group: GroupCommit[int, int] = GroupCommit(db, do)  # type: ignore[arg-type]
        running = asyncio.ensure_future(group.run())
        assert not group.busy
        assert await group.submit(1) == 0
        running.cancel()
        assert seen == [True]


async def _write(db: object, name: str) -> None:
    async with db.transaction(brief=True) as tx:  # type: ignore[attr-defined]
        await tx.execute(NOTES.insert().values(name=name, at=tx.now))


async def test_whoever_is_broken_off_twice_while_another_process_writes_stops_nobody(sqlite_url: str) -> None:
    async with a_house(sqlite_url) as db, a_house(sqlite_url) as other:
        await _write(db, "first")
        async with other.transaction() as theirs:
            await theirs.execute(NOTES.insert().values(name="theirs", at=theirs.now))
            waiting = asyncio.ensure_future(_write(db, "ours"))
            await asyncio.sleep(0.1)
            waiting.cancel()
            await asyncio.sleep(0.1)
            waiting.cancel()
            await asyncio.sleep(0.1)
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0.5)
        async with asyncio.timeout(4), other.transaction() as tx:
            await tx.execute(NOTES.insert().values(name="later", at=tx.now))
        await _write(db, "last")
        assert len(await db.rows(select(NOTES))) == 4

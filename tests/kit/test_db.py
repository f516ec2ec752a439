"""What is saved and what is said, together, on both databases."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from services.kit import outbox
from services.kit.errors import Retry
from services.kit.ids import uuid7
from services.kit.outbox import OUTBOX, AlreadyHandled
from tests.kit.kit_make import NOTES, a_house


async def _said(db: object) -> int:
    return len(await db.rows(select(OUTBOX)))  # type: ignore[attr-defined]


async def test_what_is_said_is_in_the_outbox_after_the_commit(database_url: str) -> None:
    async with a_house(database_url) as db:
        async with db.transaction() as tx:
            await tx.execute(NOTES.insert().values(name="one", at=tx.now))
            tx.record("note.kept", about="one")
        assert await _said(db) == 1
        assert len(await db.rows(select(NOTES))) == 1


async def test_a_number_in_the_words_of_a_fact_never_leaves(database_url: str) -> None:
    async with a_house(database_url) as db:
        async with db.transaction() as tx:
            tx.record(
                "note.kept", about="13812345678", reason="打 138-1234-5678", rows=[{"who": 13812345678}]
            )
        said = (await db.rows(select(OUTBOX)))[0]["payload"]
        assert (said.count(b"138****5678"), b"1234" in said) == (3, False)


async def test_what_fails_leaves_nothing_behind(database_url: str) -> None:
    async with a_house(database_url) as db:
        called: list[int] = []
        with pytest.raises(RuntimeError):
            async with db.transaction() as tx:
                await tx.execute(NOTES.insert().values(name="one", at=tx.now))
                tx.record("note.kept", about="one")
                tx.after_commit(lambda: called.append(1))
                raise RuntimeError
        assert await _said(db) == 0
        assert not await db.rows(select(NOTES))
        assert not called


async def test_a_handler_runs_once_for_each_message(database_url: str) -> None:
    async with a_house(database_url) as db:
        message = uuid7()
        async with db.transaction(once=("toy", message)) as tx:
            tx.record("note.kept")
        with pytest.raises(AlreadyHandled):
            async with db.transaction(once=("toy", message)) as tx:
                tx.record("note.kept")
        async with db.transaction(once=("other", message)) as tx:
            tx.record("note.kept")
        assert await _said(db) == 2


async def test_a_moment_keeps_its_microseconds_and_its_place_in_time(database_url: str) -> None:
    at = datetime(2026, 6, 1, 22, 5, 0, 123457, tzinfo=timezone(timedelta(hours=8)))
    async with a_house(database_url) as db:
        async with db.transaction() as tx:
            await tx.execute(NOTES.insert().values(name="one", at=at))
        (row,) = await db.rows(select(NOTES))
        assert row["at"] == at
        assert row["at"].tzinfo is UTC


async def test_a_moment_without_a_zone_is_refused(database_url: str) -> None:
    async with a_house(database_url) as db:
        with pytest.raises((StatementError, ValueError)):
            async with db.transaction() as tx:
                await tx.execute(NOTES.insert().values(name="one", at=datetime(2026, 6, 1)))


async def test_eight_writers_at_once_all_get_through(database_url: str) -> None:
    async with a_house(database_url) as db:

        async def write(number: int) -> None:
            for turn in range(10):
                async with db.transaction() as tx:
                    await tx.execute(NOTES.insert().values(name=f"{number}-{turn}", at=tx.now))
                    tx.record("note.kept", about=str(number))

        await asyncio.gather(*map(write, range(8)))
        assert len(await db.rows(select(NOTES))) == 80
        assert await _said(db) == 80


async def test_whoever_finds_no_free_connection_is_asked_to_come_again(database_url: str) -> None:
    async with a_house(database_url) as db, AsyncExitStack() as open_ones:
        db.reader.pool._timeout = 0.05  # type: ignore[attr-defined]
        with pytest.raises(Retry):
            for _ in range(40):
                await open_ones.enter_async_context(db.read())


async def test_a_late_commit_with_an_early_position_is_still_published(database_url: str) -> None:
    async with a_house(database_url) as db:
        for _ in range(3):
            async with db.transaction() as tx:
                tx.record("note.kept")
        async with db.read() as connection:
            rows = await outbox.unpublished(connection, *_lane(), 10)
        async with db.transaction() as tx:
            await outbox.mark_published(tx.connection, [rows[1]["position"], rows[2]["position"]], tx.now)
        async with db.read() as connection:
            left = await outbox.unpublished(connection, *_lane(), 10)
        assert [row["position"] for row in left] == [rows[0]["position"]]


async def test_replay_makes_published_rows_wait_again(database_url: str) -> None:
    async with a_house(database_url) as db:
        async with db.transaction() as tx:
            tx.record("note.kept")
        async with db.transaction() as tx:
            await outbox.mark_published(tx.connection, [1], tx.now)
            assert await outbox.replay(tx.connection, tx.now + timedelta(seconds=5)) == 0
            assert await outbox.replay(tx.connection, tx.now - timedelta(hours=1)) == 1
        async with db.read() as connection:
            assert {lane: count for lane, (count, _) in (await outbox.waiting(connection)).items()} == {
                _lane(): 1
            }


async def test_prune_keeps_what_is_not_published(database_url: str) -> None:
    async with a_house(database_url) as db:
        for _ in range(2):
            async with db.transaction() as tx:
                tx.record("note.kept")
        async with db.transaction() as tx:
            await outbox.mark_published(tx.connection, [1], tx.now)
        async with db.transaction() as tx:
            assert await outbox.prune(tx.connection, tx.now + timedelta(days=40), 30 * 86_400) == 1
        assert await _said(db) == 1


def test_ids_are_sorted_by_time() -> None:
    ids = [uuid7() for _ in range(2000)]
    assert len(set(ids)) == len(ids)
    assert all(isinstance(i, UUID) and i.version == 7 for i in ids)
    millis = [i.int >> 80 for i in ids]
    assert millis == sorted(millis)


def _lane() -> tuple[outbox.Mode, outbox.Lane]:
    return outbox.Mode.LIVE, outbox.Lane.ROUTINE

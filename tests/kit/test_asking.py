"""Asking: several statements in one journey, which change nothing and see one moment."""

import asyncio
import threading

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from services.kit.clock import SystemClock
from services.kit.db import Database
from tests.kit.kit_make import NOTES, a_house


def _count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(NOTES)).scalar_one())


async def _add(db: Database, name: str) -> None:
    async with db.transaction() as tx:
        await tx.execute(NOTES.insert().values(name=name, at=SystemClock().now()))


async def test_a_question_is_answered_from_what_is_committed(database_url: str) -> None:
    async with a_house(database_url) as db:
        assert await db.ask(_count) == 0
        await _add(db, "one")
        assert await db.ask(_count) == 1
        assert await asyncio.gather(*(db.ask(_count) for _ in range(9))) == [1] * 9


async def test_a_question_can_change_nothing(database_url: str) -> None:
    async with a_house(database_url) as db:
        with pytest.raises(DBAPIError):
            await db.ask(lambda connection: connection.execute(NOTES.insert().values(name="x")))
        assert await db.ask(_count) == 0


async def test_what_a_question_raises_comes_home(database_url: str) -> None:
    async with a_house(database_url) as db:
        with pytest.raises(KeyError, match="mine"):
            await db.ask(lambda _: {}["mine"])
        assert await db.ask(_count) == 0


async def test_all_statements_of_a_question_see_one_moment(sqlite_url: str) -> None:
    begun, told = threading.Event(), threading.Event()

    def question(connection: Connection) -> tuple[int, int]:
        first = _count(connection)
        begun.set()
        assert told.wait(30)
        return first, _count(connection)

    async with a_house(sqlite_url) as db:
        asked = asyncio.ensure_future(db.ask(question))
        assert await asyncio.to_thread(begun.wait, 30)
        await _add(db, "meanwhile")
        told.set()
        assert await asked == (0, 0)
        assert await db.ask(_count) == 1


async def test_a_server_that_hung_up_is_asked_once_more(postgres_house_url: str) -> None:
    async with a_house(postgres_house_url) as db:
        mine = select(func.pg_backend_pid())
        first = await db.ask(lambda connection: connection.execute(mine).scalar_one())
        assert await db.rows(select(func.pg_terminate_backend(first)))
        assert await db.ask(lambda connection: connection.execute(mine).scalar_one()) != first

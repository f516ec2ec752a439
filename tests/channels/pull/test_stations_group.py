"""Group commit: what waits is done together, one bad job fails alone, nobody is left waiting."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from services.kit.db import Database, Transaction
from services.kit.errors import Refused, Retry
from services.kit.group import GroupCommit
from tests.channels.pull.stations_make import a_database


class Doubler:
    """Doubles numbers, in groups; refuses thirteen; waits for go_on from the group hold_at on."""

    def __init__(self, hold_at: int | None = None) -> None:
        self.groups: list[list[int]] = []
        self.hold_at = hold_at
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, tx: Transaction, jobs: Sequence[int]) -> list[int]:
        self.groups.append(list(jobs))
        if len(self.groups) == self.hold_at:
            self.go_on.clear()
        await self.go_on.wait()
        if 13 in jobs:
            raise Refused("thirteen")
        return [job * 2 for job in jobs]


@pytest.fixture
async def db(sqlite_url: str) -> AsyncIterator[Database]:
    async with a_database(sqlite_url) as db:
        yield db


async def test_what_comes_while_one_transaction_runs_shares_the_next(db: Database) -> None:
    do = Doubler()
    group = GroupCommit(db, do)
    running = asyncio.ensure_future(group.run())
    do.go_on.clear()
    first = asyncio.ensure_future(group.submit(1))
    while not do.groups:
        await asyncio.sleep(0)
    rest = [asyncio.ensure_future(group.submit(n)) for n in range(20, 68)]
    await asyncio.sleep(0)
    do.go_on.set()
    assert await asyncio.gather(first, *rest) == [2, *(n * 2 for n in range(20, 68))]
    assert [len(jobs) for jobs in do.groups] == [1, 48]
    running.cancel()


async def test_one_bad_job_fails_alone(db: Database) -> None:
    group = GroupCommit(db, Doubler())
    running = asyncio.ensure_future(group.run())
    done = await asyncio.gather(*(group.submit(n) for n in (12, 13, 14)), return_exceptions=True)
    assert done[0] == 24
    assert isinstance(done[1], Refused)
    assert done[2] == 28
    running.cancel()


async def test_whoever_waits_when_it_stops_is_told_to_come_again(db: Database) -> None:
    do = Doubler()
    group = GroupCommit(db, do)
    running = asyncio.ensure_future(group.run())
    do.go_on.clear()
    waiting = [asyncio.ensure_future(group.submit(1))]
    while not do.groups:
        await asyncio.sleep(0)
    waiting += [asyncio.ensure_future(group.submit(2)), asyncio.ensure_future(group.submit(3))]
    await asyncio.sleep(0)
    running.cancel()
    for one in waiting:
        with pytest.raises(Retry):
            await one
    with pytest.raises(Retry):
        await group.submit(4)


async def test_who_is_to_be_done_alone_is_not_left_waiting_when_the_process_stops(db: Database) -> None:
    do = Doubler(hold_at=2)
    group = GroupCommit(db, do)
    running = asyncio.ensure_future(group.run())
    waiting = [asyncio.ensure_future(group.submit(n)) for n in (13, 14, 15)]
    while len(do.groups) < 2:
        await asyncio.sleep(0)
    running.cancel()
    async with asyncio.timeout(20):
        done = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(one, Retry) for one in done), done

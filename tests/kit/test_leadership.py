"""One hand at a time, and a fence against the hand that was."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.kit.leadership import TERM_S, Leadership, LostLead
from tests.clock import HandClock
from tests.kit.kit_make import a_house


async def test_only_one_of_two_replicas_leads(database_url: str) -> None:
    async with a_house(database_url) as db:
        active, most, led = 0, 0, asyncio.Event()

        async def work() -> None:
            nonlocal active, most
            active += 1
            most = max(most, active)
            led.set()
            try:
                await asyncio.sleep(3600)
            finally:
                active -= 1

        replicas = [Leadership(db, name) for name in ("a", "b", "c")]
        tasks = [asyncio.ensure_future(r.lead("clock", work)) for r in replicas]
        await asyncio.wait_for(led.wait(), 10)
        leader = next(i for i, r in enumerate(replicas) if r.tokens)
        led.clear()
        tasks[leader].cancel()
        await asyncio.wait_for(led.wait(), 10)
        assert most == 1
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_lost_the_lease_can_write_nothing(database_url: str) -> None:
    clock = HandClock(datetime(2026, 6, 1, tzinfo=UTC))
    async with a_house(database_url, clock) as db:
        old, new = Leadership(db, "old"), Leadership(db, "new")
        assert await old._claim("ledger")
        assert not await new._claim("ledger")
        clock.at += timedelta(seconds=TERM_S + 1)
        assert await new._claim("ledger")
        async with db.transaction() as tx:
            await new.guard(tx, "ledger")
        with pytest.raises(LostLead):
            async with db.transaction() as tx:
                await old.guard(tx, "ledger")


async def test_tokens_grow_with_every_holder(database_url: str) -> None:
    clock = HandClock(datetime(2026, 6, 1, tzinfo=UTC))
    async with a_house(database_url, clock) as db:
        tokens = []
        for name in ("a", "b", "a", "c"):
            leadership = Leadership(db, name)
            assert await leadership._claim("ledger")
            tokens.append(leadership.tokens["ledger"])
            clock.at += timedelta(seconds=TERM_S + 1)
        assert tokens == sorted(set(tokens))

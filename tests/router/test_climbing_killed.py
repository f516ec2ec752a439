"""Clocks survive whatever happens to the process that watches them; two replicas never call twice."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select

from contracts.delivery import is_call
from contracts.values import Level, Mode
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.leadership import Leadership, LostLead
from services.router.actions import climbing
from services.router.store import duties
from services.router.store.tables import DELIVERIES
from tests.router.duty_make import Tower, a_tower
from tests.router.router_make import AClock, forget_said
from tests.router.test_climbing import LADDERS

WRITES = ("UPDATE duties SET rung", "INSERT INTO deliveries", "INSERT INTO duty_steps", "INSERT INTO outbox")
"""What a rung writes, in its order: a process may die before each of them."""

Done = list[tuple[int, str, tuple[str, ...]]]


class Killed(Exception):
    """The process is gone; so is its transaction."""


@contextmanager
def killed_before(db: Database, statement: str) -> Iterator[None]:
    """Let the process die before it writes this."""

    def die(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        if text.startswith(statement):
            raise Killed

    event.listen(db.writer.sync_engine, "before_cursor_execute", die)
    try:
        yield
    finally:
        event.remove(db.writer.sync_engine, "before_cursor_execute", die)


async def whole_ladder(tower: Tower, level: Level, *, killing: bool) -> Done:
    """Climb a ladder in silence; with `killing`, die and restart before every write of every rung."""
    done: Done = []
    await tower.publish()
    for second in sorted({0, *LADDERS[level]}):
        for turn, statement in enumerate(WRITES if killing else ()):
            await forget_said(tower.db)
            tower.clock.at = tower.base + timedelta(seconds=second)
            with killed_before(tower.db, statement):
                try:
                    await tower.look()
                except Killed:
                    assert await tower.calls() == []
            await tower.replica(f"{second}-{turn}")
        done += [(second, call.channel, call.names) for call in await tower.at(second)]
    return sorted(done)


@pytest.mark.parametrize("level", [Level.RED, Level.ORANGE, Level.YELLOW])
async def test_a_kill_before_every_write_of_every_rung_changes_nobodys_calls(
    level: Level, db: Database, crypto: SoftwareCrypto, clock: AClock
) -> None:
    tower = await a_tower(db, crypto, clock, level)
    quiet = await whole_ladder(tower, level, killing=False)
    await tower.anew()
    assert await whole_ladder(tower, level, killing=True) == quiet
    assert len(quiet) >= len(LADDERS[level])


async def test_a_replica_that_lost_the_lead_calls_nobody(
    db: Database, crypto: SoftwareCrypto, clock: AClock
) -> None:
    tower = await a_tower(db, crypto, clock)
    await tower.publish()
    await tower.look()
    slow = tower.hands
    await tower.replica("faster")
    clock.move(seconds=60)
    await forget_said(db)
    with pytest.raises(LostLead):
        await climbing.climb(db, slow)
    assert await tower.calls() == []
    assert await climbing.climb(db, tower.hands) > 0


async def test_two_replicas_that_climb_at_once_call_everybody_once(
    db: Database, crypto: SoftwareCrypto, clock: AClock
) -> None:
    tower = await a_tower(db, crypto, clock)
    await tower.publish()
    other = Leadership(db, "other")
    other.tokens = dict(tower.hands.leadership.tokens)
    both = [tower.hands, climbing.Hands(other, crypto, tower.rules, tower.ears)]
    await tower.look()
    clock.move(seconds=60)
    await forget_said(db)
    await asyncio.gather(*(climbing.climb(db, hands) for hands in both), return_exceptions=False)
    calls = await tower.calls()
    ids = [call.request.delivery_id for call in calls]
    assert ids
    assert len(ids) == len(set(ids))
    names = [name for call in calls for name in call.names]
    assert len(names) == len(set(names))


async def test_the_same_silence_gives_the_same_call(
    db: Database, crypto: SoftwareCrypto, clock: AClock
) -> None:
    tower = await a_tower(db, crypto, clock)
    await tower.publish()
    await tower.look()
    clock.move(seconds=60)
    first, second = [await _abandoned(tower), await _abandoned(tower)]
    assert first
    assert first == second


async def _abandoned(tower: Tower) -> set[UUID]:
    """Climb in a transaction that never commits; return the ids of what it was about to say."""
    with pytest.raises(Killed):
        async with tower.db.transaction() as tx:
            found = await duties.due(tx, Mode.LIVE, Level.RED, tx.now, 100)
            for group in climbing._groups(found):
                await climbing._climb(tx, group, tower.hands, tx.now)
            rows = await tx.execute(select(DELIVERIES.c.delivery_id))
            ids = {UUID(name) for name in rows.scalars()}
            raise Killed
    return {name for name in ids if is_call(name)}

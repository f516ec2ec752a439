"""Clocks survive whatever happens to the process that watches them; two replicas never call twice."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select

from contracts.delivery import is_call
from contracts.values import Channel, Level, Mode
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.leadership import LEASES, Leadership, LostLead
from services.router.actions import climbing
from services.router.actions.rosters import open_rosters
from services.router.store import duties
from services.router.store.tables import DELIVERIES
from tests.clock import HandClock
from tests.migrated import migrate
from tests.router.duty_make import FIRST, Tower, a_tower
from tests.router.registry_make import TOWNS
from tests.router.router_make import forget_said
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
    level: Level, db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    tower = await a_tower(db, crypto, clock, level)
    quiet = await whole_ladder(tower, level, killing=False)
    await tower.anew()
    assert await whole_ladder(tower, level, killing=True) == quiet
    assert len(quiet) >= len(LADDERS[level])


async def test_a_replica_that_lost_the_lead_calls_nobody(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
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
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    tower = await a_tower(db, crypto, clock)
    await tower.publish()
    other = Leadership(db, "other")
    other.tokens = dict(tower.hands.leadership.tokens)
    both = [tower.hands, replace(tower.hands, leadership=other)]
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
    db: Database, crypto: SoftwareCrypto, clock: HandClock
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
    async with tower.db.read() as connection:
        rosters = await open_rosters(connection, tower.crypto, {FIRST, *TOWNS}, tower.clock.now())
    with pytest.raises(Killed):
        async with tower.db.transaction() as tx:
            found = await duties.due(tx, Mode.LIVE, Level.RED, tx.now, 100)
            for group in climbing._groups(found):
                await climbing._climb(tx, group, tower.hands, rosters, tx.now)
            rows = await tx.execute(select(DELIVERIES.c.delivery_id))
            ids = {UUID(name) for name in rows.scalars()}
            raise Killed
    return {name for name in ids if is_call(name)}


@pytest.mark.parametrize("where", ["outbox.written:router:1", "outbox.committed:router:1"])
async def test_a_process_that_is_killed_as_it_climbs_leaves_its_work_to_the_next(
    where: str, sqlite_url: str, tmp_path: Path, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    url = sqlite_url.format(name="router")
    await migrate(url, "services.router.migrations")
    db = Database("router", url, clock)
    tower = await a_tower(db, crypto, clock)
    await tower.publish()
    await tower.at(0)
    await forget_said(db)
    async with db.transaction() as tx:
        await tx.execute(LEASES.update().values(until=0))
    moment = clock.at + timedelta(seconds=181)
    command = [sys.executable, "-m", "tests.router.climber", url, str(tmp_path / "keys")]
    killed = await _ended([*command, moment.isoformat(), where])
    assert killed == -signal.SIGKILL
    before = await tower.calls()
    assert bool(before) == where.startswith("outbox.committed")
    later = moment + timedelta(seconds=30)
    assert await _ended([*command, later.isoformat()]) == 0
    calls = await tower.calls()
    await db.close()
    names = [(call.channel, name) for call in calls for name in call.names]
    assert {channel for channel, _ in names} == {Channel.SMS, Channel.STATION, Channel.VOICE}
    assert len(names) == len(set(names)), "nobody is called twice for one rung"


async def _ended(command: list[str]) -> int:
    process = await asyncio.create_subprocess_exec(*command)
    return await process.wait()

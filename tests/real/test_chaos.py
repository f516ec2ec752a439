"""Channels, bus, gateways and stations killed at random moments of a run: every number ends once.

One small round stands in the normal run. `CHAOS=20 make test ARGS="tests/real/test_chaos.py -n 0 -s"` runs
twenty, of 100,000 people each, and prints what each came to. A duplicate is an SMS that came once more;
there are fewer than leases that brought no report, because nothing else makes one.
"""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from benchmarks import batches
from contracts.delivery import DeliveryReported
from contracts.outcome import TargetState
from contracts.values import Level
from services.channels.pull.gateways.store.tables import BATCH_LEASES, BATCHES
from services.kit.db import Database
from tests.outbox import said
from tests.real.chaos_make import Scene
from tests.servers import NatsServer

ROUNDS = int(os.environ.get("CHAOS", "0"))
PEOPLE, STATIONS, LEASE_S = (100_000, 40, 8.0) if ROUNDS else (6_000, 10, 4.0)
WITHIN_S, BLOWS, FIRST = 600 if ROUNDS else 120, 8 if ROUNDS else 5, 13_000_000_000

pytestmark = [pytest.mark.long, pytest.mark.timeout(900 * max(1, ROUNDS) if ROUNDS else 240)]


@pytest.mark.parametrize("turn", range(max(1, ROUNDS)))
async def test_whatever_is_killed_every_number_ends_once(
    turn: int, tmp_path: Path, a_nats_server: Callable[..., NatsServer]
) -> None:
    scene = Scene(tmp_path, a_nats_server(), LEASE_S, STATIONS)
    chance, warning_id = random.Random(turn), uuid4()
    await scene.open()
    try:
        requests = list(batches.requests(scene.crypto, PEOPLE, Level.RED, warning_id, FIRST))
        scene.pull([str(FIRST + n) for n in range(PEOPLE)])
        await scene.say([*requests, scene.for_stations(warning_id)])
        await _blows(scene, chance)
        await _until(lambda: _settled(scene, len(requests)))
        await _until(lambda: _confirmed(scene))
    finally:
        await scene.close()
    await _account(scene, turn)


async def _blows(scene: Scene, chance: random.Random) -> None:
    """Kill one thing after the other, at random moments, and bring it back after a random while."""
    for _ in range(BLOWS):
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        match chance.choice(["gateways", "stations", "nats", "gateway", "half"]):
            case "nats":
                scene.nats.kill()
                await asyncio.sleep(chance.uniform(0, 1))
                scene.nats.start()
            case "gateway":
                name = chance.choice(batches.GATEWAYS)
                await scene.world.crash(name)
                await asyncio.sleep(chance.uniform(0, LEASE_S))
                scene.world.resume(name)
            case "half":
                await scene.crash_stations()
            case house:
                scene.processes[house].kill()
                await asyncio.sleep(chance.uniform(0, 1))
                scene.processes[house].start()


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not await true():
            await asyncio.sleep(0.3)


def _database(scene: Scene, house: str) -> Database:
    return Database(house, scene.settings.database(house))


async def _rows(scene: Scene, house: str, statement: Any) -> Any:
    db = _database(scene, house)
    try:
        return await db.rows(statement)
    finally:
        await db.close()


async def _settled(scene: Scene, wanted: int) -> bool:
    counted = select(func.count().label("here"), func.coalesce(func.sum(BATCHES.c.open), 0).label("open"))
    (row,) = await _rows(scene, "gateways", counted)
    return bool(row["here"] == wanted and row["open"] == 0)


async def _newest(scene: Scene, house: str) -> dict[str, DeliveryReported]:
    db = _database(scene, house)
    try:
        reports = [m for m in await said(db) if isinstance(m, DeliveryReported)]
    finally:
        await db.close()
    return {str(r.delivery_id): r for r in sorted(reports, key=lambda r: r.report)}


async def _confirmed(scene: Scene) -> bool:
    newest = await _newest(scene, "stations")
    return [report.tally for report in newest.values()] == [{TargetState.CONFIRMED: STATIONS}]


async def _account(scene: Scene, turn: int) -> None:
    """See that all numbers are accounted for, each once, and that duplicates have their reason."""
    newest = (await _newest(scene, "gateways")).values()
    ends: dict[str, int] = {}
    for report in newest:
        for state, count in report.tally.items():
            ends[str(state)] = ends.get(str(state), 0) + count
    assert sum(ends.values()) == PEOPLE
    assert set(ends) <= {TargetState.RECEIVED, TargetState.FAILED}
    lost = select(func.count().label("lost")).where(BATCH_LEASES.c.reported_at.is_(None))
    (row,) = await _rows(scene, "gateways", lost)
    twice = sum(scene.times.values()) - len(scene.times)
    print(f"round {turn}: {ends}, {twice} duplicates, {row['lost']} leases without a report")
    assert len(scene.times) == ends[TargetState.RECEIVED]
    assert twice <= row["lost"]

"""Who is there: heartbeats, silence, and the registry, on both databases."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from contracts.delivery import StationSeen
from contracts.registry import KeyHash, StationEntry
from contracts.values import Mode, StationClass
from services.channels import keys
from services.channels.pull.stations.actions.learn import learn
from services.channels.pull.stations.actions.presence import Answer, Beat, beat, judge
from services.channels.pull.stations.model import Patience
from services.channels.pull.stations.store.tables import API_KEYS, STATIONS
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys, new_api_key
from services.kit.db import Database
from services.kit.errors import Unauthenticated
from tests.channels.pull.stations_make import NOON, ONE, TWO, a_block
from tests.clock import HandClock
from tests.outbox import said


async def beats(db: Database, clock: HandClock, *stations: str, mode: Mode = Mode.LIVE) -> list[Answer]:
    async with db.transaction() as tx:
        return await beat(tx, [Beat(station, mode, "t1", 0, clock.now(), {}) for station in stations])


async def look(db: Database, since: timedelta = timedelta()) -> int:
    async with db.transaction() as tx:
        return await judge(tx, Patience(), NOON + since)


async def seen(db: Database) -> list[tuple[str, str]]:
    return [(m.station, m.presence) for m in await said(db) if isinstance(m, StationSeen)]


async def test_a_station_is_said_to_be_there_once_and_not_at_every_beat(
    db: Database, clock: HandClock
) -> None:
    for _ in range(3):
        await beats(db, clock, ONE, TWO, ONE)
        clock.move(seconds=60)
    assert await seen(db) == [(ONE, "online"), (TWO, "online")]


async def test_silence_makes_a_station_suspect_then_offline_and_a_beat_brings_it_back(
    db: Database, clock: HandClock
) -> None:
    await beats(db, clock, ONE, TWO)
    clock.move(seconds=170)
    await beats(db, clock, TWO)
    assert await look(db) == 0
    clock.move(seconds=10)
    assert await look(db) == 1
    assert await look(db) == 0
    clock.move(seconds=120)
    await beats(db, clock, TWO)
    assert await look(db) == 1
    await beats(db, clock, ONE)
    assert await seen(db) == [
        (ONE, "online"),
        (TWO, "online"),
        (ONE, "suspect"),
        (ONE, "offline"),
        (ONE, "online"),
    ]


async def test_who_was_deaf_himself_does_not_judge(db: Database, clock: HandClock) -> None:
    await beats(db, clock, ONE)
    clock.move(hours=1)
    assert await look(db, since=timedelta(hours=1)) == 0
    clock.move(seconds=300)
    assert await look(db, since=timedelta(hours=1)) == 1


async def test_a_drill_terminal_does_not_make_the_live_one_look_alive(db: Database, clock: HandClock) -> None:
    await beats(db, clock, ONE)
    clock.move(seconds=300)
    await beats(db, clock, ONE, mode=Mode.DRILL)
    await look(db)
    found = [(m.mode, m.presence) for m in await said(db) if isinstance(m, StationSeen)]
    assert found == [("live", "online"), ("drill", "online"), ("live", "offline")]


@pytest.fixture
def crypto(tmp_path: Path) -> SoftwareCrypto:
    init_keys(KeyFolder(tmp_path / "keys"))
    return SoftwareCrypto(KeyFolder(tmp_path / "keys"))


def an_entry(code: str, sha256: str = "0" * 64, key_id: str = "k1") -> StationEntry:
    return StationEntry(
        code=code,
        name="某站",
        station_class=StationClass.SCREEN,
        keys=(KeyHash(key_id=key_id, mode=Mode.LIVE, sha256=sha256),),
        duty_name="王芳",
    )


async def test_stations_and_keys_follow_the_registry(db: Database, crypto: SoftwareCrypto) -> None:
    async def hear(entries: list[StationEntry], minute: int) -> set[str]:
        async with db.transaction() as tx:
            await learn(tx, crypto, a_block(crypto, entries, NOON + timedelta(minutes=minute)))
        return {row["code"] for row in await db.rows(select(STATIONS))}

    key_id, key, sha256 = new_api_key(Mode.LIVE)
    assert await hear([an_entry(ONE, sha256, key_id), an_entry(TWO)], 1) == {ONE, TWO}
    assert await keys.check(db, API_KEYS, f"Bearer {key}", ONE) is Mode.LIVE
    assert await hear([an_entry(TWO)], 3) == {TWO}
    with pytest.raises(Unauthenticated):
        await keys.check(db, API_KEYS, f"Bearer {key}", ONE)
    assert await hear([an_entry(ONE, sha256, key_id)], 2) == {TWO}, "an older block was taken for a newer"


async def test_a_block_that_is_gone_takes_its_stations_along(db: Database, crypto: SoftwareCrypto) -> None:
    block = a_block(crypto, [an_entry(ONE)])
    gone = block.model_copy(update={"gone": True, "sealed": "", "at": NOON + timedelta(minutes=1)})
    async with db.transaction() as tx:
        await learn(tx, crypto, block)
        await learn(tx, crypto, gone)
    assert await db.rows(select(STATIONS)) == []
    assert await db.rows(select(API_KEYS)) == []

"""A database that was set back gives no number again, and no terminal misses what is new."""

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import delete, select, update

from contracts.values import Mode
from services.channels.pull.stations.actions import renumber
from services.channels.pull.stations.actions.presence import Beat, beat
from services.channels.pull.stations.store import epochs
from services.channels.pull.stations.store.tables import EPOCHS, ITEMS, SEQUENCES
from services.kit.db import Database
from tests.channels.pull.stations_make import NOON, a_database, a_request, ask, codes
from tests.clock import HandClock

ONE, TWO = codes(2)


async def given(db: Database, station: str = ONE) -> list[int]:
    """Give two stations one warning more; return all numbers of one of them."""
    await ask(db, a_request([ONE, TWO], uuid4()))
    rows = await db.rows(select(ITEMS.c.sequence).where(ITEMS.c.station == station))
    return sorted(row["sequence"] for row in rows)


async def set_back(db: Database, last: int) -> None:
    """Forget what was given after a number, and every epoch since, as a backup does."""
    async with db.transaction() as tx:
        await tx.execute(delete(ITEMS).where(ITEMS.c.sequence > last))
        await tx.execute(update(SEQUENCES).values(last=last))
        await tx.execute(delete(EPOCHS))


async def test_a_new_house_counts_from_one_and_a_house_that_opens_again_goes_on_above(
    database_url: str,
) -> None:
    clock = HandClock(NOON)
    async with a_database(database_url, clock) as db:
        await renumber.begin(db)
        assert [await given(db), await given(db)] == [[1], [1, 2]]
        await renumber.begin(db)
        floor = epochs.floor_of(NOON)
        assert await given(db) == [1, 2, floor + 1]
        await renumber.begin(db)
        assert await given(db) == [1, 2, floor + 1, floor + 2]
        clock.move(minutes=2)
        await renumber.begin(db)
        assert (await given(db))[-1] == epochs.floor_of(NOON + timedelta(minutes=2)) + 1
        assert await given(db, TWO) == [*await given(db)][:6]


async def test_a_restored_house_gives_no_number_again_however_often_it_is_restored(
    database_url: str,
) -> None:
    clock = HandClock(NOON)
    async with a_database(database_url, clock) as db:
        seen = set(await given(db)) | set(await given(db))
        for _ in range(2):
            seen |= set(await given(db)) | set(await given(db))
            await set_back(db, 2)
            clock.move(minutes=1)
            await renumber.begin(db)
            fresh = (await given(db))[-1]
            assert fresh > max(seen)
            seen.add(fresh)


async def test_a_heartbeat_that_knows_more_begins_an_epoch(database_url: str) -> None:
    clock = HandClock(NOON)
    async with a_database(database_url, clock) as db:
        for _ in range(4):
            await given(db)
        await set_back(db, 2)
        async with db.transaction() as tx:
            (answer,) = await beat(tx, [Beat(ONE, Mode.LIVE, "t1", 4, clock.now(), {})])
        assert answer.last == 2
        assert (await given(db))[-1] > 4
        assert epochs.epoch_of((await given(db))[-1]) > 0


async def test_a_number_that_nobody_can_have_yet_proves_nothing(database_url: str) -> None:
    async with a_database(database_url, HandClock(NOON)) as db:
        await given(db)
        for claimed in (2**53, epochs.floor_of(NOON + timedelta(minutes=1)), 1, 0):
            await renumber.heed(db, claimed, 1)
        assert await given(db) == [1, 2]
        await renumber.heed(db, 3, 2)
        assert (await given(db))[-1] == epochs.floor_of(NOON) + 1

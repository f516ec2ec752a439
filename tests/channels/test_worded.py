"""Words: every channel says once, as a fact, what it says; the ledger shows it a year later."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete

from contracts.delivery import DeliveryRequested
from contracts.fact import Fact
from contracts.values import Action, Channel
from services.channels.pull.feed import consumers as feed
from services.channels.pull.gateways import consumers as gateways
from services.channels.pull.stations import consumers as stations
from services.channels.push import consumers as push
from services.channels.push.looks import looks
from services.channels.push.settings import PushSettings
from services.channels.renderings import Look, Looks
from services.houses import MIGRATIONS
from services.kit.consumer import Subscription
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.outbox import OUTBOX
from tests.channels.pull import feed_make, stations_make
from tests.channels.pull.gateways import house as gateways_house
from tests.channels.push.push_make import a_batch, a_request
from tests.clock import HandClock
from tests.migrated import migrate
from tests.outbox import said

TOWNS = (Channel.BROADCAST, Channel.CABLE, Channel.APP, Channel.WEB, Channel.WEIBO, Channel.UPPER)
WARNING = UUID(int=7)
SEALED = (Channel.WECHAT, Channel.VOICE)


async def words_of(db: Database) -> list[Fact]:
    """Return what was said of words."""
    return [m for m in await said(db) if isinstance(m, Fact) and m.kind == "delivery.worded"]


async def hear(db: Database, heard: Sequence[Subscription], *requests: DeliveryRequested) -> None:
    """Hear requests as the house does."""
    for request in requests:
        handle = next(one.handle for one in heard if "deliver" in one.durable)
        async with db.transaction() as tx:
            await handle(tx, request)


async def opened(url: str, house: str, at: object) -> Database:
    """Return an empty database of a house."""
    address = url.format(name=house)
    await migrate(address, MIGRATIONS[house])
    return Database(house, address, HandClock(at))  # type: ignore[arg-type]


@pytest.fixture
def crypto(tmp_path: Path) -> SoftwareCrypto:
    keys = KeyFolder(tmp_path / "keys")
    init_keys(keys)
    return SoftwareCrypto(keys)


@pytest.mark.parametrize("channel", [*TOWNS, *SEALED])
async def test_a_channel_that_we_call_says_once_how_a_revision_looks(
    sqlite_url: str, crypto: SoftwareCrypto, channel: Channel
) -> None:
    first = a_request(channel)
    if channel in SEALED:
        first = a_request(channel, batch=a_batch(crypto, first.delivery_id, ["13900230001"]))
    other = first.model_copy(update={"delivery_id": a_request(channel, part="1").delivery_id})
    db = await opened(sqlite_url, channel.value, first.at)
    heard = push.heard(channel, lambda _: None, crypto, looks(channel, PushSettings.load()))
    await hear(db, heard, first, other, first)
    (fact,) = await words_of(db)
    assert (fact.warning_id, fact.mode) == (str(first.warning_id), first.mode)
    assert (fact.detail["revision"], fact.detail["channel"], fact.detail["action"]) == (1, channel, "START")
    assert any(piece["text"] for piece in fact.detail["pieces"])
    again = push.heard(channel, lambda _: None, crypto, looks(channel, PushSettings.load()))
    await hear(db, again, other)
    assert len(await words_of(db)) == 1, "another replica says it no more"
    await db.close()


async def test_a_delivery_goes_out_though_its_words_cannot_be_written_down(
    sqlite_url: str, crypto: SoftwareCrypto
) -> None:
    def broken(request: DeliveryRequested) -> Look:
        raise ZeroDivisionError(request.channel)

    request = a_request(Channel.BROADCAST)
    db = await opened(sqlite_url, "broadcast", request.at)
    heard = push.heard(Channel.BROADCAST, lambda _: None, crypto, Looks([(Channel.BROADCAST, broken)]))
    await hear(db, heard, request)
    assert await words_of(db) == []
    assert len(await said(db)) == 1, "its first report"
    await db.close()


async def test_stations_are_told_once_for_each_revision(database_url: str, crypto: SoftwareCrypto) -> None:
    db = await opened(database_url, "stations", stations_make.NOON)
    heard = stations.subscriptions_of(crypto, lambda _: None, lambda _: None)
    first = stations_make.a_request(stations_make.codes(2), WARNING)
    update = stations_make.a_request(stations_make.codes(2), WARNING, 2, action=Action.REPLACE)
    await hear(db, heard, first, first, update)
    facts = await words_of(db)
    assert [fact.detail["revision"] for fact in facts] == [1, 2]
    names = [piece["name"] for piece in facts[0].detail["pieces"]]
    assert names == ["title", "text", "instruction", "speech"]
    await db.close()


async def test_the_feed_says_what_its_readers_see(database_url: str, crypto: SoftwareCrypto) -> None:
    db = await opened(database_url, "feed", feed_make.START)
    await hear(db, feed.heard(crypto, lambda: None), feed_make.a_request())
    (fact,) = await words_of(db)
    assert fact.detail["pieces"][0] == {"name": "title", "text": "暴雨橙色预警<1>&"}
    await db.close()


async def test_an_sms_is_said_once_for_each_rendering_and_names_nobody(
    database_url: str, tmp_path: Path
) -> None:
    url = database_url.format(name="gateways")
    async with gateways_house.an_open_house(url, tmp_path) as house:
        numbers = ["13900230001", "13900230002"]
        one = house.batch(numbers)
        more = {"warning_id": one.warning_id}
        person = house.batch(numbers, rendering="person", **more)
        heard = gateways.subscriptions_of(house.parts)
        await hear(house.db, heard, one, house.batch(["13900230003"], part="1", **more), person)
        facts = await words_of(house.db)
        assert [fact.detail["rendering"] for fact in facts] == ["public", "person"]
        texts = [fact.detail["pieces"][0]["text"] for fact in facts]
        assert all(text.startswith("【") for text in texts)
        assert not any(number in text for text in texts for number in numbers)
        async with house.db.transaction() as tx:
            await tx.execute(delete(OUTBOX))
        await hear(house.db, gateways.subscriptions_of(house.parts), house.batch(numbers, part="2", **more))
        assert await words_of(house.db) == []

"""Outbox, relay, bus and consumer together, over a real nats-server."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from contracts.fact import DeadLetter, Fact
from contracts.message import Message
from contracts.values import Lane, Mode
from services.kit import jetstream, outbox
from services.kit.bus import Bus
from services.kit.consumer import Handler, consume, delay, subscriptions
from services.kit.db import Database, Transaction
from services.kit.errors import Reject, Retry
from services.kit.leadership import Leadership
from services.kit.outbox import OUTBOX
from services.kit.relay import Relay
from services.kit.settings import Settings
from tests.kit.kit_make import a_house
from tests.servers import NatsServer


@asynccontextmanager
async def a_bus(url: str, tmp_path: Path) -> AsyncIterator[Bus]:
    bus = await Bus.connect(Settings(nats_url=url, var=tmp_path), "test")
    await jetstream.apply(bus.jetstream, 1)
    yield bus
    await bus.close()


@asynccontextmanager
async def running(bus: Bus, db: Database, handle: Handler) -> AsyncIterator[None]:
    relay = Relay(db, bus, Leadership(db, "me"))
    work = [relay.run(), *(consume(bus, db, s) for s in subscriptions("toy-hear", [Fact], handle))]
    tasks = [asyncio.ensure_future(w) for w in work]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Ear:
    """Hears facts, and can be waited for."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.news = asyncio.Event()

    async def __call__(self, tx: Transaction, message: Message) -> None:
        assert isinstance(message, Fact)
        self.heard.append(message.about or "")
        tx.after_commit(self.news.set)

    async def until(self, count: int, within: float = 20) -> None:
        async with asyncio.timeout(within):
            while len(set(self.heard)) < count:
                self.news.clear()
                await self.news.wait()


async def say(db: Database, *names: str, lane: Lane = Lane.ROUTINE) -> None:
    for name in names:
        async with db.transaction() as tx:
            tx.record("note.kept", about=name, lane=lane)


async def test_streams_are_applied_twice_without_change(clean_nats_url: str, tmp_path: Path) -> None:
    async with a_bus(clean_nats_url, tmp_path) as bus:
        assert {done for _, done in await jetstream.apply(bus.jetstream, 1)} == {"unchanged"}
        info = await bus.jetstream.stream_info("WARNINGS")
        assert info.config.discard == "new"
        assert info.config.max_msgs == -1


async def test_everything_said_is_heard_once(clean_nats_url: str, database_url: str, tmp_path: Path) -> None:
    async with a_bus(clean_nats_url, tmp_path) as bus, a_house(database_url) as db:
        ear = Ear()
        names = [f"n{i}" for i in range(100)]
        async with running(bus, db, ear):
            await asyncio.gather(*(say(db, *names[i::4]) for i in range(4)))
            await ear.until(100)
        assert sorted(ear.heard) == sorted(names)


async def test_a_row_published_twice_is_handled_once(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    async with a_bus(clean_nats_url, tmp_path) as bus, a_house(database_url) as db:
        ear = Ear()
        async with running(bus, db, ear):
            await say(db, "one")
            await ear.until(1)
            (row,) = await db.rows(select(OUTBOX))
            headers = {"Nats-Msg-Id": row["message_id"]}
            await bus.client.publish(
                row["subject"], row["payload"], headers=headers | {"Nats-Msg-Id": row["message_id"]}
            )
            async with db.transaction() as tx:
                await outbox.replay(tx.connection, tx.now.replace(year=2000))
            await say(db, "two")
            await ear.until(2)
        assert ear.heard.count("one") == 1


async def test_a_restarted_server_is_found_again(
    a_nats_server: Callable[..., NatsServer], database_url: str, tmp_path: Path
) -> None:
    server = a_nats_server()
    async with a_bus(server.url, tmp_path) as bus, a_house(database_url) as db:
        ear = Ear()
        async with running(bus, db, ear):
            await say(db, "before")
            await ear.until(1)
            server.kill()
            await say(db, "while it is away")
            server.start()
            await ear.until(2)
            await say(db, "after")
            await ear.until(3)


async def test_what_was_said_outlives_a_lost_disk(
    a_nats_server: Callable[..., NatsServer], database_url: str, tmp_path: Path
) -> None:
    server = a_nats_server()
    async with a_bus(server.url, tmp_path) as bus, a_house(database_url) as db:
        await say(db, "one", "two")
        relay = Relay(db, bus, Leadership(db, "me"))
        assert await relay.publish(Mode.LIVE, Lane.ROUTINE) == 2
        server.wipe()
        server.start()
        ear = Ear()
        async with running(bus, db, ear):
            await say(db, "three")
            async with asyncio.timeout(15):
                while not bus.connected:
                    await asyncio.sleep(0.05)
            await jetstream.apply(bus.jetstream, 1)
            async with db.transaction() as tx:
                await outbox.replay(tx.connection, tx.now.replace(year=2000))
            await ear.until(3)


async def test_what_can_never_work_is_buried_with_its_reason(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    async def refuse(tx: Transaction, message: Message) -> None:
        raise Reject("this can never work")

    async with a_bus(clean_nats_url, tmp_path) as bus, a_house(database_url) as db, running(bus, db, refuse):
        await say(db, "one")
        subscription = await bus.jetstream.subscribe("yutian.live.letter.v1.buried.routine")
        buried = await subscription.next_msg(timeout=10)
        letter = DeadLetter.from_bytes(buried.data)
        assert letter.reason == "this can never work"
        assert letter.consumer == "toy-hear-live-routine"
        assert Fact.from_bytes(base64.b64decode(letter.payload)).about == "one"


async def test_what_may_pass_is_tried_again(clean_nats_url: str, database_url: str, tmp_path: Path) -> None:
    ear, tries = Ear(), 0

    async def third_time_lucky(tx: Transaction, message: Message) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Retry("the world is busy")
        await ear(tx, message)

    async with a_bus(clean_nats_url, tmp_path) as bus, a_house(database_url) as db:
        async with running(bus, db, third_time_lucky):
            await say(db, "one", lane=Lane.URGENT)
            await ear.until(1)
    assert tries == 3


async def test_the_ledger_has_every_message_in_one_order(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    async with a_bus(clean_nats_url, tmp_path) as bus, a_house(database_url) as db:
        ear = Ear()
        async with running(bus, db, ear):
            await say(db, *(f"n{i}" for i in range(20)))
            await ear.until(20)
            async with asyncio.timeout(10):
                while (await bus.jetstream.stream_info("LEDGER")).state.messages < 20:
                    await asyncio.sleep(0.05)


@pytest.mark.parametrize(("lane", "most"), [(Lane.URGENT, 36.0), (Lane.ROUTINE, 360.0)])
def test_delays_grow_and_are_bounded_by_lane(lane: Lane, most: float) -> None:
    assert 0.8 <= delay(1, lane) <= 1.2
    assert 3.2 <= delay(3, lane) <= 4.8
    assert all(delay(n, lane) <= most for n in range(1, 40))

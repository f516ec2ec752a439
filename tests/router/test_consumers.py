"""On a real bus: the copy fills, a warning becomes requests, a cancel overtakes, two replicas are as one."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from contracts import message_class
from contracts.delivery import DeliveryRequested, DeliveryWithdrawn, PlanMade
from contracts.message import Message
from contracts.plan import Manifest
from contracts.values import Mode
from services.kit.bus import Bus
from services.kit.clock import SystemClock
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.ids import uuid7
from services.kit.jetstream import apply
from services.kit.leadership import Leadership
from services.kit.process import Floor, House, Service, house_siblings
from services.kit.settings import Settings
from services.router.actions.rulebook import ESCALATION, Rulebook
from services.router.app import open_router
from services.router.consumers import Filled, subscriptions_of
from services.router.store.tables import DELIVERIES
from tests.router.registry_make import ALL, Block, a_district, changed
from tests.router.router_make import AWarning, a_report, pinned

WITHIN_S = 20


class Hearing:
    """Everything that was said on the bus, in the order of its coming."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._come = asyncio.Condition()

    async def hear(self, raw: Any) -> None:
        """Keep a message."""
        async with self._come:
            self.messages.append(message_class(raw.subject).from_bytes(raw.data))
            self._come.notify_all()

    async def until(self, enough: Callable[[list[Message]], bool]) -> list[Message]:
        """Wait until enough was said."""
        async with asyncio.timeout(WITHIN_S), self._come:
            await self._come.wait_for(lambda: enough(self.messages))
        return self.messages


@pytest.fixture
async def bus(clean_nats_url: str) -> AsyncIterator[Bus]:
    """A real bus with its streams."""
    connected = await Bus.connect(Settings(nats_url=clean_nats_url), "test")
    await apply(connected.jetstream, 1)
    yield connected
    await connected.close()


@pytest.fixture
async def hearing(bus: Bus) -> Hearing:
    """An ear for what the router says."""
    ear = Hearing()
    for subject in (
        "yutian.*.plan.>",
        "yutian.*.delivery.v1.requested.>",
        "yutian.*.delivery.v1.withdrawn.>",
    ):
        await bus.client.subscribe(subject, cb=ear.hear)
    return ear


@asynccontextmanager
async def running(bus: Bus, db: Database, crypto: SoftwareCrypto, *replicas: str) -> AsyncIterator[None]:
    """Run relay and consumers of so many replicas on one database."""
    siblings = [
        sibling
        for name in replicas
        for sibling in house_siblings(
            bus, House(db, Leadership(db, name), subscriptions_of(crypto, Rulebook(db, "", ESCALATION)))
        )
    ]
    tasks = [asyncio.ensure_future(sibling()) for sibling in siblings]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _say(bus: Bus, *messages: Message) -> None:
    for message in messages:
        await bus.publish(message.subject, message.to_bytes(), {}, str(uuid7()))


async def _filled(bus: Bus, db: Database, crypto: SoftwareCrypto, blocks: dict[str, Block]) -> Manifest:
    """Publish a registry, wait until it is copied, pin the whole district."""
    await _say(bus, *(changed(key, block, crypto) for key, block in blocks.items()))
    await _whole(Filled(db, bus))
    return await pinned(db, crypto)


async def _whole(filled: Filled) -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                return await filled.check()
            except Retry:
                await asyncio.sleep(0.05)


def _planned(messages: list[Message]) -> bool:
    """Tell whether every plan that was made was requested in full."""
    made = {d.delivery_id for m in messages if isinstance(m, PlanMade) for d in m.deliveries}
    requested = {m.delivery_id for m in messages if isinstance(m, DeliveryRequested)}
    return bool(made) and made <= requested


async def test_a_warning_becomes_the_requests_of_its_manifest(
    bus: Bus, db: Database, crypto: SoftwareCrypto, hearing: Hearing
) -> None:
    db.clock = SystemClock()
    with pytest.raises(Retry):
        await Filled(db, bus).check()
    async with running(bus, db, crypto, "one", "two"):
        manifest = await _filled(bus, db, crypto, a_district())
        issued = AWarning(manifest).issued()
        await _say(bus, issued)
        messages = await hearing.until(_planned)
        requests = [m for m in messages if isinstance(m, DeliveryRequested)]
        assert len([m for m in messages if isinstance(m, PlanMade)]) == 1
        assert len({r.delivery_id for r in requests}) == len(requests)
        assert sum(r.size for r in requests) == manifest.count
        await _say(bus, *map(a_report, requests))
        await _taken(db)


async def _taken(db: Database) -> None:
    open_ones = select(func.count().label("count")).where(DELIVERIES.c.taken_at.is_(None))
    async with asyncio.timeout(WITHIN_S):
        while (await db.rows(open_ones))[0]["count"]:
            await asyncio.sleep(0.05)


async def test_a_cancel_that_overtakes_its_alert_wins(
    bus: Bus, db: Database, crypto: SoftwareCrypto, hearing: Hearing
) -> None:
    db.clock = SystemClock()
    async with running(bus, db, crypto, "one"):
        manifest = await _filled(bus, db, crypto, a_district())
        warning = AWarning(manifest)
        await _say(bus, warning.cancelled())
        await hearing.until(_planned)
        await _say(bus, warning.issued())
        late = {(1, channel) for channel in ALL}

        def withdrawn(messages: list[Message]) -> bool:
            found = {(m.revision, m.channel) for m in messages if isinstance(m, DeliveryWithdrawn)}
            return late <= found and _planned(messages) and len(_of(messages, PlanMade)) == 2

        messages = await hearing.until(withdrawn)
        assert {m.revision for m in messages if isinstance(m, DeliveryWithdrawn)} == {1}


def _of(messages: list[Message], kind: type[Message]) -> list[Message]:
    return [m for m in messages if isinstance(m, kind)]


async def test_a_block_with_a_false_hash_is_buried_and_the_rest_is_copied(
    bus: Bus, db: Database, crypto: SoftwareCrypto
) -> None:
    db.clock = SystemClock()
    letters = Hearing()
    await bus.client.subscribe("yutian.*.letter.>", cb=letters.hear)
    blocks = a_district()
    key = next(key for key in blocks if len(key) == 12)
    async with running(bus, db, crypto, "one"):
        await _say(bus, changed(key, blocks[key], crypto, sha256="0" * 64))
        (letter,) = await letters.until(bool)
        assert json.loads(letter.to_bytes())["consumer"] == "router-copy-registry"
        manifest = await _filled(bus, db, crypto, blocks)
        assert len(manifest.villages) == 12


async def test_the_opened_service_hears_each_mode_and_lane_alone(
    bus: Bus, database_url: str, crypto: SoftwareCrypto, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUTIAN_MARGIN_KM", "0.5")
    settings = Settings(database_url=database_url)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient())
        floor = Floor(settings, SystemClock(), bus, crypto.keys, crypto, http, stack)
        service: Service = await open_router(floor)
        (house,) = service.houses
        durables = {s.durable for s in house.subscriptions}
        lanes = {f"{m}-{lane}" for m in Mode for lane in ("urgent", "routine")}
        assert durables == {"router-copy-registry"} | {
            f"router-{verb}-{lane}"
            for verb in ("plan", "hear", "note", "back", "again-router")
            for lane in lanes
        }
        assert service.parts["router"].margin_km == 0.5
        with pytest.raises(Retry):
            await service.ready["registry"]()

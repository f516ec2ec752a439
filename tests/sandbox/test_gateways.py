"""The sandbox's telecom gateways against the real house: they do their work, and their faults do no harm."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from contracts.delivery import DeliveryRequested
from contracts.fact import Fact
from contracts.values import Lane, Mode
from contracts.warning import WarningHalted
from sandbox.faults import FaultKind
from sandbox.gateways import Carrier, GatewaysWorld
from services.kit.clock import SystemClock
from tests.channels.pull.gateways.replica import Replica, a_replica, block_of, issue_keys, until
from tests.channels.pull.gateways.requests import Requests, phones


@dataclass
class Scene:
    """The house, two gateways, and the phones that belong to people of the sandbox."""

    replica: Replica
    world: GatewaysWorld
    got: list[tuple[str, str]] = field(default_factory=list)

    def batch(self, count: int = 40, **more: Any) -> DeliveryRequested:
        return Requests(self.replica.floor.crypto, SystemClock()).batch(phones(count), **more)

    def order(self, **more: Any) -> DeliveryRequested:
        return Requests(self.replica.floor.crypto, SystemClock()).order(**more)

    async def closed(self, *deliveries: DeliveryRequested, within: float = 20) -> dict[UUID, dict[str, int]]:
        """Wait until nothing of these deliveries is open; return their tallies."""
        found: dict[UUID, dict[str, int]] = {}

        async def all_closed() -> bool:
            tallies = await self.replica.tallies()
            found.update(
                {d.delivery_id: tallies.get(str(d.delivery_id), {"requested": 1}) for d in deliveries}
            )
            return not any({"requested", "queued", "sent"} & tally.keys() for tally in found.values())

        await until(all_closed, within)
        return found

    async def facts(self, kind: str) -> list[Fact]:
        return [m for m in await self.replica.said() if isinstance(m, Fact) and m.kind == kind]


Play = Callable[..., Awaitable[Scene]]


@asynccontextmanager
async def a_scene(url: str, nats_url: str, folder: Path, carrier: Carrier) -> AsyncIterator[Scene]:
    """Run the house, and two gateways over one carrier."""
    keys, district = issue_keys("cmcc", "cucc")
    people = [{"phone": number} for number in phones(20)]
    credentials = {"gateways": ["cmcc", "cucc"], "keys": keys, "people": people}
    async with a_replica(url, nats_url, folder) as replica:
        await replica.publish(block_of(replica, district))
        got: list[tuple[str, str]] = []
        world = GatewaysWorld(
            replica.url, credentials, on_sms=lambda n, t: got.append((n, t)), carrier=carrier
        )
        running = asyncio.ensure_future(world.run())
        yield Scene(replica, world, got)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def play(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Play]:
    """Begin a scene: `await play(carrier)`; leases last two seconds."""
    monkeypatch.setenv("YUTIAN_GATEWAYS_LEASE_S", "2")
    monkeypatch.setenv("YUTIAN_GATEWAYS_STARVED_S", "1")
    async with AsyncExitStack() as scenes:

        async def begin(**carrier: Any) -> Scene:
            quick = Carrier(**{"receipt_after_s": 0.05, "late_after_s": 0.3, **carrier})
            return await scenes.enter_async_context(a_scene(sqlite_url, clean_nats_url, tmp_path, quick))

        yield begin


async def test_every_number_ends_once_and_every_person_is_told(play: Play) -> None:
    scene = await play(fails_of_1000=100)
    person, order = scene.batch(rendering="person"), scene.order(gateway="cucc")
    await scene.replica.publish(person, order)
    tallies = await scene.closed(person, order)
    assert sum(tallies[person.delivery_id].values()) == 40
    assert tallies[person.delivery_id]["failed"] > 0
    assert tallies[order.delivery_id] == {"received": 1}
    told = Counter(number for number, _ in scene.got)
    assert set(told.values()) == {1}
    assert all(text.endswith(f"{number[-4:]:0>24}") for number, text in scene.got)
    view = scene.world.view()
    assert view["cmcc-live"]["sms"] == tallies[person.delivery_id]["received"]
    assert view["cucc-live"]["orders"] == 1


async def test_a_drill_is_sent_by_the_drill_key_alone(play: Play) -> None:
    scene = await play(fails_of_1000=0)
    drill = scene.batch(mode=Mode.DRILL)
    await scene.replica.publish(drill)
    assert (await scene.closed(drill))[drill.delivery_id] == {"received": 40}
    assert all("演练" in text for _, text in scene.got)
    assert scene.world.view()["cmcc-live"]["leased"] == 0


async def test_a_report_that_is_lost_costs_a_lease_and_nobody_is_told_twice(play: Play) -> None:
    scene = await play(fails_of_1000=0, early_of_1000=0, late_of_1000=0, receipt_after_s=5)
    scene.world.faults["cmcc"].set(FaultKind.DROP, times=1, path="/reports")
    batch = scene.batch()
    await scene.replica.publish(batch)
    assert (await scene.closed(batch))[batch.delivery_id] == {"received": 40}
    assert scene.world.view()["cmcc-live"]["spared"] == 40
    assert max(Counter(number for number, _ in scene.got).values()) == 1


async def test_reports_and_receipts_that_come_twice_do_no_harm(play: Play) -> None:
    scene = await play(fails_of_1000=50, twice_of_1000=1000)
    scene.world.faults["cmcc"].set(FaultKind.TWICE)
    batch = scene.batch()
    await scene.replica.publish(batch)
    tally = (await scene.closed(batch))[batch.delivery_id]
    assert sum(tally.values()) == 40
    assert scene.world.view()["cmcc-live"]["reports"] == 2


async def test_a_late_report_is_taken(play: Play) -> None:
    scene = await play(fails_of_1000=0, late_of_1000=0, receipt_after_s=5)
    scene.world.faults["cmcc"].set(FaultKind.LATE, seconds=3.5, times=1, path="/reports")
    batch = scene.batch()
    await scene.replica.publish(batch)
    assert (await scene.closed(batch))[batch.delivery_id] == {"received": 40}


async def test_a_gateway_that_refuses_has_failed(play: Play) -> None:
    scene = await play()
    scene.world.faults["cmcc"].set(FaultKind.REFUSE)
    batch, order = scene.batch(), scene.order()
    await scene.replica.publish(batch, order)
    tallies = await scene.closed(batch, order)
    assert tallies == {batch.delivery_id: {"failed": 40}, order.delivery_id: {"failed": 1}}
    assert scene.got == []


async def test_a_gateway_that_falls_silent_is_an_alarm_and_works_on_when_it_is_back(play: Play) -> None:
    scene = await play(fails_of_1000=0)
    scene.world.faults["cmcc"].set(FaultKind.SILENT)
    await scene.world.crash("cmcc")
    scene.world.resume("cmcc")
    batch = scene.batch()
    await scene.replica.publish(batch)

    async def alarmed() -> bool:
        return bool(await scene.facts("gateway.starved"))

    await until(alarmed)
    scene.world.faults["cmcc"].clear()
    assert (await scene.closed(batch))[batch.delivery_id] == {"received": 40}

    async def fed() -> bool:
        return bool(await scene.facts("gateway.fed"))

    await until(fed)


async def test_a_halt_stops_what_is_left_of_a_batch(play: Play) -> None:
    scene = await play(fails_of_1000=0, numbers_per_s=100)
    batch = scene.batch(400)
    await scene.replica.publish(batch)

    async def begun() -> bool:
        return scene.world.view()["cmcc-live"]["sms"] >= 50

    await until(begun)
    now = SystemClock().now()
    head: dict[str, Any] = {"mode": Mode.LIVE, "lane": Lane.URGENT, "warning_id": batch.warning_id}
    await scene.replica.publish(WarningHalted(**head, revision=1, at=now, by="王芳", reason="wrong"))
    tally = (await scene.closed(batch))[batch.delivery_id]

    async def settled() -> bool:
        found = (await scene.replica.tallies())[str(batch.delivery_id)]
        return found.get("received") == scene.world.view()["cmcc-live"]["sms"]

    await until(settled)
    tally = (await scene.replica.tallies())[str(batch.delivery_id)]
    assert tally["withdrawn"] == scene.world.view()["cmcc-live"]["stopped"] > 0
    assert sum(tally.values()) == 400


async def test_a_gateway_that_dies_in_the_middle_finishes_later(play: Play) -> None:
    scene = await play(fails_of_1000=0, numbers_per_s=200)
    batches = [scene.batch(100, part=str(n)) for n in range(3)]
    await scene.replica.publish(*batches)

    async def begun() -> bool:
        return scene.world.view()["cmcc-live"]["sms"] >= 50

    await until(begun)
    await scene.world.crash("cmcc")
    scene.world.resume("cmcc")
    tallies = await scene.closed(*batches, within=30)
    assert [tallies[b.delivery_id] for b in batches] == [{"received": 100}] * 3

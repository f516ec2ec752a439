"""The house on a real bus: what it hears, and that its replicas wake each other."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from contracts.delivery import DeliveryRequested, DeliveryWithdrawn
from contracts.registry import DistrictBlock
from contracts.values import Channel, Lane, Mode, Withdrawal
from contracts.warning import WarningHalted
from services.kit.clock import SystemClock
from tests.channels.pull.gateways.replica import Replica, a_replica, block_of, issue_keys, until
from tests.channels.pull.gateways.requests import NOW, Requests, phones


def a_batch(replica: Replica, **more: Any) -> DeliveryRequested:
    return Requests(replica.floor.crypto, SystemClock()).batch(phones(3), **more)


def a_client(replica: Replica, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"{replica.url}/api/v1/gateways/cmcc", headers={"authorization": f"Bearer {key}"}, timeout=40
    )


async def known(http: httpx.AsyncClient) -> bool:
    return (await http.get("/status")).is_success


async def test_a_delivery_goes_from_the_bus_to_the_gateway_and_back(
    database_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with a_replica(database_url, clean_nats_url, tmp_path) as replica:
        keys, district = issue_keys("cmcc")
        async with a_client(replica, keys["cmcc"][Mode.LIVE]) as http:
            await replica.publish(block_of(replica, district))
            await until(lambda: known(http))
            waiting = asyncio.ensure_future(http.post("/leases", json={"wait_s": 20}))
            await asyncio.sleep(0.2)
            batch = a_batch(replica)
            await replica.publish(batch)
            (item,) = (await asyncio.wait_for(waiting, 10)).json()["data"]
            await http.post(f"/leases/{item['lease']}:report", json={"state": "DELIVRD"})
            assert (await replica.tallies())[str(batch.delivery_id)] == {"received": 3}
            await replica.publish(block_of(replica, DistrictBlock()))

            async def forgotten() -> bool:
                return (await http.get("/status")).status_code == 401

            await until(forgotten)


async def test_a_halt_reaches_a_waiting_gateway_within_a_second(
    database_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with a_replica(database_url, clean_nats_url, tmp_path) as replica:
        keys, district = issue_keys("cmcc")
        async with a_client(replica, keys["cmcc"][Mode.LIVE]) as http:
            batch = a_batch(replica)
            await replica.publish(block_of(replica, district), batch)
            await until(lambda: known(http))
            leased = await http.post("/leases", json={"wait_s": 10})
            assert len(leased.json()["data"]) == 1
            waiting = asyncio.ensure_future(http.get("/halts?after=0&wait=30"))
            await asyncio.sleep(0.3)
            halt = WarningHalted(
                mode=Mode.LIVE,
                lane=Lane.URGENT,
                warning_id=batch.warning_id,
                revision=1,
                at=NOW,
                by="王芳",
                reason="wrong text",
            )
            await replica.publish(halt)
            reply = await asyncio.wait_for(waiting, 1)
            assert reply.json()["data"][0]["reason"] == "halted"


async def test_a_withdrawal_before_its_request_wins(
    database_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with a_replica(database_url, clean_nats_url, tmp_path) as replica:
        batch = a_batch(replica, warning_id=uuid4())
        withdrawn = DeliveryWithdrawn(
            mode=Mode.LIVE,
            lane=Lane.URGENT,
            warning_id=batch.warning_id,
            revision=1,
            channel=Channel.SMS,
            at=NOW,
            reason=Withdrawal.SUPERSEDED,
        )
        await replica.publish(withdrawn, batch)

        async def told() -> bool:
            return (await replica.tallies()).get(str(batch.delivery_id)) == {"withdrawn": 3}

        await until(told)


async def test_a_gateway_that_waits_at_one_replica_is_woken_by_the_other(
    postgres_house_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with (
        a_replica(postgres_house_url, clean_nats_url, tmp_path, "a") as one,
        a_replica(postgres_house_url, clean_nats_url, tmp_path, "b") as two,
    ):
        keys, district = issue_keys("cmcc")
        key = keys["cmcc"][Mode.LIVE]
        async with a_client(one, key) as first, a_client(two, key) as second:
            await one.publish(block_of(one, district))
            await until(lambda: known(second))
            for _ in range(6):
                pulls = [
                    asyncio.ensure_future(c.post("/leases", json={"max_batches": 1, "wait_s": 30}))
                    for c in (first, second)
                ]
                await asyncio.sleep(0.1)
                await one.publish(a_batch(one, part="1"), a_batch(one, part="2"))
                replies = await asyncio.wait_for(asyncio.gather(*pulls), 4)
                given = [item["delivery_id"] for r in replies for item in r.json()["data"]]
                assert len(given) == len(set(given)) == 2

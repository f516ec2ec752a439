"""Gateways wait for work: woken when it comes, let go when it ends, one hand for each batch."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.outcome import TargetState
from contracts.values import Level, Withdrawal
from services.channels.pull.gateways.actions.end import end
from services.channels.pull.gateways.actions.lease import KEY_LOOK
from services.channels.pull.gateways.store import gateways
from tests.channels.pull.gateways.house import GatewaysHouse, an_open_house
from tests.channels.pull.gateways.requests import phones
from tests.databases import on_one_database


async def test_a_waiting_gateway_gets_work_the_moment_it_comes(house: GatewaysHouse) -> None:
    waiting = asyncio.ensure_future(house.lease(wait_s=30))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await house.deliver(house.batch(phones(1)))
    assert len(await asyncio.wait_for(waiting, 2)) == 1


@on_one_database
async def test_a_wait_ends_in_time_with_nothing(house: GatewaysHouse) -> None:
    begun = asyncio.get_running_loop().time()
    assert await house.lease(wait_s=0.3) == []
    assert 0.25 < asyncio.get_running_loop().time() - begun < 2


async def test_a_wait_ends_when_the_process_stops(a_house: GatewaysHouse) -> None:
    a_house.app.state.stopping = asyncio.Event()
    waiting = asyncio.ensure_future(a_house.lease(wait_s=30))
    await asyncio.sleep(0.1)
    a_house.app.state.stopping.set()
    assert await asyncio.wait_for(waiting, 2) == []


def asking(house: GatewaysHouse) -> dict[str, object]:
    """Return the scope of a gateway's request for work, as a server makes it."""
    path = "/api/v1/gateways/cmcc/leases"
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [
            (b"authorization", f"Bearer {house.keys['live']}".encode()),
            (b"content-type", b"application/json"),
        ],
        "root_path": "",
        "state": {},
    }


async def test_a_gateway_that_has_hung_up_is_given_nothing(a_house: GatewaysHouse) -> None:
    heard = [{"type": "http.request", "body": b'{"wait_s": 30}', "more_body": False}]
    gone = asyncio.Event()

    async def receive() -> dict[str, object]:
        if heard:
            return heard.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(_message: object) -> None:
        """Nobody listens."""

    call = asyncio.ensure_future(a_house.app(asking(a_house), receive, send))  # type: ignore[arg-type]
    await asyncio.sleep(0.2)
    gone.set()
    await asyncio.wait_for(call, 2)
    await a_house.deliver(a_house.batch(phones(1)))
    assert len(await a_house.lease()) == 1


@pytest.fixture
async def replicas(
    postgres_house_url: str, tmp_path: Path
) -> AsyncIterator[tuple[GatewaysHouse, GatewaysHouse]]:
    """Two replicas on one database."""
    url = postgres_house_url.format(name="gateways")
    async with (
        an_open_house(url, tmp_path, "a") as one,
        an_open_house(url, tmp_path, "b", keys=one.keys) as two,
    ):
        yield one, two


async def test_two_replicas_on_one_database_never_lease_the_same_batch(
    replicas: tuple[GatewaysHouse, GatewaysHouse],
) -> None:
    one, two = replicas
    warning = uuid4()
    for i in range(60):
        await one.deliver(one.batch(phones(1, 13900230000 + i), warning_id=warning, part=str(i)))
    pulled = await asyncio.gather(*(h.lease(4) for _ in range(12) for h in (one, two)))
    numbers = [row[0] for items in pulled for item in items for row in item["recipients"]]
    rest = [row[0] for item in await two.lease(100) for row in item["recipients"]]
    assert sorted(numbers + rest) == phones(60)


async def test_a_tombstone_and_its_request_at_once_leave_nothing_to_lease(
    replicas: tuple[GatewaysHouse, GatewaysHouse],
) -> None:
    one, two = replicas

    async def halt(warning_id: UUID) -> None:
        async with two.db.transaction() as tx:
            await end(tx, two.parts, warning_id, 1, Withdrawal.HALTED)

    requests = [one.batch(phones(1)) for _ in range(20)]
    await asyncio.gather(*(step for r in requests for step in (one.deliver(r), halt(r.warning_id))))
    assert await one.lease(100) == []
    for request in requests:
        assert await one.tally(request.delivery_id) == {TargetState.WITHDRAWN: 1}


async def test_a_key_that_is_revoked_while_its_request_waits_gets_no_numbers(house: GatewaysHouse) -> None:
    wanted = {"max_batches": 1, "wait_s": 30}
    waiting = asyncio.ensure_future(house.call("POST", "/leases", json=wanted))
    await asyncio.sleep(0.2)
    async with house.db.transaction() as tx:
        await gateways.replace(tx, ())
    await house.deliver(house.batch(phones(1)))
    reply = await asyncio.wait_for(waiting, 20)
    assert (reply.status_code, phones(1)[0] in reply.text) == (401, False)


async def test_work_whose_key_is_away_keeps_no_other_work_back(database_url: str, tmp_path: Path) -> None:
    url = database_url.format(name="gateways")
    async with (
        an_open_house(url, tmp_path, "a") as one,
        an_open_house(url, tmp_path / "elsewhere", "b", keys=one.keys) as two,
    ):
        warning = uuid4()
        await one.deliver(*(one.batch(phones(1), warning_id=warning, part=str(i)) for i in range(4)))
        await two.deliver(two.batch(phones(1), level=Level.BLUE))
        (item,) = await two.lease(4)
        assert item["priority"] > len(Level)
        (told,) = await two.facts("sms.key-away")
        assert (told.warning_id, told.detail["batches"], told.detail["waiting"]) == (str(warning), 4, 4)
        assert await one.lease(4) == []
        one.clock.move(seconds=KEY_LOOK.total_seconds())
        assert len(await one.lease(4)) == 4

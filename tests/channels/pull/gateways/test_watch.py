"""Halts, the status page, and the alarm for gateways that stop pulling."""

import asyncio
from uuid import UUID, uuid4

from contracts.values import Action, Withdrawal
from services.channels.pull.gateways.actions.end import end
from tests.channels.pull.gateways.house import GatewaysHouse
from tests.channels.pull.gateways.requests import phones


async def halt(house: GatewaysHouse, warning_id: UUID, reason: Withdrawal = Withdrawal.CANCELLED) -> None:
    async with house.db.transaction() as tx:
        await end(tx, house.parts, warning_id, 1, reason)


async def test_a_waiting_gateway_hears_a_halt_at_once(house: GatewaysHouse) -> None:
    request = house.batch(phones(1))
    await house.deliver(request)
    await house.lease()
    waiting = asyncio.ensure_future(house.call("GET", "/halts", params={"after": 0, "wait": 30}))
    await asyncio.sleep(0.2)
    await halt(house, request.warning_id)
    reply = (await asyncio.wait_for(waiting, 1)).json()
    (stop,) = reply["data"]
    assert (stop["warning_id"], stop["revision"], stop["reason"]) == (str(request.warning_id), 1, "cancelled")
    assert reply["next"] == stop["id"]
    assert (await house.call("GET", "/halts", params={"after": reply["next"]})).json()["data"] == []


async def test_a_halt_is_told_once_and_to_those_who_were_given_work(house: GatewaysHouse) -> None:
    request = house.batch(phones(1))
    await house.deliver(request)
    await house.lease()
    await halt(house, request.warning_id)
    await halt(house, request.warning_id, Withdrawal.HALTED)
    assert len((await house.call("GET", "/halts")).json()["data"]) == 1
    assert (await house.call("GET", "/halts", "other")).json()["data"] == []
    assert (await house.call("GET", "/halts", "drill")).json()["data"] == []


async def test_an_update_halts_its_predecessor(house: GatewaysHouse) -> None:
    first = house.batch(phones(1))
    await house.deliver(first)
    await house.lease()
    await house.deliver(
        house.batch(phones(1), warning_id=first.warning_id, revision=2, action=Action.REPLACE)
    )
    (stop,) = (await house.call("GET", "/halts")).json()["data"]
    assert (stop["revision"], stop["reason"]) == (1, "updated")


async def test_a_cancel_that_overtakes_its_alert_wins(house: GatewaysHouse) -> None:
    warning_id = uuid4()
    await halt(house, warning_id)
    request = house.batch(phones(3), warning_id=warning_id)
    await house.deliver(request)
    assert await house.lease() == []
    assert await house.tally(request.delivery_id) == {"withdrawn": 3}


async def test_expiry_closes_what_a_cancel_left_open(house: GatewaysHouse) -> None:
    request = house.batch(phones(2))
    await house.deliver(request)
    (item,) = await house.lease()
    await house.report(item, state="ACCEPTD")
    await halt(house, request.warning_id)
    assert await house.tally(request.delivery_id) == {"sent": 2}
    await halt(house, request.warning_id, Withdrawal.EXPIRED)
    assert await house.tally(request.delivery_id) == {"expired": 2}


async def test_work_that_waits_for_a_silent_gateway_is_an_alarm_until_it_pulls(house: GatewaysHouse) -> None:
    await house.deliver(house.batch(phones(1)))
    house.clock.move(seconds=9)
    await house.tick()
    assert await house.facts("gateway.starved") == []
    house.clock.move(seconds=2)
    for _ in range(3):
        await house.tick()
    (alarm,) = await house.facts("gateway.starved")
    assert alarm.about == "cmcc"
    assert (await house.call("GET", "/status")).json()["starved_since"]
    await house.lease()
    await house.tick()
    assert len(await house.facts("gateway.fed")) == 1
    assert (await house.call("GET", "/status")).json()["starved_since"] is None


async def test_a_gateway_that_pulls_slowly_is_no_alarm(house: GatewaysHouse) -> None:
    await house.deliver(*(house.batch(phones(1), part=str(i)) for i in range(5)))
    for _ in range(4):
        await house.lease()
        house.clock.move(seconds=8)
        await house.tick()
    assert await house.facts("gateway.starved") == []


async def test_a_gateway_with_nothing_to_do_may_be_silent(house: GatewaysHouse) -> None:
    await house.lease()
    house.clock.move(hours=5)
    await house.tick()
    assert await house.facts("gateway.starved") == []


async def test_the_status_says_how_a_gateway_stands(house: GatewaysHouse) -> None:
    await house.deliver(house.batch(phones(3)), house.batch(phones(2)))
    await house.lease()
    view = (await house.call("GET", "/status")).json()
    assert (view["ready"], view["leased"], view["ready_urgent"]) == (1, 1, 1)
    text = await house.call("GET", "/status", headers={"accept": "text/plain"})
    assert text.headers["content-type"].startswith("text/plain")
    assert "leased               1\n" in text.text

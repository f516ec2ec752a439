"""Receipts: early, twice, out of order, from the wrong one, or never."""

from itertools import permutations
from uuid import uuid4

import pytest

from contracts.outcome import TargetState
from contracts.values import Withdrawal
from services.channels.pull.gateways.actions.end import end
from tests.channels.pull.gateways.house import GatewaysHouse
from tests.channels.pull.gateways.requests import phones


async def test_receipts_finish_what_was_accepted(house: GatewaysHouse) -> None:
    request = house.batch(phones(3))
    await house.deliver(request)
    (item,) = await house.lease()
    await house.report(item, state="ACCEPTD")
    reply = await house.receipts(
        *(
            (request.delivery_id, n, s)
            for n, s in zip(phones(3), ("DELIVRD", "EXPIRED", "UNKNOWN"), strict=True)
        )
    )
    assert (reply.json()["taken"], reply.json()["kept"], reply.json()["refused"]) == (3, 0, [])
    assert await house.tally(request.delivery_id) == {"sent": 1, "failed": 1, "received": 1}


@pytest.mark.parametrize("order", [*permutations(["report", "DELIVRD", "UNDELIV"])])
async def test_in_whatever_order_they_come_the_end_is_the_same(
    house: GatewaysHouse, order: tuple[str, ...]
) -> None:
    request = house.batch(phones(2))
    await house.deliver(request)
    (item,) = await house.lease()
    for step in (*order, *order):
        if step == "report":
            await house.report(item, state="ACCEPTD")
        else:
            await house.receipts((request.delivery_id, phones(1)[0], step))
    assert await house.tally(request.delivery_id) == {"sent": 1, "received": 1}


async def test_the_same_receipts_again_change_and_say_nothing(house: GatewaysHouse) -> None:
    request = house.batch(phones(1))
    await house.deliver(request)
    for _ in range(5):
        await house.receipts((request.delivery_id, phones(1)[0], "DELIVRD"))
    assert len(await house.reports(request.delivery_id)) == 2


async def test_a_receipt_for_a_delivery_yet_to_come_is_kept_without_its_number(house: GatewaysHouse) -> None:
    request = house.batch(phones(2))
    reply = await house.receipts((request.delivery_id, phones(1)[0], "DELIVRD"))
    assert reply.json()["kept"] == 1
    await house.deliver(request)
    assert await house.tally(request.delivery_id) == {"queued": 1, "received": 1}
    (item,) = await house.lease()
    assert [n for (n,) in item["recipients"]] == phones(2)[1:]


async def test_receipts_that_match_nothing_are_forgotten_after_two_days(house: GatewaysHouse) -> None:
    request = house.batch(phones(1), expires=house.clock.now().replace(day=20))
    await house.receipts((request.delivery_id, phones(1)[0], "DELIVRD"))
    house.clock.move(hours=49)
    await house.tick()
    await house.deliver(request)
    assert await house.tally(request.delivery_id) == {"queued": 1}


async def test_no_more_of_them_are_kept_than_there_is_room_for(a_house: GatewaysHouse) -> None:
    a_house.parts.settings.__dict__["gateways_most_unmatched"] = 2
    assert (await a_house.receipts(*((uuid4(), n, "DELIVRD") for n in phones(2)))).status_code == 200
    assert (await a_house.receipts((uuid4(), phones(1)[0], "DELIVRD"))).status_code == 409


async def test_a_receipt_for_a_number_that_is_not_in_the_batch_is_refused_by_its_place(
    house: GatewaysHouse,
) -> None:
    request = house.batch(phones(1))
    await house.deliver(request)
    stranger = "13912345678"
    reply = await house.receipts(
        (request.delivery_id, stranger, "DELIVRD"), (request.delivery_id, phones(1)[0], "DELIVRD")
    )
    assert (reply.json()["taken"], reply.json()["refused"]) == (1, [0])
    assert stranger not in reply.text


async def test_another_gateways_delivery_is_not_touched(house: GatewaysHouse) -> None:
    request = house.batch(phones(1))
    await house.deliver(request)
    await house.receipts((request.delivery_id, phones(1)[0], "DELIVRD"), key="other")
    await house.receipts((request.delivery_id, phones(1)[0], "DELIVRD"), key="drill")
    assert await house.tally(request.delivery_id) == {"queued": 1}


async def test_a_failure_that_was_received_after_all_is_said(house: GatewaysHouse) -> None:
    request = house.batch(phones(1))
    await house.deliver(request)
    await house.receipts((request.delivery_id, phones(1)[0], "UNDELIV"))
    await house.receipts((request.delivery_id, phones(1)[0], "DELIVRD"))
    states = [o.state for r in await house.reports(request.delivery_id) for o in r.outcomes]
    assert states == [TargetState.FAILED, TargetState.RECEIVED]


async def test_receipts_count_after_a_cancel(house: GatewaysHouse) -> None:
    request = house.batch(phones(2))
    await house.deliver(request)
    await house.lease()
    async with house.db.transaction() as tx:
        await end(tx, house.parts, request.warning_id, 1, Withdrawal.CANCELLED)
    await house.receipts((request.delivery_id, phones(1)[0], "DELIVRD"))
    assert await house.tally(request.delivery_id) == {"withdrawn": 1, "received": 1}


async def test_work_is_done_when_receipts_have_spoken_of_every_number(house: GatewaysHouse) -> None:
    request = house.batch(phones(2))
    await house.deliver(request)
    (item,) = await house.lease()
    await house.receipts(*((request.delivery_id, n, "DELIVRD") for n in phones(2)))
    reply = await house.report(item, state="ACCEPTD")
    assert (reply.json()["late"], reply.json()["tally"]) == (False, {"received": 2})

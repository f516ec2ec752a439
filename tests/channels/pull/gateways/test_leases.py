"""Leases: who gets what, when, and for how long."""

import asyncio
import hashlib
from datetime import timedelta
from uuid import UUID

import orjson

from contracts.values import Action, Level, Mode
from tests.channels.pull.gateways.house import GatewaysHouse
from tests.channels.pull.gateways.requests import TOWN, phones
from tests.databases import on_one_database


async def test_a_batch_goes_out_with_its_numbers_and_their_hash(house: GatewaysHouse) -> None:
    request = house.batch(phones(5))
    await house.deliver(request)
    (item,) = await house.lease()
    assert sorted(n for (n,) in item["recipients"]) == phones(5)
    assert item["sha256"] == hashlib.sha256(orjson.dumps(item["recipients"])).hexdigest()
    assert (item["kind"], item["mode"], item["priority"], item["attempt"]) == ("batch", "live", 1, 1)
    assert item["warning"]["id"] == str(request.warning_id)
    assert item["warning"]["level"] == "RED"
    assert item["lease_until"].endswith("+08:00")
    assert item["text"].startswith("【綦江区气象台】")


async def test_a_delivery_is_reported_as_queued_when_it_is_taken_in(house: GatewaysHouse) -> None:
    request = house.batch(phones(5))
    await house.deliver(request)
    assert await house.tally(request.delivery_id) == {"queued": 5}


async def test_a_delivery_that_comes_again_is_reported_again_and_sent_once(house: GatewaysHouse) -> None:
    request = house.batch(phones(5))
    await house.deliver(request, request)
    assert len(await house.reports(request.delivery_id)) == 2
    assert len(await house.lease(10)) == 1


@on_one_database
async def test_each_recipient_with_a_link_has_his_token(house: GatewaysHouse) -> None:
    await house.deliver(house.batch(phones(2), rendering="person"))
    (item,) = await house.lease()
    assert "{1}" in item["text"]
    assert {len(row) for row in item["recipients"]} == {2}


@on_one_database
async def test_an_area_order_holds_codes_and_a_polygon_and_no_number(house: GatewaysHouse) -> None:
    await house.deliver(house.order())
    (item,) = await house.lease()
    assert item["kind"] == "area"
    assert item["area"]["codes"] == [TOWN]
    assert item["area"]["polygons"][0][0] == [106.6, 29.0]
    assert "recipients" not in item
    assert item["window"]["until"] == item["expires_at"]


async def test_urgent_goes_first_then_colour_then_age(house: GatewaysHouse) -> None:
    levels = [Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED]
    older = [house.batch(phones(1), level=level) for level in levels]
    await house.deliver(*older)
    house.clock.move(seconds=1)
    newer = house.batch(phones(1), level=Level.RED)
    lift = house.batch(phones(1), level=Level.BLUE, action=Action.STOP, revision=2)
    await house.deliver(newer, lift)
    order = [item["delivery_id"] for item in await house.lease(10)]
    blue, yellow, orange, red = (str(r.delivery_id) for r in older)
    assert order == [red, str(newer.delivery_id), orange, str(lift.delivery_id), yellow, blue]


async def test_what_is_leased_is_not_leased_again(house: GatewaysHouse) -> None:
    await house.deliver(*(house.batch(phones(1), part=str(i)) for i in range(4)))
    first, second = await house.lease(3), await house.lease(3)
    assert len(first) == 3
    assert len(second) == 1
    assert await house.lease(3) == []


async def test_two_pullers_at_once_get_different_batches(house: GatewaysHouse) -> None:
    await house.deliver(*(house.batch(phones(1), part=str(i)) for i in range(20)))
    pulled = await asyncio.gather(*(house.lease(3) for _ in range(8)))
    given = [item["delivery_id"] for items in pulled for item in items]
    assert len(given) == len(set(given))


async def test_a_gateway_sees_only_its_own_work(house: GatewaysHouse) -> None:
    await house.deliver(house.batch(phones(1), gateway="cucc"))
    assert await house.lease() == []
    assert len(await house.lease(key="other")) == 1


async def test_a_drill_key_sees_drills_and_a_live_key_does_not(house: GatewaysHouse) -> None:
    await house.deliver(house.batch(phones(1), mode=Mode.DRILL))
    assert await house.lease() == []
    (item,) = await house.lease(key="drill")
    assert "演练" in item["text"]
    assert (await house.report(item, key="live", state="DELIVRD")).status_code == 404
    assert (await house.report(item, key="drill", state="DELIVRD")).status_code == 200


async def test_a_lease_that_runs_out_comes_back_for_another_attempt(house: GatewaysHouse) -> None:
    await house.deliver(house.batch(phones(2)))
    (lost,) = await house.lease()
    house.clock.move(seconds=121)
    await house.tick()
    (again,) = await house.lease()
    assert again["delivery_id"] == lost["delivery_id"]
    assert again["lease"] != lost["lease"]
    assert again["attempt"] == 2


async def test_what_comes_back_is_first_again_by_its_age(house: GatewaysHouse) -> None:
    await house.deliver(house.batch(phones(1), part="old"))
    (old,) = await house.lease()
    house.clock.move(seconds=121)
    await house.deliver(house.batch(phones(1), part="new"))
    await house.tick()
    assert (await house.lease())[0]["delivery_id"] == old["delivery_id"]


async def test_after_so_many_lost_leases_work_is_dead_and_an_alarm_is_raised(house: GatewaysHouse) -> None:
    request = house.batch(phones(2))
    await house.deliver(request)
    for _ in range(house.parts.settings.gateways_most_misses):
        assert len(await house.lease()) == 1
        house.clock.move(seconds=121)
        await house.tick()
    assert await house.lease() == []
    assert await house.tally(request.delivery_id) == {"failed": 2}
    (alarm,) = await house.facts("sms.dead")
    assert alarm.about == "cmcc"
    assert alarm.detail["delivery_id"] == str(request.delivery_id)


async def test_a_lease_can_be_held_longer_but_not_for_ever(house: GatewaysHouse) -> None:
    await house.deliver(house.batch(phones(1)))
    (item,) = await house.lease()
    for _ in range(20):
        reply = await house.call("POST", f"/leases/{item['lease']}:extend", json={"lease_s": 100})
        if reply.status_code != 200:
            break
        house.clock.move(seconds=90)
        await house.tick()
    held = house.clock.now() - house.requests[UUID(item["delivery_id"])].at
    assert reply.status_code == 409
    assert held <= timedelta(seconds=house.parts.settings.gateways_lease_longest_s + 90)


async def test_a_lease_of_nobody_is_not_extended(a_house: GatewaysHouse) -> None:
    assert (await a_house.call("POST", "/leases/nothing:extend")).status_code == 404


async def test_nothing_is_leased_once_the_warning_has_expired(house: GatewaysHouse) -> None:
    request = house.batch(phones(2))
    await house.deliver(request)
    house.clock.move(hours=6)
    assert await house.lease() == []
    await house.tick()
    assert await house.tally(request.delivery_id) == {"expired": 2}


async def test_a_delivery_that_is_expired_when_it_comes_is_never_ready(house: GatewaysHouse) -> None:
    request = house.batch(phones(2), expires=house.clock.now())
    await house.deliver(request)
    assert await house.lease() == []
    assert await house.tally(request.delivery_id) == {"expired": 2}


async def test_accepted_without_a_receipt_expires_with_the_warning(house: GatewaysHouse) -> None:
    request = house.batch(phones(2))
    await house.deliver(request)
    (item,) = await house.lease()
    await house.report(item, state="ACCEPTD")
    assert await house.tally(request.delivery_id) == {"sent": 2}
    house.clock.move(hours=6)
    await house.tick()
    assert await house.tally(request.delivery_id) == {"expired": 2}


async def test_an_update_ends_the_leases_of_its_predecessor(house: GatewaysHouse) -> None:
    first = house.batch(phones(3))
    await house.deliver(first)
    (old,) = await house.lease()
    update = house.batch(phones(3), warning_id=first.warning_id, revision=2, action=Action.REPLACE)
    await house.deliver(update)
    (new,) = await house.lease(10)
    assert new["delivery_id"] == str(update.delivery_id)
    assert (await house.call("POST", f"/leases/{old['lease']}:extend")).status_code == 409
    assert await house.tally(first.delivery_id) == {"withdrawn": 3}


async def test_a_text_that_cannot_be_sent_fails_its_targets_and_raises_an_alarm(house: GatewaysHouse) -> None:
    request = house.batch(phones(2), short="雨" * 300)
    await house.deliver(request)
    assert await house.tally(request.delivery_id) == {"failed": 2}
    assert "4 SMS segments" in ((await house.reports(request.delivery_id))[-1].detail or "")
    assert len(await house.facts("sms.dead")) == 1
    assert await house.lease() == []


async def test_a_batch_whose_seal_does_not_open_fails_its_targets(house: GatewaysHouse) -> None:
    request = house.batch(phones(2))
    stranger = house.batch(phones(2))
    assert request.batch
    assert stranger.batch
    forged = request.model_copy(update={"batch": stranger.batch})
    await house.deliver(forged)
    assert await house.tally(request.delivery_id) == {"failed": 2}


async def test_a_batch_that_was_not_the_one_hashed_fails_its_targets(house: GatewaysHouse) -> None:
    request = house.batch(phones(2))
    assert request.batch
    for spoilt in ({"sha256": "0" * 64}, {"hashes": ""}, {"sealed": "%"}):
        one = house.batch(phones(2), part=str(spoilt))
        assert one.batch
        await house.deliver(one.model_copy(update={"batch": one.batch.model_copy(update=spoilt)}))
        assert await house.tally(one.delivery_id) == {"failed": 2}

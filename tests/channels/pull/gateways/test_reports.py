"""Reports: in full, as exceptions, in part, late, and for the hundredth time."""

import asyncio
from uuid import UUID

import pytest

from contracts.outcome import TargetState
from contracts.values import Lane, Level, Withdrawal
from services.channels.pull.gateways.actions.end import end
from tests.channels.pull.gateways.house import GatewaysHouse
from tests.channels.pull.gateways.requests import phones


async def test_one_state_holds_for_all_but_the_exceptions(house: GatewaysHouse) -> None:
    request = house.batch(phones(4))
    await house.deliver(request)
    (item,) = await house.lease()
    failed = {"number": phones(1)[0], "state": "MA:0054", "reason": "absent"}
    reply = await house.report(item, state="DELIVRD", exceptions=[failed])
    assert reply.json()["tally"] == {"failed": 1, "received": 3}
    assert reply.json()["state"] == "done"
    assert await house.tally(request.delivery_id) == {"failed": 1, "received": 3}


async def test_only_failures_are_named_and_by_hash(house: GatewaysHouse) -> None:
    request = house.batch(phones(4))
    await house.deliver(request)
    (item,) = await house.lease()
    failed = {"number": phones(1)[0], "state": "MA:0054", "reason": "absent"}
    await house.report(item, state="DELIVRD", exceptions=[failed])
    (outcome,) = (await house.reports(request.delivery_id))[-1].outcomes
    assert outcome.target == house.parts.crypto.keyed_hash(phones(1)[0]).hex()
    assert (outcome.state, outcome.detail) == (TargetState.FAILED, "MA:0054 absent")


async def test_results_in_full_and_as_exceptions_come_to_the_same(house: GatewaysHouse) -> None:
    tallies = []
    states = dict(zip(phones(4), ("DELIVRD", "ACCEPTD", "UNDELIV", "DELIVRD"), strict=True))
    for part in ("full", "exceptions"):
        request = house.batch(phones(4), part=part)
        await house.deliver(request)
        (item,) = await house.lease()
        exceptions = [{"number": n, "state": s} for n, s in states.items() if s != "DELIVRD"]
        said = (
            {"results": [[n, s] for n, s in states.items()]}
            if part == "full"
            else {"state": "DELIVRD", "exceptions": exceptions}
        )
        assert (await house.report(item, **said)).status_code == 200
        tallies.append(await house.tally(request.delivery_id))
    assert tallies[0] == tallies[1] == {"sent": 1, "failed": 1, "received": 2}


async def test_what_a_partial_report_leaves_out_returns_to_the_pool(house: GatewaysHouse) -> None:
    request = house.batch(phones(5))
    await house.deliver(request)
    (item,) = await house.lease()
    reply = await house.report(item, partial=True, results=[[n, "DELIVRD"] for n in phones(2)])
    assert (reply.json()["state"], reply.json()["rest"]) == ("ready", 3)
    (rest,) = await house.lease()
    assert sorted(n for (n,) in rest["recipients"]) == phones(5)[2:]
    assert rest["targets"] == 3
    await house.report(rest, state="DELIVRD")
    assert await house.tally(request.delivery_id) == {"received": 5}


async def test_a_report_on_the_rest_says_nothing_of_what_was_reported_before(house: GatewaysHouse) -> None:
    request = house.batch(phones(4))
    await house.deliver(request)
    (item,) = await house.lease()
    numbers = phones(4)
    await house.report(item, partial=True, results=[[numbers[0], "UNDELIV"], [numbers[1], "ACCEPTD"]])
    (rest,) = await house.lease()
    await house.report(rest, state="DELIVRD")
    assert await house.tally(request.delivery_id) == {"failed": 1, "sent": 1, "received": 2}


async def test_a_full_report_on_the_rest_names_only_the_rest(house: GatewaysHouse) -> None:
    request = house.batch(phones(4))
    await house.deliver(request)
    (item,) = await house.lease()
    await house.report(item, partial=True, results=[[phones(1)[0], "DELIVRD"]])
    (rest,) = await house.lease()
    reply = await house.report(rest, results=[[n, "DELIVRD"] for n in phones(4)[1:]])
    assert reply.status_code == 200
    assert await house.tally(request.delivery_id) == {"received": 4}


async def test_many_partial_reports_are_no_misses(house: GatewaysHouse) -> None:
    request = house.batch(phones(8))
    await house.deliver(request)
    for number in phones(8):
        (item,) = await house.lease()
        await house.report(item, partial=True, results=[[number, "DELIVRD"]])
    assert await house.tally(request.delivery_id) == {"received": 8}


async def test_giving_everything_back_every_time_ends_as_dead(house: GatewaysHouse) -> None:
    request = house.batch(phones(2))
    await house.deliver(request)
    for _ in range(house.parts.settings.gateways_most_misses):
        (item,) = await house.lease()
        await house.report(item, partial=True)
    assert await house.lease() == []
    assert await house.tally(request.delivery_id) == {"failed": 2}
    assert len(await house.facts("sms.dead")) == 1


async def test_a_report_that_forgets_numbers_is_refused(house: GatewaysHouse) -> None:
    await house.deliver(house.batch(phones(3)))
    (item,) = await house.lease()
    reply = await house.report(item, results=[[phones(1)[0], "DELIVRD"]])
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["field"] == "results"


async def test_a_number_that_is_not_in_the_batch_refuses_the_report_by_its_place(
    house: GatewaysHouse,
) -> None:
    request = house.batch(phones(3))
    await house.deliver(request)
    (item,) = await house.lease()
    stranger = "13912345678"
    reply = await house.report(
        item,
        results=[[n, "DELIVRD"] for n in phones(3)],
        exceptions=[{"number": stranger, "state": "UNDELIV"}],
    )
    assert reply.status_code == 422
    assert [e["field"] for e in reply.json()["errors"]] == ["exceptions.0"]
    assert stranger not in reply.text
    assert await house.tally(request.delivery_id) == {"queued": 3}


async def test_the_same_report_a_hundred_times_is_one(house: GatewaysHouse) -> None:
    request = house.batch(phones(3))
    await house.deliver(request)
    (item,) = await house.lease()
    replies = [await house.report(item, state="DELIVRD") for _ in range(100)]
    assert {r.status_code for r in replies} == {200}
    assert not any(r.json()["late"] for r in replies)
    assert len(await house.reports(request.delivery_id)) == 2
    assert await house.facts("sms.reported-late") == []


async def test_a_late_report_is_taken_and_logged_once(house: GatewaysHouse) -> None:
    request = house.batch(phones(3))
    await house.deliver(request)
    (lost,) = await house.lease()
    house.clock.move(seconds=121)
    await house.tick()
    for _ in range(2):
        reply = await house.report(lost, state="DELIVRD")
        assert reply.status_code == 200
    assert await house.tally(request.delivery_id) == {"received": 3}
    assert await house.lease() == []
    (fact,) = await house.facts("sms.reported-late")
    assert fact.detail["attempt"] == 1


async def test_a_late_report_that_comes_many_times_at_once_is_logged_once(house: GatewaysHouse) -> None:
    request = house.batch(phones(3))
    await house.deliver(request)
    (lost,) = await house.lease()
    house.clock.move(seconds=121)
    await house.tick()
    await house.lease()
    part = [[phones(3)[0], "DELIVRD"]]
    replies = await asyncio.gather(*(house.report(lost, partial=True, results=part) for _ in range(8)))
    assert {(reply.status_code, reply.json()["late"]) for reply in replies} == {(200, True)}
    assert len(await house.facts("sms.reported-late")) == 1


async def test_a_late_report_beside_a_newer_lease_loses_nothing(house: GatewaysHouse) -> None:
    request = house.batch(phones(3))
    await house.deliver(request)
    (lost,) = await house.lease()
    house.clock.move(seconds=121)
    await house.tick()
    (held,) = await house.lease()
    numbers = phones(3)
    late = await house.report(lost, partial=True, results=[[numbers[0], "DELIVRD"], [numbers[1], "UNDELIV"]])
    assert late.json()["late"]
    reply = await house.report(held, state="DELIVRD", exceptions=[{"number": numbers[2], "state": "UNDELIV"}])
    assert not reply.json()["late"]
    assert await house.tally(request.delivery_id) == {"failed": 1, "received": 2}


async def test_a_report_after_the_lease_ran_out_but_before_anybody_else_counts(house: GatewaysHouse) -> None:
    await house.deliver(house.batch(phones(3)))
    (item,) = await house.lease()
    house.clock.move(seconds=121)
    reply = await house.report(item, state="DELIVRD")
    assert (reply.json()["late"], reply.json()["state"]) == (False, "done")


async def test_a_lease_that_one_never_had_is_not_found(house: GatewaysHouse) -> None:
    await house.deliver(house.batch(phones(3)))
    (item,) = await house.lease()
    assert (await house.report(item, key="other", state="DELIVRD")).status_code == 404
    assert (await house.report({"lease": "x" * 22}, state="DELIVRD")).status_code == 404
    assert (await house.report(item, state="DELIVRD")).status_code == 200


async def test_a_cancel_between_lease_and_report_withdraws_only_what_was_not_sent(
    house: GatewaysHouse,
) -> None:
    request = house.batch(phones(4))
    await house.deliver(request)
    (item,) = await house.lease()
    async with house.db.transaction() as tx:
        await end(tx, house.parts, request.warning_id, 1, Withdrawal.CANCELLED)
    assert await house.tally(request.delivery_id) == {"withdrawn": 4}
    numbers = phones(4)
    sent = [[numbers[0], "DELIVRD"], [numbers[1], "DELIVRD"], [numbers[2], "UNDELIV"]]
    reply = await house.report(item, partial=True, results=sent)
    assert reply.json()["late"]
    assert await house.tally(request.delivery_id) == {"withdrawn": 1, "failed": 1, "received": 2}
    assert await house.lease() == []


async def test_an_area_order_is_received_wherever_a_phone_was_reached(house: GatewaysHouse) -> None:
    request = house.order(towns=["500110001000", "500110002000"])
    await house.deliver(request)
    (item,) = await house.lease()
    reply = await house.report(item, delivered=1180, failed=20, phones=1200)
    assert reply.json()["tally"] == {"received": 2}
    assert (await house.reports(request.delivery_id))[-1].detail == "phones 1200, delivered 1180, failed 20"


async def test_an_area_order_that_reached_nobody_or_was_refused_has_failed(house: GatewaysHouse) -> None:
    for said in ({"delivered": 0, "failed": 9}, {"state": "REJECTD", "reason": "no such service"}):
        request = house.order()
        await house.deliver(request)
        (item,) = await house.lease()
        await house.report(item, **said)
        assert await house.tally(request.delivery_id) == {"failed": 1}
        (outcome,) = (await house.reports(request.delivery_id))[-1].outcomes
        assert outcome.target == request.targets[0]


@pytest.mark.parametrize("said", [{}, {"results": [["13900230000", "DELIVRD"]]}, {"partial": True}])
async def test_an_area_order_is_not_reported_by_numbers(
    a_house: GatewaysHouse, said: dict[str, object]
) -> None:
    await a_house.deliver(a_house.order())
    (item,) = await a_house.lease()
    assert (await a_house.report(item, **said)).status_code == 422


async def test_a_batch_is_not_reported_by_counts(a_house: GatewaysHouse) -> None:
    await a_house.deliver(a_house.batch(phones(1)))
    (item,) = await a_house.lease()
    assert (await a_house.report(item, delivered=1)).status_code == 422


async def test_blue_is_reported_in_the_routine_lane_and_red_in_the_urgent_one(a_house: GatewaysHouse) -> None:
    for level in (Level.RED, Level.BLUE):
        request = a_house.batch(phones(1), level=level)
        await a_house.deliver(request)
        lane = Lane.URGENT if level is Level.RED else Lane.ROUTINE
        assert {r.lane for r in await a_house.reports(request.delivery_id)} == {lane}


async def test_one_phone_on_two_rows_of_a_batch_is_two_targets(house: GatewaysHouse) -> None:
    request = house.batch([*phones(2), phones(1)[0]], rendering="person")
    await house.deliver(request)
    (item,) = await house.lease()
    reply = await house.report(item, results=[[n, "DELIVRD"] for n in phones(2)])
    assert reply.json()["tally"] == {"received": 3}


async def test_a_repeated_request_with_its_key_is_answered_as_before(house: GatewaysHouse) -> None:
    await house.deliver(house.batch(phones(1)))
    (item,) = await house.lease()
    path, headers = f"/leases/{item['lease']}:report", {"idempotency-key": "k1"}
    first = await house.call("POST", path, json={"state": "DELIVRD"}, headers=headers)
    second = await house.call("POST", path, json={"state": "DELIVRD"}, headers=headers)
    assert second.headers["idempotency-replayed"] == "true"
    assert second.json() == first.json()


async def test_recipients_with_a_result_are_never_leased_again(house: GatewaysHouse) -> None:
    request = house.batch(phones(6))
    await house.deliver(request)
    (item,) = await house.lease()
    await house.receipts((UUID(item["delivery_id"]), phones(1)[0], "DELIVRD"))
    house.clock.move(seconds=121)
    await house.tick()
    (again,) = await house.lease()
    assert sorted(n for (n,) in again["recipients"]) == phones(6)[1:]

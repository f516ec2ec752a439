"""Replies: `1` of somebody who answers for a place confirms; nothing else does, and no number is repeated."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Lane, Level, Mode
from contracts.warning import AddsTo
from tests.channels.pull.gateways.house import GatewaysHouse
from tests.channels.pull.gateways.requests import phones


async def reply(
    house: GatewaysHouse, *said: tuple[str, str], key: str = "live", **more: Any
) -> httpx.Response:
    """Let people reply."""
    at = house.clock.now().isoformat()
    sent = [{"number": number, "text": text, "at": at} for number, text in said]
    return await house.call("POST", "/replies", key, json={"replies": sent, **more})


async def send(house: GatewaysHouse, *requests: DeliveryRequested, key: str = "live") -> None:
    """Have deliveries taken in, leased and sent; time goes by."""
    await house.deliver(*requests)
    for item in await house.lease(len(requests), key):
        await house.report(item, key, state="ACCEPTD")
    house.clock.at += timedelta(seconds=5)


@pytest.mark.parametrize("text", ["1", " 1 ", "１"])
async def test_a_1_of_somebody_who_answers_for_a_place_confirms_at_once(
    house: GatewaysHouse, text: str
) -> None:
    request = house.batch(phones(3), rendering="duty", level=Level.YELLOW)
    await send(house, request)
    answer = await reply(house, (phones(1)[0], text))
    assert (answer.json()["confirmed"], answer.json()["other"]) == (1, 0)
    assert await house.tally(request.delivery_id) == {"sent": 2, "confirmed": 1}
    *_, report = await house.reports(request.delivery_id)
    assert report.lane is Lane.URGENT
    (outcome,) = report.outcomes
    assert outcome.state is TargetState.CONFIRMED
    assert outcome.target == house.crypto.keyed_hash(phones(1)[0]).hex()


@pytest.mark.parametrize("wrong", [timedelta(days=-1), timedelta(days=1), timedelta(minutes=-3)])
async def test_a_wrong_clock_that_is_told_loses_no_reply(house: GatewaysHouse, wrong: timedelta) -> None:
    request = house.batch(phones(1), rendering="duty")
    await send(house, request)
    theirs = house.clock.now() + wrong
    said = [{"number": phones(1)[0], "text": "1", "at": (theirs - timedelta(seconds=2)).isoformat()}]
    answer = await house.call("POST", "/replies", json={"replies": said, "clock": theirs.isoformat()})
    assert answer.json()["confirmed"] == 1
    odd = await house.call("POST", "/replies", json={"replies": said, "clock": "noon"})
    assert (odd.status_code, odd.json()["errors"][0]["field"]) == (422, "clock")


async def test_nothing_else_confirms(house: GatewaysHouse) -> None:
    public, duty = house.batch(phones(1)), house.batch(phones(3)[1:], rendering="duty")
    await send(house, public, duty)
    said = [(phones(3)[1], "2"), (phones(3)[1], "11"), (phones(1)[0], "1"), ("13999999999", "1")]
    answer = await reply(house, *said)
    assert (answer.json()["confirmed"], answer.json()["other"]) == (0, 4)
    assert await house.tally(duty.delivery_id) == {"sent": 2}


async def test_the_same_reply_again_changes_and_says_nothing(house: GatewaysHouse) -> None:
    older, request = (house.batch(phones(1), rendering="duty") for _ in range(2))
    await send(house, older)
    await send(house, request)
    for _ in range(3):
        await reply(house, (phones(1)[0], "1"))
    assert len(await house.reports(request.delivery_id)) == 3
    assert await house.tally(older.delivery_id) == {"sent": 1}


async def test_a_reply_counts_for_the_newest_warning_in_all_its_batches(house: GatewaysHouse) -> None:
    older, warning = house.batch(phones(1), rendering="duty"), uuid4()
    await send(house, older)
    newer = [house.batch(phones(1), rendering="duty", warning_id=warning, part=p) for p in ("0", "1")]
    await send(house, *newer)
    await reply(house, (phones(1)[0], "1"))
    assert await house.tally(older.delivery_id) == {"sent": 1}
    assert [await house.tally(request.delivery_id) for request in newer] == [{"confirmed": 1}] * 2


@pytest.mark.parametrize("leased", [False, True])
async def test_what_was_not_sent_yet_is_not_confirmed_and_still_goes_out(
    house: GatewaysHouse, *, leased: bool
) -> None:
    older, newer = (house.batch(phones(1), rendering="duty") for _ in range(2))
    await send(house, older)
    await house.deliver(newer)
    items = await house.lease() if leased else []
    await reply(house, (phones(1)[0], "1"))
    assert await house.tally(older.delivery_id) == {"confirmed": 1}
    assert await house.tally(newer.delivery_id) == {"queued": 1}
    (item,) = items or await house.lease()
    assert item["recipients"] == [[phones(1)[0]]]


async def test_who_answered_before_it_was_sent_has_answered_what_came_before(house: GatewaysHouse) -> None:
    older, newer = (house.batch(phones(1), rendering="duty") for _ in range(2))
    await send(house, older)
    early = house.clock.now().isoformat()
    house.clock.at += timedelta(seconds=5)
    await send(house, newer)
    said = {"number": phones(1)[0], "text": "1"}
    await house.call("POST", "/replies", json={"replies": [{**said, "at": early}]})
    assert await house.tally(older.delivery_id) == {"confirmed": 1}
    assert await house.tally(newer.delivery_id) == {"sent": 1}
    late = house.clock.now().isoformat()
    both = [{**said, "at": at} for at in (early, late)]
    answer = await house.call("POST", "/replies", json={"replies": both})
    assert answer.json()["confirmed"] == 2
    assert await house.tally(newer.delivery_id) == {"confirmed": 1}


async def test_of_work_handed_out_twice_the_lease_counts_that_had_the_number(house: GatewaysHouse) -> None:
    request = house.batch(phones(2), rendering="duty")
    await house.deliver(request)
    first, second = sorted(phones(2), key=house.crypto.keyed_hash)
    for number in (first, second):
        (item,) = await house.lease()
        await house.report(item, results=[[number, "ACCEPTD"]], partial=True)
        house.clock.at += timedelta(seconds=10)
    between = (house.clock.now() - timedelta(seconds=15)).isoformat()
    said = [{"number": number, "text": "1", "at": between} for number in (first, second)]
    answer = await house.call("POST", "/replies", json={"replies": said})
    assert (answer.json()["confirmed"], answer.json()["other"]) == (1, 1)
    assert await house.tally(request.delivery_id) == {"confirmed": 1, "sent": 1}


async def test_who_answers_after_a_towns_note_answers_the_warning(house: GatewaysHouse) -> None:
    warning = house.batch(phones(1), rendering="duty")
    await send(house, warning)
    adds_to = AddsTo(warning_id=warning.warning_id, revision=1, identifier=warning.notice.identifier)
    note = house.batch(phones(1), rendering="duty", adds_to=adds_to)
    await send(house, note)
    await reply(house, (phones(1)[0], "1"))
    assert await house.tally(warning.delivery_id) == {"confirmed": 1}
    assert await house.tally(note.delivery_id) == {"sent": 1}


async def test_a_drills_reply_confirms_no_live_warning(house: GatewaysHouse) -> None:
    live = house.batch(phones(1), rendering="duty")
    drill = house.batch(phones(1), rendering="duty", mode=Mode.DRILL)
    await send(house, live)
    await send(house, drill, key="drill")
    await reply(house, (phones(1)[0], "1"), key="drill")
    assert await house.tally(live.delivery_id) == {"sent": 1}
    assert await house.tally(drill.delivery_id) == {"confirmed": 1}


@pytest.mark.parametrize(
    "sent",
    [
        {"replies": "13800000001"},
        {"replies": [{"number": "13800000001", "text": "1"}]},
        {"replies": [{"number": 13800000001, "text": "1", "at": "2026-06-01T12:00:00+08:00"}]},
        {"replies": [{"number": "13800000001", "text": "1", "at": "yesterday"}]},
        {"replies": [{"number": "13800000001", "text": None, "at": "2026-06-01T12:00:00+08:00"}]},
        {"answers": []},
    ],
)
async def test_what_is_no_reply_is_refused_without_its_number(
    house: GatewaysHouse, sent: dict[str, Any]
) -> None:
    answer = await house.call("POST", "/replies", "live", json=sent)
    assert answer.status_code == 422
    assert "13800000001" not in answer.text

"""Replies: `1` of somebody who answers for a place confirms; nothing else does, and no number is repeated."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.outcome import TargetState
from contracts.values import Lane, Level, Mode
from tests.channels.pull.gateways.house import GatewaysHouse
from tests.channels.pull.gateways.requests import phones


async def reply(
    house: GatewaysHouse, *said: tuple[str, str], key: str = "live", **more: Any
) -> httpx.Response:
    """Let people reply."""
    at = house.clock.now().isoformat()
    sent = [{"number": number, "text": text, "at": at} for number, text in said]
    return await house.call("POST", "/replies", key, json={"replies": sent, **more})


@pytest.mark.parametrize("text", ["1", " 1 ", "１"])
async def test_a_1_of_somebody_who_answers_for_a_place_confirms_at_once(
    house: GatewaysHouse, text: str
) -> None:
    request = house.batch(phones(3), rendering="duty", level=Level.YELLOW)
    await house.deliver(request)
    answer = await reply(house, (phones(1)[0], text))
    assert (answer.json()["confirmed"], answer.json()["other"]) == (1, 0)
    assert await house.tally(request.delivery_id) == {"queued": 2, "confirmed": 1}
    *_, report = await house.reports(request.delivery_id)
    assert report.lane is Lane.URGENT
    (outcome,) = report.outcomes
    assert outcome.state is TargetState.CONFIRMED
    assert outcome.target == house.crypto.keyed_hash(phones(1)[0]).hex()


async def test_nothing_else_confirms(house: GatewaysHouse) -> None:
    public, duty = house.batch(phones(1)), house.batch(phones(3)[1:], rendering="duty")
    await house.deliver(public)
    await house.deliver(duty)
    said = [(phones(3)[1], "2"), (phones(3)[1], "11"), (phones(1)[0], "1"), ("13999999999", "1")]
    answer = await reply(house, *said)
    assert (answer.json()["confirmed"], answer.json()["other"]) == (0, 4)
    assert await house.tally(duty.delivery_id) == {"queued": 2}


async def test_the_same_reply_again_changes_and_says_nothing(house: GatewaysHouse) -> None:
    request = house.batch(phones(1), rendering="duty")
    await house.deliver(request)
    for _ in range(3):
        await reply(house, (phones(1)[0], "1"))
    assert len(await house.reports(request.delivery_id)) == 2


async def test_a_reply_counts_for_the_newest_warning_in_all_its_batches(house: GatewaysHouse) -> None:
    older, warning = house.batch(phones(1), rendering="duty"), uuid4()
    await house.deliver(older)
    house.clock.at += timedelta(seconds=5)
    newer = [house.batch(phones(1), rendering="duty", warning_id=warning, part=p) for p in ("0", "1")]
    for request in newer:
        await house.deliver(request)
    await reply(house, (phones(1)[0], "1"))
    assert await house.tally(older.delivery_id) == {"queued": 1}
    assert [await house.tally(request.delivery_id) for request in newer] == [{"confirmed": 1}] * 2


async def test_a_drills_reply_confirms_no_live_warning(house: GatewaysHouse) -> None:
    live = house.batch(phones(1), rendering="duty")
    drill = house.batch(phones(1), rendering="duty", mode=Mode.DRILL)
    await house.deliver(live)
    await house.deliver(drill)
    await reply(house, (phones(1)[0], "1"), key="drill")
    assert await house.tally(live.delivery_id) == {"queued": 1}
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

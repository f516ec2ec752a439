"""The engine takes requests, on both databases: once each, and reported."""

import asyncio

import pytest

from contracts.delivery import DeliveryReported
from contracts.outcome import TargetState
from contracts.values import Channel, Lane, Level, Mode
from services.channels.push.adapter import every
from services.kit.crypto import SoftwareCrypto
from services.kit.errors import Reject
from tests.channels.push.engine_make import PLAYED, SENT
from tests.channels.push.push_make import PushHouse, Scripted, a_batch, a_notice, a_request, only


async def test_a_request_is_stored_and_reported_as_queued(house: PushHouse) -> None:
    request = a_request()
    await house.take(request)
    (report,) = await house.reported(request)
    assert report.tally == only(queued=2)
    assert {o.target for o in report.outcomes} == set(request.targets)


async def test_a_request_taken_twice_is_sent_once_and_answered_twice(
    house: PushHouse, adapter: Scripted
) -> None:
    request = a_request()
    adapter.sends = [[SENT]]
    await house.take(request, request)
    await house.work()
    await house.take(request)
    assert [verb for verb, _ in adapter.jobs] == ["send"]
    *_, last = await house.reported(request)
    assert last.tally == only(sent=2)
    assert {o.state for o in last.outcomes} == {TargetState.SENT}


async def test_two_replicas_that_take_one_request_at_once_store_it_once(house: PushHouse) -> None:
    request = a_request()
    await asyncio.gather(*(house.take(request) for _ in range(4)))
    assert len(await house.reported(request)) == 4


async def test_a_request_that_comes_after_its_expiry_is_expired(house: PushHouse, adapter: Scripted) -> None:
    request = a_request(notice=a_notice(expires=house.clock.now()))
    await house.take(request)
    await house.work(5)
    assert adapter.jobs == []
    assert await house.tally(request) == only(expired=2)


async def test_a_batch_with_too_few_hashes_is_rejected(house: PushHouse, crypto: SoftwareCrypto) -> None:
    plain = a_request(Channel.WECHAT)
    batch = a_batch(crypto, plain.delivery_id, ["a", "b"]).model_copy(update={"size": 3})
    with pytest.raises(Reject, match="as many hashes"):
        await house.take(a_request(Channel.WECHAT, batch=batch))


async def test_reports_travel_in_the_lane_and_mode_of_their_request(house: PushHouse) -> None:
    blue = a_request(notice=a_notice(level=Level.BLUE), mode=Mode.DRILL)
    await house.take(blue)
    (report,) = await house.said()
    assert isinstance(report, DeliveryReported)
    assert (report.mode, report.lane) == (Mode.DRILL, Lane.ROUTINE)


def test_every_gives_one_state_to_all() -> None:
    assert PLAYED.states == {0: TargetState.PLAYED, 1: TargetState.PLAYED}
    assert every.__doc__

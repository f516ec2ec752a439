"""The engine fails, puts off and tries again, on both databases."""

from contracts.outcome import TargetState
from contracts.values import Withdrawal
from services.channels.push.adapter import Air, Answer, NotThere, Unwell
from services.channels.push.model import LAST_STOPS, UNSURE, Stage
from services.kit.errors import Reject, Retry
from tests.channels.push.engine_make import SENT
from tests.channels.push.push_make import PushHouse, Scripted, a_notice, a_request, only


async def test_a_failure_is_told_with_its_reason_and_as_a_fact(house: PushHouse, adapter: Scripted) -> None:
    request = a_request()
    adapter.sends = [[Answer({0: TargetState.PLAYED}), Reject("the partner says no")]]
    await house.take(request)
    await house.work(60)
    *_, last = await house.reported(request)
    assert last.tally == only(played=1, failed=1)
    assert [o.detail for o in last.outcomes] == ["the partner says no"]
    assert [(f.kind, f.detail["reason"]) for f in await house.facts()] == [
        ("delivery.failed", "the partner says no")
    ]
    assert len(adapter.jobs) == 1


async def test_what_may_pass_is_put_off_longer_and_longer(house: PushHouse, adapter: Scripted) -> None:
    adapter.sends = [[Retry("later")] for _ in range(40)]
    await house.take(a_request())
    await house.work(120)
    pauses = [
        (b.at - a.at).total_seconds() for (_, a), (_, b) in zip(adapter.jobs, adapter.jobs[1:], strict=False)
    ]
    assert 6 <= len(adapter.jobs) <= 12
    assert pauses[0] <= 3
    assert max(pauses) <= 38


async def test_a_partner_that_says_when_is_asked_then(house: PushHouse, adapter: Scripted) -> None:
    adapter.sends = [[Retry("later", after=25)], [SENT]]
    await house.take(a_request())
    await house.work(24)
    assert len(adapter.jobs) == 1
    await house.work(2)
    assert len(adapter.jobs) == 2


async def test_a_stop_that_is_refused_is_tried_until_after_the_expiry_and_then_told(
    house: PushHouse, adapter: Scripted
) -> None:
    request = a_request()
    adapter.sends = [[SENT]]
    adapter.stops = [[Reject("no")] for _ in range(10_000)]
    await house.take(request)
    await house.work()
    await house.end(1, Withdrawal.HALTED)
    await house.work(60)
    assert (await house.get(request)).stage is Stage.STOP
    house.clock.at = a_notice().expires + LAST_STOPS
    await house.work(60)
    assert (await house.get(request)).stage is Stage.DONE
    assert [f.kind for f in await house.facts()] == ["delivery.not-stopped"]


async def test_a_partner_that_never_heard_of_it_is_believed_after_a_while(
    house: PushHouse, adapter: Scripted
) -> None:
    request = a_request()
    adapter.sends = [[Answer(reference="x", air=Air.MAYBE), Unwell("silence")]]
    adapter.stops = [[NotThere("unknown")] for _ in range(10_000)]
    await house.take(request)
    await house.work()
    await house.end(1, Withdrawal.HALTED)
    await house.work(UNSURE.total_seconds() - 10)
    assert (await house.get(request)).stage is Stage.STOP
    await house.work(60)
    found = await house.get(request)
    assert (found.stage, found.air) == (Stage.DONE, Air.NEVER)

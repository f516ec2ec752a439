"""The engine claims work, on both databases: in order, one hand at a time, through crashes."""

import asyncio

import pytest

from contracts.outcome import TargetState
from contracts.values import Action, Level, Mode, Withdrawal
from services.channels.push import worker
from services.channels.push.actions import attempts
from services.channels.push.adapter import Air, Answer, Answers, Job, Unwell
from services.channels.push.model import CLAIM, Stage
from services.channels.push.store.serials import Serials
from services.kit.errors import Retry
from tests.channels.push.engine_make import SENT, URGENT
from tests.channels.push.push_make import PushHouse, Scripted, a_notice, a_request, only


async def test_nothing_is_claimed_after_its_expiry(house: PushHouse) -> None:
    request = a_request()
    await house.take(request)
    house.clock.at = a_notice().expires
    assert await attempts.claim(house.db, *URGENT) is None


async def test_a_crash_between_claim_and_answer_is_repeated_with_the_same_id(
    house: PushHouse, adapter: Scripted
) -> None:
    request = a_request()
    await house.take(request)
    crashed = await attempts.claim(house.db, *URGENT)
    assert crashed is not None
    assert await house.work(CLAIM.total_seconds() - 1) == 0
    adapter.sends = [[SENT]]
    assert await house.work(2) == 1
    assert adapter.jobs[0][1].request.delivery_id == request.delivery_id == crashed[0].request.delivery_id
    assert await house.tally(request) == only(sent=2)


async def test_what_was_written_down_before_a_crash_is_there_in_the_next_attempt(
    house: PushHouse, adapter: Scripted
) -> None:
    adapter.sends = [[Answer(memo={"number": "7"}, reference="x", air=Air.MAYBE), Unwell("gone")], [SENT]]
    await house.take(a_request())
    await house.work(5)
    (_, first), (_, second) = adapter.jobs[:2]
    assert (first.memo, first.air) == ({}, Air.NEVER)
    assert (second.memo, second.reference, second.air) == ({"number": "7"}, "x", Air.MAYBE)


async def test_a_slow_attempt_keeps_its_claim(
    house: PushHouse, adapter: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "RENEW_S", 0.01)
    request = a_request()
    await house.take(request)

    async def slow(_: Job) -> Answers:
        house.clock.move(CLAIM.total_seconds() - 1)
        first = (await house.get(request)).claimed_until
        async with asyncio.timeout(10):
            while (await house.get(request)).claimed_until == first:
                await asyncio.sleep(0.01)
        house.clock.move(2)
        assert await attempts.claim(house.db, *URGENT) is None
        yield SENT

    monkeypatch.setattr(adapter, "send", slow)
    assert await house.work(1) == 1
    assert await house.tally(request) == only(sent=2)


async def test_an_attempt_that_lost_its_turn_decides_nothing(house: PushHouse) -> None:
    request = a_request()
    await house.take(request)
    slow = await attempts.claim(house.db, *URGENT)
    house.clock.move(CLAIM.total_seconds() + 1)
    quick = await attempts.claim(house.db, *URGENT)
    assert slow is not None
    assert quick is not None
    await attempts.fail(house.db, slow[0], "too late")
    await attempts.put_off(house.db, slow[0], Retry("too late"))
    await attempts.settle(house.db, slow[0], 1.0)
    assert not await attempts.renew(house.db, slow[0])
    assert not await attempts.write(house.db, slow[0], Answer({0: TargetState.PLAYED}))
    found = await house.get(request)
    assert (found.stage, found.turn, found.claimed_until) == (
        Stage.SEND,
        quick[0].turn,
        quick[0].claimed_until,
    )
    assert found.tally == only(queued=1, played=1)


async def test_two_workers_never_claim_one_delivery(house: PushHouse) -> None:
    requests = [a_request(part=str(n)) for n in range(6)]
    await house.take(*requests)
    claims = await asyncio.gather(*(attempts.claim(house.db, *URGENT) for _ in range(12)))
    claimed = [found[0].request.delivery_id for found in claims if found is not None]
    assert len(claimed) == len(set(claimed))
    while (more := await attempts.claim(house.db, *URGENT)) is not None:
        claimed.append(more[0].request.delivery_id)
    assert sorted(claimed) == sorted(r.delivery_id for r in requests)


async def test_red_goes_before_orange_and_a_lift_before_both(house: PushHouse, adapter: Scripted) -> None:
    orange = a_request(part="orange")
    red = a_request(part="red", notice=a_notice(level=Level.RED))
    lift = a_request(revision=2, action=Action.STOP, part="lift", warning_id=orange.delivery_id)
    await house.take(orange, red, lift)
    while await house.workers.step(*URGENT):
        pass
    assert [job.request.delivery_id for _, job in adapter.jobs] == [
        r.delivery_id for r in (lift, red, orange)
    ]


async def test_what_must_be_stopped_is_seen_by_the_hands_that_only_stop(
    house: PushHouse, adapter: Scripted
) -> None:
    blue = a_request(notice=a_notice(level=Level.BLUE))
    adapter.sends = [[SENT]]
    await house.take(blue)
    assert not await house.workers.step(Mode.LIVE, None)
    await house.work()
    await house.end(1, Withdrawal.HALTED)
    assert await house.workers.step(Mode.LIVE, None)
    assert [verb for verb, _ in adapter.jobs] == ["send", "stop"]


async def test_serials_are_given_once(house: PushHouse) -> None:
    serials = Serials(house.db)
    given = await asyncio.gather(*(serials.next("packet") for _ in range(20)))
    assert sorted(given) == list(range(1, 21))
    assert await serials.next("packet", 1000) == 1000
    assert await serials.next("packet", 5) == 1001
    assert await serials.next("message") == 1

"""The engine's verbs on both databases: take, end, expire, claim, write, settle, put off, fail, hear."""

import asyncio
from datetime import timedelta

import pytest

from contracts.delivery import DeliveryReported, DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Action, Channel, Lane, Level, Mode, Withdrawal
from services.channels.push import worker
from services.channels.push.actions import attempts, hear, take
from services.channels.push.adapter import Air, Answer, Answers, Job, NotThere, Unwell, every
from services.channels.push.model import CLAIM, HAND_OVER, LAST_STOPS, UNSURE, Stage
from services.channels.push.store import deliveries
from services.channels.push.store.serials import Serials
from services.kit.crypto import SoftwareCrypto
from services.kit.errors import Reject, Retry
from tests.channels.push.push_make import (
    HandClock,
    PushHouse,
    Scripted,
    a_batch,
    a_notice,
    a_push_house,
    a_request,
    only,
)

URGENT = (Mode.LIVE, Lane.URGENT)
SENT = Answer(dict.fromkeys(range(2), TargetState.SENT), air=Air.ON, reference="their-name", ask_again_s=2)
PLAYED = Answer(dict.fromkeys(range(2), TargetState.PLAYED), {0: "heard"}, air=Air.OFF)


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


async def test_a_tombstone_before_the_request_means_nothing_is_sent(
    house: PushHouse, adapter: Scripted
) -> None:
    request = a_request()
    await house.end(1, Withdrawal.HALTED)
    await house.take(request)
    await house.work(60)
    assert adapter.jobs == []
    (report,) = await house.reported(request)
    assert report.tally == only(withdrawn=2)


async def test_an_update_ends_its_predecessor_even_when_it_is_heard_first(
    house: PushHouse, adapter: Scripted
) -> None:
    update, first = a_request(revision=2, action=Action.REPLACE), a_request()
    adapter.sends = [[SENT]]
    await house.take(update)
    await house.take(first)
    await house.work()
    assert [job.request.revision for _, job in adapter.jobs] == [2]
    assert await house.tally(first) == only(withdrawn=2)


async def test_a_request_that_comes_after_its_expiry_is_expired(house: PushHouse, adapter: Scripted) -> None:
    request = a_request(notice=a_notice(expires=house.clock.now()))
    await house.take(request)
    await house.work(5)
    assert adapter.jobs == []
    assert await house.tally(request) == only(expired=2)


async def test_withdrawn_while_it_waits_nothing_is_sent(house: PushHouse, adapter: Scripted) -> None:
    request = a_request()
    await house.take(request)
    await house.end()
    await house.work(120)
    assert adapter.jobs == []
    *_, last = await house.reported(request)
    assert last.tally == only(withdrawn=2)
    assert {o.detail for o in last.outcomes} == {"cancelled"}


async def test_withdrawn_while_it_is_sent_it_is_stopped_when_the_partner_takes_it(
    house: PushHouse, adapter: Scripted
) -> None:
    request = a_request()
    await house.take(request)
    claimed = await attempts.claim(house.db, *URGENT)
    assert claimed is not None
    assert await attempts.write(house.db, claimed[0], Answer(air=Air.MAYBE, reference="x"))
    await house.end(1, Withdrawal.HALTED)
    assert not await attempts.write(house.db, claimed[0], SENT)
    await attempts.settle(house.db, claimed[0], 2.0)
    await house.work()
    assert [(verb, job.air) for verb, job in adapter.jobs] == [("stop", Air.ON)]
    found = await house.get(request)
    assert (found.stage, found.air, found.tally) == (Stage.DONE, Air.OFF, only(withdrawn=2))


async def test_withdrawn_while_it_is_followed_it_is_stopped_at_once(
    house: PushHouse, adapter: Scripted
) -> None:
    request = a_request()
    adapter.sends = [[SENT]]
    await house.take(request)
    await house.work()
    await house.end(1, Withdrawal.HALTED)
    await house.work()
    assert [verb for verb, _ in adapter.jobs] == ["send", "stop"]
    assert await house.tally(request) == only(withdrawn=2)


async def test_withdrawn_after_it_was_played_it_is_stopped_only_while_on_the_air(
    house: PushHouse, adapter: Scripted
) -> None:
    still, over = a_request(part="still"), a_request(part="over")
    adapter.sends = [[every_played(Air.ON)], [every_played(Air.OFF)]]
    await house.take(still)
    await house.work()
    await house.take(over)
    await house.work()
    await house.end(1, Withdrawal.HALTED)
    await house.work()
    assert [(verb, job.request.delivery_id) for verb, job in adapter.jobs if verb == "stop"] == [
        ("stop", still.delivery_id)
    ]
    assert await house.tally(still) == await house.tally(over) == only(played=2)


def every_played(air: Air) -> Answer:
    return Answer(dict.fromkeys(range(2), TargetState.PLAYED), air=air, reference="x")


async def test_a_newer_revision_that_takes_over_spares_the_stop(house: PushHouse, adapter: Scripted) -> None:
    first, update = a_request(), a_request(revision=2, action=Action.REPLACE)
    adapter.sends = [[SENT], [Answer(SENT.states, air=Air.ON, reference="y", ended=(first.delivery_id,))]]
    await house.take(first)
    await house.work()
    await house.take(update)
    await house.work(HAND_OVER.total_seconds() * 2)
    assert "stop" not in [verb for verb, _ in adapter.jobs]
    (one,) = adapter.jobs[1][1].earlier
    assert (one.delivery_id, one.reference, one.sure) == (first.delivery_id, "their-name", True)
    assert (await house.get(first)).air is Air.OFF


async def test_a_newer_revision_that_never_gets_through_does_not_leave_the_old_on_the_air(
    house: PushHouse, adapter: Scripted
) -> None:
    first, update = a_request(), a_request(revision=2, action=Action.REPLACE)
    adapter.sends = [[SENT], [Reject("never")]]
    await house.take(first)
    await house.work()
    await house.take(update)
    await house.work(HAND_OVER.total_seconds() + 1)
    assert [verb for verb, _ in adapter.jobs] == ["send", "send", "stop"]
    assert await house.tally(update) == only(failed=2)


async def test_expiry_ends_what_waits_and_stops_what_is_on_the_air(
    house: PushHouse, adapter: Scripted
) -> None:
    waits, shown = a_request(part="waits"), a_request(part="shown")
    adapter.sends = [[every_played(Air.ON)], [Retry("later", after=10**6)]]
    await house.take(shown)
    await house.work()
    await house.take(waits)
    await house.work()
    house.clock.at = a_notice().expires
    await house.work()
    assert await house.tally(waits) == only(expired=2)
    assert await house.tally(shown) == only(played=2)
    assert [verb for verb, _ in adapter.jobs] == ["send", "send", "stop"]
    (fact,) = [r for r in await house.reported(waits) if TargetState.EXPIRED in r.tally]
    assert {o.detail for o in fact.outcomes} == {"expired"}


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


async def test_serials_are_given_once(house: PushHouse) -> None:
    serials = Serials(house.db)
    given = await asyncio.gather(*(serials.next("packet") for _ in range(20)))
    assert sorted(given) == list(range(1, 21))
    assert await serials.next("packet", 1000) == 1000
    assert await serials.next("packet", 5) == 1001
    assert await serials.next("message") == 1


@pytest.fixture
def people() -> list[str]:
    return [f"openid-{n}" for n in range(5)]


async def test_a_sealed_batch_is_opened_for_the_adapter_alone(
    database_url: str, crypto: SoftwareCrypto, clock: HandClock, people: list[str]
) -> None:
    adapter = Scripted(Channel.WECHAT)
    async with a_push_house(database_url, adapter, crypto, clock) as house:
        request = a_sealed_request(crypto, people)
        await house.take(request)
        await house.work()
        (_, job) = adapter.jobs[0]
        assert sorted(row[0] for row in job.recipients) == sorted(people)
        assert job.targets == tuple(sorted(crypto.keyed_hash(p).hex() for p in people))
        said = await house.details()
        assert not any(person in said for person in people)


def a_sealed_request(crypto: SoftwareCrypto, people: list[str], revision: int = 1) -> DeliveryRequested:
    action = Action.START if revision == 1 else Action.STOP
    plain = a_request(Channel.WECHAT, revision=revision, action=action)
    batch = a_batch(crypto, plain.delivery_id, people)
    return a_request(Channel.WECHAT, revision=revision, action=action, batch=batch)


async def test_a_batch_of_other_keys_fails_and_is_told(
    database_url: str, crypto: SoftwareCrypto, clock: HandClock, people: list[str]
) -> None:
    adapter = Scripted(Channel.WECHAT)
    async with a_push_house(database_url, adapter, crypto, clock) as house:
        request = a_sealed_request(crypto, people)
        assert request.batch is not None
        other = request.batch.model_copy(update={"sealed": "AAAA"})
        await house.take(request.model_copy(update={"batch": other}))
        await house.work()
        assert adapter.jobs == []
        assert await house.tally(request) == only(failed=5)


async def test_what_a_partner_tells_is_folded_in_early_twice_and_late(
    database_url: str, crypto: SoftwareCrypto, clock: HandClock, people: list[str]
) -> None:
    adapter = Scripted(Channel.WECHAT)
    async with a_push_house(database_url, adapter, crypto, clock) as house:
        request = a_sealed_request(crypto, people)
        sent = dict.fromkeys(range(5), TargetState.SENT)
        adapter.sends = [[Answer(sent, messages={f"m{n}": n for n in range(5)})]]
        await hear.keep(house.db, "m0", TargetState.RECEIVED, None)
        assert await hear.fold(house.db) == 0
        await house.take(request)
        await house.work()
        await hear.keep(house.db, "m1", TargetState.FAILED, "user block")
        await hear.keep(house.db, "m1", TargetState.RECEIVED, None)
        await hear.keep(house.db, "unknown", TargetState.RECEIVED, None)
        assert await hear.fold(house.db) == 2
        *_, last = await house.reported(request)
        assert last.tally == only(sent=3, failed=1, received=1)
        assert {o.detail for o in last.outcomes} == {None, "user block"}
        house.clock.at = a_notice().expires
        await house.work()
        for n in range(2, 5):
            await hear.keep(house.db, f"m{n}", TargetState.RECEIVED, None)
        await hear.fold(house.db)
        assert await house.tally(request) == only(failed=1, received=4)


async def test_a_lift_waits_for_words_that_are_still_on_their_way_to_a_phone(
    database_url: str, crypto: SoftwareCrypto, clock: HandClock, people: list[str]
) -> None:
    adapter = Scripted(Channel.WECHAT)
    async with a_push_house(database_url, adapter, crypto, clock) as house:
        first, lift = (a_sealed_request(crypto, people, revision) for revision in (1, 2))
        await house.take(first)
        hanging = await attempts.claim(house.db, *URGENT)
        assert hanging is not None
        await house.take(lift)
        await house.work(5)
        assert adapter.jobs == []
        await attempts.put_off(house.db, hanging[0], Unwell("no answer"))
        await house.work(2)
        assert [job.request.revision for _, job in adapter.jobs] == [2]
        assert await house.tally(first) == only(withdrawn=5)


async def test_what_is_long_over_is_forgotten(house: PushHouse, adapter: Scripted) -> None:
    request = a_request()
    adapter.sends = [[every_played(Air.OFF)]]
    await house.take(request)
    await house.work()
    after = a_notice().expires + take.KEPT
    assert await take.forget(house.db, after) == 0
    assert await take.forget(house.db, after + timedelta(seconds=1)) == 1
    async with house.db.transaction() as tx:
        assert await deliveries.get(tx, request.delivery_id) is None


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

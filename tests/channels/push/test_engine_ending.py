"""The engine ends what is withdrawn, overtaken or expired, on both databases, and stops what is on air."""

from datetime import timedelta

from contracts.outcome import TargetState
from contracts.values import Action, Withdrawal
from services.channels.push.actions import attempts, take
from services.channels.push.adapter import Air, Answer
from services.channels.push.model import HAND_OVER, Stage
from services.channels.push.store import deliveries
from services.kit.errors import Reject, Retry
from tests.channels.push.engine_make import SENT, URGENT, every_played
from tests.channels.push.push_make import PushHouse, Scripted, a_notice, a_request, only


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

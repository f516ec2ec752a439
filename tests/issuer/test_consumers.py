"""Plans and reports come in, in any order and any number of times, and progress adds up."""

import asyncio
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from contracts.fact import Fact
from contracts.outcome import Column
from contracts.values import Channel
from services.issuer import store
from services.issuer.consumers import subscriptions_of
from services.issuer.model.progress import MOST_GAINS, Delivery, Latency, latency
from services.issuer.watch import SUBJECT, Watch
from services.kit.errors import NotFound
from tests.issuer.app_make import FakeBus
from tests.issuer.issuer_make import NOW, Office
from tests.issuer.reach_make import a_manifest
from tests.issuer.reports_make import STATIONS, Ear, State, a_plan, a_report, happened, hear, photo, story


async def test_before_the_plan_nothing_is_targeted(laptop: Office) -> None:
    warning = await laptop.issued()
    taken = await photo(laptop, warning)
    assert (taken.planned_at, taken.targeted, taken.manifest_count) == (None, 0, 6)


async def test_a_plan_opens_the_account_of_every_target(office: Office) -> None:
    warning = await office.issued()
    await hear(office, a_plan(warning))
    taken = await photo(office, warning)
    assert taken.targeted == taken.manifest_count == 6
    assert taken.columns[Column.OPEN] == 6
    assert [channel.unheard for channel in taken.channels] == [1, 1]
    assert (await office.get(warning.warning_id)).planned_at == NOW + timedelta(seconds=1)


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_reports_in_any_order_and_twice_give_one_account(
    laptop: Office, order: tuple[int, ...]
) -> None:
    warning = await laptop.issued()
    messages = [story(warning)[place] for place in (*order, *order)]
    await hear(laptop, *messages)
    taken = await photo(laptop, warning)
    _, stations = sorted(taken.channels, key=lambda channel: channel.channel)
    assert dict(stations.columns) == {
        Column.CONFIRMED: 1,
        Column.DELIVERED: 2,
        Column.FAILED: 1,
        Column.WITHDRAWN: 0,
        Column.EXPIRED: 0,
        Column.OPEN: 0,
    }
    assert (stations.received, stations.first_report_s) == (3, 1.0)
    assert stations.latency == Latency(3.0, 4.0, 4.0, 2.0)
    assert taken.targeted == 6


async def test_the_same_holds_on_both_databases_with_all_at_once(office: Office) -> None:
    warning = await office.issued()
    handle = subscriptions_of(Ear())[0].handle

    async def one(message: Any) -> None:
        for _ in range(20):
            try:
                async with office.db.transaction() as tx:
                    await handle(tx, message)
                return
            except Exception:
                await asyncio.sleep(0.01)
        raise AssertionError("never handled")

    await asyncio.gather(*(one(message) for message in story(warning) * 3))
    taken = await photo(office, warning)
    assert taken.columns[Column.DELIVERED] == 2
    assert taken.columns[Column.CONFIRMED] == 1
    assert taken.targeted == 6


async def test_a_named_target_keeps_its_furthest_state_and_its_first_reception(office: Office) -> None:
    warning = await office.issued()
    target = STATIONS[0]
    outcomes = [
        happened(target, State.CONFIRMED, 30, by="刘村长"),
        happened(target, State.RECEIVED, 5),
        happened(target, State.PLAYED, 12),
        happened(target, State.FAILED, 40),
    ]
    await hear(office, a_plan(warning), a_report(warning, 4, {State.CONFIRMED: 4}, outcomes))
    async with office.db.read() as connection:
        (found,) = await store.progress.targets(connection, warning.warning_id, 1, Channel.STATION, "", 10)
    assert (found.state, found.by) == (State.CONFIRMED, "刘村长")
    assert found.received_at == NOW + timedelta(seconds=5)
    assert found.confirmed_at == NOW + timedelta(seconds=30)


async def test_sealed_recipients_are_counted_and_timed_but_never_listed(office: Office) -> None:
    warning = await office.issued()
    await hear(
        office,
        a_plan(warning),
        a_report(warning, 1, {State.QUEUED: 2}, channel=Channel.SMS),
        a_report(
            warning,
            2,
            {State.RECEIVED: 1, State.SENT: 1},
            [happened("ab" * 8, State.RECEIVED, 2)],
            channel=Channel.SMS,
            at=NOW + timedelta(seconds=20),
        ),
        a_report(warning, 3, {State.RECEIVED: 2}, channel=Channel.SMS, at=NOW + timedelta(seconds=50)),
    )
    taken = await photo(office, warning)
    (sms,) = [channel for channel in taken.channels if channel.channel is Channel.SMS]
    assert sms.latency == Latency(20.0, 50.0, 50.0, 20.0)
    async with office.db.read() as connection:
        assert not await store.progress.targets(connection, warning.warning_id, 1, Channel.SMS, "", 10)


async def test_a_plan_that_is_not_the_pinned_manifest_is_a_fact(laptop: Office) -> None:
    warning = await laptop.issued()
    await hear(laptop, a_plan(warning, manifest=a_manifest(towns=("500110110",))))
    assert "plan.differs" in {fact.kind for fact in await laptop.said(Fact)}


async def test_a_planned_revision_is_not_said_again(laptop: Office) -> None:
    warning = await laptop.issued()
    await hear(laptop, a_plan(warning))
    async with laptop.db.read() as connection:
        assert not await store.changes.due_to_retell(connection, NOW + timedelta(minutes=5))


async def test_progress_of_what_has_not_gone_out_is_not_found(laptop: Office) -> None:
    draft = await laptop.drafted()
    with pytest.raises(NotFound):
        await photo(laptop, draft)


async def test_a_report_is_told_after_the_commit_and_not_without_it(laptop: Office) -> None:
    warning = await laptop.issued()
    ear = Ear()
    await hear(laptop, a_plan(warning), ear=ear)
    assert ear.heard == [warning.warning_id]
    handle = subscriptions_of(ear)[0].handle
    with pytest.raises(ZeroDivisionError):
        async with laptop.db.transaction() as tx:
            await handle(tx, a_report(warning, 1, {State.QUEUED: 4}))
            _ = 1 / 0
    assert ear.heard == [warning.warning_id]


def test_the_issuer_follows_reports_proposals_and_differences_in_four_consumers_each() -> None:
    names = {subscription.durable for subscription in subscriptions_of(Ear())}
    assert names == {
        f"issuer-{what}-{mode}-{lane}"
        for what in ("follow", "propose", "again-issuer")
        for mode in ("live", "drill")
        for lane in ("urgent", "routine")
    }


async def test_whoever_looks_is_woken_here_and_on_other_replicas(laptop: Office) -> None:
    warning = await laptop.issued()
    bus = FakeBus()
    here, there = (Watch(laptop.db, bus, name) for name in ("here", "there"))  # type: ignore[arg-type]
    waits = [asyncio.ensure_future(watch.wait(warning.warning_id, 0, 10)) for watch in (here, there)]
    running = asyncio.ensure_future(here.run())
    await asyncio.sleep(0)
    here.changed(warning.warning_id)
    assert await asyncio.wait_for(waits[0], 5) == 1
    (poke,) = bus.pokes
    assert poke == (SUBJECT, {"from": "here", "warnings": [str(warning.warning_id)]})
    await here.hear(poke[1])
    await there.hear(poke[1])
    assert await asyncio.wait_for(waits[1], 5) == 1
    assert here.changes(warning.warning_id) == 1
    running.cancel()


async def test_a_photograph_is_taken_once_for_all_who_look(laptop: Office) -> None:
    warning = await laptop.issued()
    watch = Watch(laptop.db, FakeBus(), "here")  # type: ignore[arg-type]
    await watch.hear({"from": "there", "warnings": [str(warning.warning_id)]})
    first = await watch.photograph(warning.warning_id, None)
    assert await watch.photograph(warning.warning_id, None) is first
    await watch.hear({"from": "there", "warnings": [str(warning.warning_id)]})
    assert await watch.photograph(warning.warning_id, None) is not first


def test_percentiles_are_those_of_all_targets() -> None:
    gains = [(NOW + timedelta(seconds=second), 1) for second in range(1, 101)]
    assert latency(gains, NOW) == Latency(50.0, 95.0, 100.0, 1.0)
    assert latency([(NOW + timedelta(seconds=3), 1000)], NOW) == Latency(3.0, 3.0, 3.0, 3.0)
    assert latency([], NOW) is None


def test_gains_stay_few_and_lose_nobody() -> None:
    delivery = Delivery(UUID(int=1), Channel.SMS, {State.REQUESTED: 5000})
    for number in range(1, 1001):
        tally = {State.RECEIVED: number, State.SENT: 5000 - number}
        delivery = delivery.fold(number, tally, NOW + timedelta(seconds=number))
    assert len(delivery.gains) <= MOST_GAINS
    assert sum(count for _, count in delivery.gains) == delivery.reached == 1000
    assert delivery.gains[-1][0] == NOW + timedelta(seconds=1000)

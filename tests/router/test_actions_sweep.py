"""Hearing and sweeping: what was taken rests, what was not is asked for again until the warning expires."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from contracts.delivery import DeliveryReported, DeliveryRequested, DeliveryWithdrawn, delivery_id_of
from contracts.fact import Fact
from contracts.message import Message
from contracts.outcome import Column, TargetState
from contracts.values import Channel, Lane, Level, Withdrawal
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.errors import NotFound
from services.kit.leadership import Leadership, LostLead
from services.router.actions import sweep
from services.router.actions.end import end
from services.router.actions.hear import hear
from services.router.actions.plan import plan
from services.router.actions.show import plans_of
from tests.clock import HandClock
from tests.outbox import said
from tests.router.registry_make import ALL, LIVE, NOON, a_district
from tests.router.router_make import AWarning, a_halt, a_report, fill, forget_said, of_kind, pinned


@pytest.fixture
async def warning(db: Database, crypto: SoftwareCrypto) -> AWarning:
    """A red warning for the whole district, its manifest pinned."""
    await fill(db, crypto, a_district())
    return AWarning(await pinned(db, crypto))


async def _planned(db: Database, crypto: SoftwareCrypto, warning: AWarning) -> list[DeliveryRequested]:
    await forget_said(db)
    async with db.transaction() as tx:
        await plan(tx, warning.issued(), crypto)
    requests: list[DeliveryRequested] = of_kind(await said(db), DeliveryRequested)
    return requests


async def _hear(db: Database, *reports: DeliveryReported) -> None:
    for report in reports:
        async with db.transaction() as tx:
            await hear(tx, report)


async def _while_leading(db: Database, work: Callable[[Leadership], Awaitable[int]]) -> int:
    """Return what was done by a replica that leads."""
    leadership = Leadership(db, "test")
    found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def once() -> None:
        found.set_result(await work(leadership))
        await asyncio.Event().wait()

    task = asyncio.create_task(leadership.lead(sweep.LEASE, once))
    try:
        return await asyncio.wait_for(found, 10)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _sweep(db: Database) -> list[Message]:
    """Sweep once; return what was said."""
    await forget_said(db)
    await _while_leading(db, lambda leadership: sweep.sweep(db, leadership))
    return await said(db)


async def test_only_what_nobody_took_is_asked_for_again(
    db: Database, crypto: SoftwareCrypto, warning: AWarning, clock: HandClock
) -> None:
    requests = await _planned(db, crypto, warning)
    silent = [r for r in requests if r.channel is Channel.CABLE]
    await _hear(db, *(a_report(r) for r in requests if r not in silent))
    clock.move(seconds=9)
    assert await _sweep(db) == []
    clock.move(seconds=2)
    assert await _sweep(db) == silent
    assert await _sweep(db) == []
    clock.move(seconds=20)
    assert await _sweep(db) == silent
    clock.move(seconds=20)
    assert await _sweep(db) == []
    await _hear(db, *map(a_report, silent))
    clock.move(hours=1)
    assert await _sweep(db) == []


async def test_a_routine_delivery_is_given_a_minute_and_urgent_ones_go_first(
    db: Database, crypto: SoftwareCrypto, warning: AWarning, clock: HandClock
) -> None:
    routine = await _planned(db, crypto, AWarning(warning.manifest, level=Level.BLUE))
    clock.move(seconds=45)
    urgent = await _planned(db, crypto, warning)
    clock.move(seconds=16)
    again: list[DeliveryRequested] = of_kind(await _sweep(db), DeliveryRequested)
    assert [r.lane for r in again] == [Lane.URGENT] * len(urgent) + [Lane.ROUTINE] * len(routine)


async def test_an_untaken_delivery_of_an_expired_warning_stays_open_and_raises_one_alarm(
    db: Database, crypto: SoftwareCrypto, warning: AWarning, clock: HandClock
) -> None:
    requests = await _planned(db, crypto, warning)
    cable = next(r for r in requests if r.channel is Channel.CABLE)
    await _hear(db, *(a_report(r) for r in requests if r is not cable))
    clock.move(hours=7)
    (fact,) = await _sweep(db)
    assert isinstance(fact, Fact)
    assert (fact.kind, fact.about, fact.lane) == ("delivery.untaken", str(cable.delivery_id), Lane.URGENT)
    assert fact.detail["size"] == cable.size
    assert await _sweep(db) == []
    (revision,) = (await plans_of(db, warning.warning_id)).revisions
    (untaken,) = revision.untaken
    assert (untaken.delivery_id, untaken.requested_at) == (str(cable.delivery_id), NOON)
    (account,) = [a for a in revision.accounts if a.channel is Channel.CABLE]
    assert account.columns[Column.OPEN] == cable.size


async def test_of_an_ended_revision_the_withdrawal_is_said_again_before_the_request(
    db: Database, crypto: SoftwareCrypto, warning: AWarning, clock: HandClock
) -> None:
    requests = await _planned(db, crypto, warning)
    area = [r for r in requests if r.channel is Channel.AREA]
    await _hear(db, *(a_report(r) for r in requests if r not in area))
    async with db.transaction() as tx:
        await end(tx, a_halt(warning))
    clock.move(seconds=11)
    withdrawn, *again = await _sweep(db)
    assert isinstance(withdrawn, DeliveryWithdrawn)
    assert (withdrawn.channel, withdrawn.reason) == (Channel.AREA, Withdrawal.HALTED)
    assert again == area
    assert len(area) == 3


async def test_a_replica_that_does_not_lead_sweeps_nothing(
    db: Database, crypto: SoftwareCrypto, warning: AWarning, clock: HandClock
) -> None:
    requests = await _planned(db, crypto, warning)
    clock.move(seconds=11)
    with pytest.raises(LostLead):
        await sweep.sweep(db, Leadership(db, "another"))
    assert of_kind(await said(db), DeliveryRequested) == requests


async def test_the_sweep_runs_while_its_replica_leads_and_ends_when_it_does_not(
    db: Database, crypto: SoftwareCrypto, warning: AWarning, clock: HandClock
) -> None:
    requests = await _planned(db, crypto, warning)
    clock.move(seconds=11)
    await asyncio.wait_for(sweep.run(db, Leadership(db, "another"), crypto), 10)
    leadership = Leadership(db, "test")
    task = asyncio.create_task(leadership.lead(sweep.LEASE, partial(sweep.run, db, leadership, crypto)))
    async with asyncio.timeout(10):
        while len(of_kind(await said(db), DeliveryRequested)) < 2 * len(requests):
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_highest_report_is_the_truth_whatever_arrives_first(
    db: Database, crypto: SoftwareCrypto, warning: AWarning
) -> None:
    station = next(r for r in await _planned(db, crypto, warning) if r.channel is Channel.STATION)
    await _hear(
        db,
        a_report(station, 3, confirmed=2, played=4, failed=1, sent=5),
        a_report(station, 1),
        a_report(station, 2, sent=12),
        a_report(station, 3, queued=12),
    )
    (revision,) = (await plans_of(db, warning.warning_id)).revisions
    (account,) = [a for a in revision.accounts if a.channel is Channel.STATION]
    assert account.columns == {
        Column.CONFIRMED: 2,
        Column.DELIVERED: 4,
        Column.FAILED: 1,
        Column.OPEN: 5,
        Column.WITHDRAWN: 0,
        Column.EXPIRED: 0,
    }


async def test_a_report_before_its_plan_is_kept_and_counts(
    db: Database, crypto: SoftwareCrypto, warning: AWarning, clock: HandClock
) -> None:
    early = DeliveryReported(
        mode=LIVE,
        lane=Lane.URGENT,
        warning_id=warning.warning_id,
        revision=1,
        channel=Channel.CABLE,
        at=NOON,
        delivery_id=delivery_id_of(warning.warning_id, 1, Channel.CABLE, "0"),
        report=1,
        tally={TargetState.SENT: 4},
    )
    await _hear(db, early)
    requests = await _planned(db, crypto, warning)
    (revision,) = (await plans_of(db, warning.warning_id)).revisions
    assert {d.channel for d in revision.untaken} == ALL - {Channel.CABLE}
    clock.move(seconds=11)
    assert Channel.CABLE not in {r.channel for r in of_kind(await _sweep(db), DeliveryRequested)}
    assert Channel.CABLE in {r.channel for r in requests}


async def test_a_warning_without_a_plan_is_not_there(db: Database, warning: AWarning) -> None:
    with pytest.raises(NotFound):
        await plans_of(db, warning.warning_id)

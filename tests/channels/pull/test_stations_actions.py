"""Deliveries, ends, reports and expiry, on both databases: every target is accounted for."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from contracts.delivery import DeliveryReported, DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Action, Lane, Level, Mode, Withdrawal
from services.channels.pull.stations.actions.deliver import deliver
from services.channels.pull.stations.actions.end import end
from services.channels.pull.stations.actions.expire import expire
from services.channels.pull.stations.actions.hear import Heard, Reports, Result, hear
from services.channels.pull.stations.model import Kind, Report
from services.channels.pull.stations.store.tables import ITEMS, NOTICES
from services.kit.db import Database, Transaction
from tests.channels.pull.stations_make import (
    NOON,
    FakeClock,
    a_database,
    a_notice,
    a_request,
    ask,
    codes,
    photographs,
    said,
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def db(database_url: str, clock: FakeClock) -> AsyncIterator[Database]:
    async with a_database(database_url, clock) as db:
        yield db


async def stop(db: Database, warning_id: UUID, revision: int, reason: Withdrawal) -> None:
    async with db.transaction() as tx:
        await end(tx, warning_id, revision, reason, lambda _: None)


async def tell(db: Database, *told: tuple[str, Report], mode: Mode = Mode.LIVE) -> list[Heard]:
    async with db.transaction() as tx:
        groups = await hear(tx, [Reports(station, mode, (report,)) for station, report in told])
    return [heard for group in groups for heard in group]


def received(sequence: int = 1, fact: TargetState = TargetState.RECEIVED, by: str | None = None) -> Report:
    return Report(fact, NOON, by, sequence=sequence)


async def sequences(db: Database, station: str, mode: Mode = Mode.LIVE) -> list[tuple[int, str]]:
    mine = select(ITEMS).where(ITEMS.c.station == station, ITEMS.c.mode == mode).order_by(ITEMS.c.sequence)
    return [(row["sequence"], row["kind"]) for row in await db.rows(mine)]


async def test_each_target_gets_the_next_number_of_its_own_and_is_reported_queued(db: Database) -> None:
    first, second = a_request(codes(3), uuid4()), a_request(codes(5), uuid4())
    await ask(db, first)
    await ask(db, second)
    assert await sequences(db, codes(3)[0]) == [(1, "alert"), (2, "alert")]
    assert await sequences(db, codes(5)[4]) == [(1, "alert")]
    taken = (await photographs(db))[second.delivery_id]
    assert taken.tally == {TargetState.QUEUED: 5}
    assert {outcome.target for outcome in taken.outcomes} == set(codes(5))
    assert taken.report == 1
    assert taken.lane is Lane.URGENT


async def test_each_mode_has_a_sequence_of_its_own(db: Database) -> None:
    await ask(db, a_request(codes(1), uuid4()))
    await ask(db, a_request(codes(1), uuid4(), mode=Mode.DRILL))
    assert await sequences(db, codes(1)[0], Mode.LIVE) == [(1, "alert")]
    assert await sequences(db, codes(1)[0], Mode.DRILL) == [(1, "alert")]


async def test_numbers_have_no_gap_when_many_deliver_at_once_and_some_fail(db: Database) -> None:
    async def one(number: int) -> None:
        async with db.transaction() as tx:
            await deliver(tx, a_request(codes(20), uuid4()), lambda _: None)
            if number % 3 == 0:
                raise LookupError

    done = await asyncio.gather(*(one(n) for n in range(12)), return_exceptions=True)
    assert [type(error) for error in done if error] == [LookupError] * 4
    for station in codes(20):
        assert [number for number, _ in await sequences(db, station)] == list(range(1, 9))


async def test_one_payload_serves_all_stations(db: Database) -> None:
    await ask(db, a_request(codes(300), uuid4()))
    kinds = [row["kind"] for row in await db.rows(select(NOTICES))]
    assert sorted(kinds) == [Kind.ALERT, Kind.HALT]


async def test_a_request_that_is_asked_again_is_answered_again_with_all_that_is_known(db: Database) -> None:
    request = a_request(codes(2), uuid4())
    await ask(db, request)
    await tell(db, (codes(1)[0], received()))
    await ask(db, request)
    taken = (await photographs(db))[request.delivery_id]
    assert taken.report == 3
    assert taken.tally == {TargetState.QUEUED: 1, TargetState.RECEIVED: 1}
    assert {(o.target, o.state) for o in taken.outcomes} == {
        (codes(1)[0], TargetState.RECEIVED),
        (codes(2)[1], TargetState.QUEUED),
    }
    assert await sequences(db, codes(1)[0]) == [(1, "alert")]


async def test_a_cancel_that_comes_before_its_alert_wins(db: Database) -> None:
    warning_id = uuid4()
    await ask(db, a_request(codes(2), warning_id, 2, action=Action.STOP))
    alert = a_request(codes(2), warning_id, 1)
    await ask(db, alert)
    assert (await photographs(db))[alert.delivery_id].tally == {TargetState.WITHDRAWN: 2}
    assert await sequences(db, codes(1)[0]) == [(1, "cancel")]


@pytest.mark.parametrize("reason", [Withdrawal.CANCELLED, Withdrawal.HALTED, Withdrawal.SUPERSEDED])
async def test_an_end_that_is_heard_before_its_request_is_a_tombstone(
    db: Database, reason: Withdrawal
) -> None:
    request = a_request(codes(2), uuid4())
    await stop(db, request.warning_id, 1, reason)
    await ask(db, request)
    taken = (await photographs(db))[request.delivery_id]
    assert taken.tally == {TargetState.WITHDRAWN: 2}
    assert taken.detail == reason
    assert {outcome.detail for outcome in taken.outcomes} == {str(reason)}
    assert await sequences(db, codes(1)[0]) == []


async def test_a_station_that_never_got_the_alert_still_gets_the_cancel(db: Database) -> None:
    warning_id = uuid4()
    await ask(db, a_request(codes(1), warning_id))
    cancel = a_request(codes(3), warning_id, 2, action=Action.STOP)
    await ask(db, cancel)
    assert await sequences(db, codes(3)[2]) == [(1, "cancel")]
    assert (await photographs(db))[cancel.delivery_id].tally == {TargetState.QUEUED: 3}


async def test_an_end_withdraws_what_is_open_and_leaves_what_was_received(db: Database) -> None:
    request = a_request(codes(3), uuid4())
    await ask(db, request)
    await tell(db, (codes(1)[0], received()))
    await stop(db, request.warning_id, 1, Withdrawal.CANCELLED)
    await stop(db, request.warning_id, 1, Withdrawal.CANCELLED)
    taken = (await photographs(db))[request.delivery_id]
    assert taken.tally == {TargetState.RECEIVED: 1, TargetState.WITHDRAWN: 2}
    assert taken.report == 3
    assert await sequences(db, codes(1)[0]) == [(1, "alert")]


async def test_a_halt_goes_to_every_station_that_was_given_the_warning_and_goes_once(db: Database) -> None:
    request = a_request(codes(3), uuid4())
    await ask(db, request)
    await ask(db, a_request(codes(2), request.warning_id, 2, action=Action.REPLACE))
    await stop(db, request.warning_id, 2, Withdrawal.HALTED)
    await stop(db, request.warning_id, 2, Withdrawal.HALTED)
    assert await sequences(db, codes(1)[0]) == [(1, "alert"), (2, "update"), (3, "halt")]
    assert await sequences(db, codes(3)[2]) == [(1, "alert"), (2, "halt")]
    assert sum(taken.size for taken in (await photographs(db)).values()) == 5


async def test_a_halt_after_another_end_is_still_said(db: Database) -> None:
    request = a_request(codes(1), uuid4())
    await ask(db, request)
    await stop(db, request.warning_id, 1, Withdrawal.SUPERSEDED)
    await stop(db, request.warning_id, 1, Withdrawal.HALTED)
    assert await sequences(db, codes(1)[0]) == [(1, "alert"), (2, "halt")]


async def test_an_update_ends_its_predecessor_though_nobody_said_so_yet(db: Database) -> None:
    first = a_request(codes(2), uuid4())
    await ask(db, first)
    await ask(db, a_request(codes(2), first.warning_id, 2, action=Action.REPLACE))
    assert (await photographs(db))[first.delivery_id].tally == {TargetState.WITHDRAWN: 2}


async def test_a_request_that_has_run_out_is_expired_at_once(db: Database) -> None:
    request = a_request(codes(2), uuid4(), notice=a_notice(expires=NOON))
    await ask(db, request)
    assert (await photographs(db))[request.delivery_id].tally == {TargetState.EXPIRED: 2}


async def test_what_is_open_when_it_runs_out_expires(db: Database, clock: FakeClock) -> None:
    async def free(_: Transaction) -> None: ...

    request = a_request(codes(3), uuid4(), notice=a_notice(expires=NOON + timedelta(hours=1)))
    await ask(db, request)
    await tell(db, (codes(1)[0], received()))
    assert await expire(db, free) == 0
    clock.forward(hours=1)
    assert await expire(db, free) == 1
    assert await expire(db, free) == 0
    taken = (await photographs(db))[request.delivery_id]
    assert taken.tally == {TargetState.RECEIVED: 1, TargetState.EXPIRED: 2}


async def test_many_stations_in_one_transaction_make_one_message_with_many_outcomes(db: Database) -> None:
    request = a_request(codes(50), uuid4())
    await ask(db, request)
    before = len(await said(db))
    await tell(db, *((station, received()) for station in codes(50)))
    (message,) = (await said(db))[before:]
    assert isinstance(message, DeliveryReported)
    assert message.tally == {TargetState.RECEIVED: 50}
    assert len(message.outcomes) == 50


async def test_more_outcomes_than_one_message_carries_are_said_in_several(db: Database) -> None:
    request = a_request(codes(300), uuid4())
    await ask(db, request)
    before = len(await said(db))
    facts = [TargetState.RECEIVED, TargetState.VERIFIED, TargetState.PLAYED, TargetState.CONFIRMED]
    await tell(db, *((s, received(fact=f, by="王芳")) for s in codes(300) for f in facts))
    messages = [m for m in (await said(db))[before:] if isinstance(m, DeliveryReported)]
    assert [len(m.outcomes) for m in messages] == [1000, 200]
    assert [m.report for m in messages] == [2, 3]
    assert (await photographs(db))[request.delivery_id].tally == {TargetState.CONFIRMED: 300}


async def test_a_report_told_twice_is_no_news(db: Database) -> None:
    await ask(db, a_request(codes(1), uuid4()))
    await tell(db, (codes(1)[0], received()))
    before = len(await said(db))
    (again,) = await tell(db, (codes(1)[0], received()))
    assert again.result is Result.ACCEPTED
    assert not again.first
    assert len(await said(db)) == before


async def test_a_late_fact_is_told_and_takes_nothing_back(db: Database) -> None:
    request = a_request(codes(1), uuid4(), notice=a_notice(Level.BLUE))
    await ask(db, request)
    await tell(db, (codes(1)[0], received(fact=TargetState.CONFIRMED, by="李强")))
    await tell(db, (codes(1)[0], received()))
    taken = (await photographs(db))[request.delivery_id]
    assert taken.tally == {TargetState.CONFIRMED: 1}
    assert [outcome.state for outcome in taken.outcomes] == [TargetState.RECEIVED]
    confirmed = [m for m in await said(db) if isinstance(m, DeliveryReported) and m.report == 2]
    assert confirmed[0].lane is Lane.URGENT
    assert confirmed[0].outcomes[0].by == "李强"


async def test_a_report_that_comes_before_its_delivery_is_folded_in_when_it_comes(db: Database) -> None:
    request = a_request(codes(2), uuid4())
    named = {"warning_id": request.warning_id, "revision": 1}
    (heard,) = await tell(db, (codes(1)[0], Report(TargetState.CONFIRMED, NOON, "王芳", **named)))
    assert heard.result is Result.EARLY
    await ask(db, request)
    taken = (await photographs(db))[request.delivery_id]
    assert taken.tally == {TargetState.CONFIRMED: 1, TargetState.QUEUED: 1}
    assert [(o.state, o.by) for o in taken.outcomes if o.target == codes(1)[0]] == [
        (TargetState.CONFIRMED, "王芳")
    ]


async def test_a_number_that_was_never_given_is_named_as_unknown(db: Database) -> None:
    await ask(db, a_request(codes(1), uuid4()))
    one, other = await tell(db, (codes(1)[0], received(9)), (codes(1)[0], received(1)))
    assert (one.result, other.result) == (Result.UNKNOWN, Result.ACCEPTED)


async def test_reports_in_a_drill_do_not_touch_the_live_sequence(db: Database) -> None:
    request = a_request(codes(1), uuid4())
    await ask(db, request)
    (heard,) = await tell(db, (codes(1)[0], received()), mode=Mode.DRILL)
    assert heard.result is Result.UNKNOWN
    assert (await photographs(db))[request.delivery_id].tally == {TargetState.QUEUED: 1}


async def test_reports_and_ends_at_once_leave_every_target_accounted_for(db: Database) -> None:
    request = a_request(codes(40), uuid4())
    await ask(db, request)
    await asyncio.gather(
        *(tell(db, (station, received())) for station in codes(40)[::2]),
        stop(db, request.warning_id, 1, Withdrawal.HALTED),
        *(tell(db, (station, received(fact=TargetState.PLAYED))) for station in codes(40)[::3]),
    )
    taken = (await photographs(db))[request.delivery_id]
    assert taken.size == 40
    states = [row["state"] for row in await db.rows(select(ITEMS).where(ITEMS.c.kind == Kind.ALERT))]
    assert taken.tally == {state: states.count(state) for state in {TargetState(s) for s in states}}
    assert TargetState.QUEUED not in taken.tally


async def meanwhile(db: Database, request: DeliveryRequested, other: Coroutine[Any, Any, Any]) -> None:
    """Run something else while a request is being stored and is not committed yet."""
    stored, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        async with db.transaction() as tx:
            await deliver(tx, request, lambda _: None)
            stored.set()
            await go_on.wait()

    asking = asyncio.ensure_future(slowly())
    await stored.wait()
    others = asyncio.ensure_future(other)
    await asyncio.wait({others}, timeout=1)
    go_on.set()
    await asyncio.gather(asking, others)


async def test_an_end_that_comes_while_its_request_is_stored_leaves_nothing_open(db: Database) -> None:
    request = a_request(codes(5), uuid4())
    await meanwhile(db, request, stop(db, request.warning_id, 1, Withdrawal.CANCELLED))
    assert (await photographs(db))[request.delivery_id].tally == {TargetState.WITHDRAWN: 5}


async def test_a_report_that_comes_while_its_request_is_stored_is_not_lost(db: Database) -> None:
    request = a_request(codes(1), uuid4())
    told = Report(TargetState.RECEIVED, NOON, warning_id=request.warning_id, revision=1)
    await meanwhile(db, request, tell(db, (codes(1)[0], told)))
    assert (await photographs(db))[request.delivery_id].tally == {TargetState.RECEIVED: 1}


async def test_the_same_request_twice_at_once_is_stored_once(db: Database) -> None:
    request = a_request(codes(3), uuid4())
    await meanwhile(db, request, ask(db, request))
    assert (await photographs(db))[request.delivery_id].tally == {TargetState.QUEUED: 3}
    assert await sequences(db, codes(1)[0]) == [(1, "alert")]

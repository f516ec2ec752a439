"""Ends of deliveries to stations, on both databases: cancels, halts, updates, expiry."""

from datetime import timedelta
from uuid import uuid4

import pytest

from contracts.outcome import TargetState
from contracts.values import Action, Withdrawal
from services.channels.pull.stations.actions.expire import expire
from services.kit.db import Database, Transaction
from tests.channels.pull.stations_make import (
    NOON,
    a_notice,
    a_request,
    ask,
    codes,
    photographs,
    received,
    sequences,
    stop,
    tell,
)
from tests.clock import HandClock


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


async def test_what_is_open_when_it_runs_out_expires(db: Database, clock: HandClock) -> None:
    async def free(_: Transaction) -> None: ...

    request = a_request(codes(3), uuid4(), notice=a_notice(expires=NOON + timedelta(hours=1)))
    await ask(db, request)
    await tell(db, (codes(1)[0], received()))
    assert await expire(db, free) == 0
    clock.move(hours=1)
    assert await expire(db, free) == 1
    assert await expire(db, free) == 0
    taken = (await photographs(db))[request.delivery_id]
    assert taken.tally == {TargetState.RECEIVED: 1, TargetState.EXPIRED: 2}

"""Deliveries to stations, on both databases: numbered without gaps, stored once, reported."""

import asyncio
from uuid import uuid4

from sqlalchemy import select

from contracts.outcome import TargetState
from contracts.values import Lane, Mode
from services.channels.pull.stations.actions.deliver import deliver
from services.channels.pull.stations.model import Kind
from services.channels.pull.stations.store.tables import NOTICES
from services.kit.db import Database
from tests.channels.pull.stations_make import a_request, ask, codes, photographs, received, sequences, tell


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

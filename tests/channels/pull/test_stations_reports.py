"""Reports of stations, on both databases: folded in, told on, known once."""

from uuid import uuid4

from contracts.delivery import DeliveryReported
from contracts.outcome import TargetState
from contracts.values import Lane, Level, Mode
from services.channels.pull.stations.actions.hear import Result
from services.channels.pull.stations.model import Report
from services.kit.db import Database
from tests.channels.pull.stations_make import (
    NOON,
    a_notice,
    a_request,
    ask,
    codes,
    photographs,
    received,
    tell,
)
from tests.outbox import said


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

"""A station that is called once more has two items of one revision; what it tells counts for the plan."""

from uuid import UUID, uuid4

import pytest

from contracts.delivery import DeliveryRequested, call_id_of, is_call
from contracts.outcome import TargetState
from contracts.values import Channel, Mode
from services.channels.pull.stations.actions.hear import Reports, Result, hear
from services.channels.pull.stations.model import Report
from services.channels.pull.stations.store import waiting
from services.kit.db import Database
from tests.channels.pull.stations_make import NOON, a_request, ask, codes, photographs

STATION = codes(1)[0]


def again(request: DeliveryRequested) -> DeliveryRequested:
    """Return the call that goes out when the stations of a request stay silent."""
    name = call_id_of(request.warning_id, request.revision, Channel.STATION, "second-call")
    return request.model_copy(update={"delivery_id": name})


async def tell(db: Database, report: Report) -> Result:
    async with db.transaction() as tx:
        ((heard,),) = await hear(tx, [Reports(STATION, Mode.LIVE, (report,))])
    return heard.result


async def asked_twice(db: Database) -> tuple[UUID, UUID]:
    """Ask a station and call it again; return the ids of both deliveries."""
    request = a_request((STATION,), uuid4())
    call = again(request)
    await ask(db, request)
    await ask(db, call)
    assert is_call(call.delivery_id)
    assert not is_call(request.delivery_id)
    return request.delivery_id, call.delivery_id


@pytest.mark.parametrize("sequence", [1, 2])
async def test_a_confirmation_of_either_item_is_one_of_the_planned_delivery(
    db: Database, sequence: int
) -> None:
    planned, call = await asked_twice(db)
    assert await tell(db, Report(TargetState.CONFIRMED, NOON, "李四", sequence=sequence)) is Result.ACCEPTED
    told = await photographs(db)
    assert told[planned].tally == {TargetState.CONFIRMED: 1}
    assert [outcome.by for outcome in told[planned].outcomes] == ["李四"]
    expected = TargetState.CONFIRMED if sequence == 2 else TargetState.QUEUED
    assert told[call].tally == {expected: 1}


async def test_a_link_that_names_the_warning_confirms_the_planned_delivery(db: Database) -> None:
    planned, _ = await asked_twice(db)
    report = (await photographs(db))[planned]
    named = Report(TargetState.CONFIRMED, NOON, "李四", None, report.warning_id, report.revision)
    assert await tell(db, named) is Result.ACCEPTED
    assert (await photographs(db))[planned].tally == {TargetState.CONFIRMED: 1}
    async with db.read() as connection:
        shown = await waiting.shown(connection, STATION, Mode.LIVE, report.warning_id, report.revision)
    assert shown is not None
    assert (shown.item.sequence, shown.item.confirmed_by) == (1, "李四")

"""Deliveries, ends and reports at once, on both databases: every target is accounted for."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Withdrawal
from services.channels.pull.stations.actions.deliver import deliver
from services.channels.pull.stations.model import Kind, Report
from services.channels.pull.stations.store.tables import ITEMS
from services.kit.db import Database
from tests.channels.pull.stations_make import (
    NOON,
    a_request,
    ask,
    codes,
    photographs,
    received,
    sequences,
    stop,
    tell,
)


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

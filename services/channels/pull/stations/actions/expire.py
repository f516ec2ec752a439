"""Expire what has run out while targets were still open."""

from collections.abc import Awaitable, Callable

from contracts.outcome import TargetState
from contracts.values import Withdrawal
from services.channels.pull.stations.actions.end import close
from services.channels.pull.stations.store import backs, deliveries, early
from services.kit.db import Database, Transaction

AT_ONCE = 20


async def expire(db: Database, guard: Callable[[Transaction], Awaitable[None]]) -> int:
    """Close every delivery that has run out; return how many there were."""
    count = 0
    while ids := await deliveries.overdue(db, db.clock.now(), AT_ONCE):
        async with db.transaction() as tx:
            await guard(tx)
            await close(tx, ids, TargetState.EXPIRED, Withdrawal.EXPIRED)
            await early.forget_old(tx)
            await backs.forget_old(tx)
        count += len(ids)
    return count

"""What time alone does: leases run out, warnings expire, silence becomes an alarm. One replica does it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from prometheus_client import Gauge

from contracts.values import Mode, Withdrawal
from services.channels.pull.gateways import bell
from services.channels.pull.gateways.actions.alarm import alarm_away, alarm_dead, alarm_starved, note_fed
from services.channels.pull.gateways.actions.photograph import photograph
from services.channels.pull.gateways.actions.report import UNDONE
from services.channels.pull.gateways.model.work import State, Work
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.store import batches, gateways, leases, receipts
from services.kit.db import Transaction
from services.kit.errors import Retry
from services.kit.leadership import Leadership, LostLead
from services.kit.telemetry import log

LEASE = "gateways-clock"
TICK_S = 1.0
AT_ONCE = 200
"""So much work is moved in one transaction, so that others get their turn."""

STARVED = Gauge(
    "yutian_gateway_starved", "1 while SMS work waits and its gateway does not pull", ["gateway", "mode"]
)


class Clock:
    """Looks at the time, whenever this replica leads."""

    def __init__(self, parts: Parts, leadership: Leadership) -> None:
        self.parts = parts
        self.leadership = leadership

    async def run(self) -> None:
        """Tick for ever, whenever this replica leads."""
        await self.leadership.lead(LEASE, self._ticks)

    async def _ticks(self) -> None:
        try:
            while True:
                try:
                    await self.tick()
                except Retry as error:
                    log.warning("clock waits", house=self.parts.db.house, why=error.why)
                except LostLead:
                    return
                await asyncio.sleep(TICK_S)
        finally:
            STARVED.clear()

    async def tick(self) -> None:
        """Do once what the time demands."""
        while await self._in_one(self._close) == AT_ONCE:
            pass
        await self._in_one(self._watch)
        await self._in_one(self._forget)

    async def _in_one(self, act: Callable[[Transaction], Awaitable[int]]) -> int:
        async with self.parts.db.transaction() as tx:
            await self.leadership.guard(tx, LEASE)
            return await act(tx)

    async def _close(self, tx: Transaction) -> int:
        """Move on whose time is up; return the most that one kind had."""
        return max(await self._return_lost(tx), await self._expire(tx))

    async def _return_lost(self, tx: Transaction) -> int:
        """Give work back whose lease ran out; after too many such leases it is dead."""
        lost = await batches.lock_ran_out(tx, AT_ONCE)
        await batches.save(tx, [self._after_loss(tx, work) for work in lost])
        return len(lost)

    def _after_loss(self, tx: Transaction, work: Work) -> Work:
        after = work.missed(self.parts.settings.gateways_most_misses)
        if after.state is State.READY:
            tx.after_commit(partial(self.parts.bells.ring, bell.work(after.gateway, after.mode)))
            return after
        alarm_dead(tx, after, UNDONE)
        return photograph(tx, after, detail=UNDONE)

    async def _expire(self, tx: Transaction) -> int:
        """Close whatever is still open when its warning has expired."""
        expired = await batches.lock_expired(tx, AT_ONCE)
        closed = [photograph(tx, w.ended(Withdrawal.EXPIRED), detail=Withdrawal.EXPIRED) for w in expired]
        await batches.save(tx, closed)
        return len(expired)

    async def _watch(self, tx: Transaction) -> int:
        """Raise an alarm for a gateway that lets work wait, and take it back when it pulls again."""
        patience = timedelta(seconds=self.parts.settings.gateways_starved_s)
        waiting, pulls = await batches.oldest_ready(tx, patience), await gateways.pulls(tx)
        nothing = batches.Waiting(tx.now, None)
        for gateway, mode in {*waiting, *pulls}:
            pull = pulls.get((gateway, mode), gateways.Pull())
            found = waiting.get((gateway, mode), nothing)
            since, told = found.since, pull.away_told_at
            silent = tx.now - max(since, pull.last_at or since) > patience
            starved = silent and not pull.away(tx.now)
            STARVED.labels(gateway, mode).set(starved)
            if starved != (pull.starved_at is not None):
                await self._turn(tx, gateway, mode, starved, (tx.now - since).total_seconds())
            news = found.urgent is not None and (told is None or found.urgent > told - patience)
            if silent and news and pull.away_until and not starved:
                await gateways.note_away_told(tx, gateway, mode)
                alarm_away(tx, gateway, mode, pull.away_until)
        return len(waiting)

    async def _turn(self, tx: Transaction, gateway: str, mode: Mode, starved: bool, waited_s: float) -> None:
        await gateways.note_starved(tx, gateway, mode, tx.now if starved else None)
        if starved:
            alarm_starved(tx, gateway, mode, waited_s)
        else:
            note_fed(tx, gateway, mode)

    async def _forget(self, tx: Transaction) -> int:
        await receipts.forget(tx, self.parts.settings.gateways_receipts_kept_h)
        await leases.forget(tx)
        return 0

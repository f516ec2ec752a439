"""The pace of calls: so many a second, and of those who wait the most urgent first."""

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import AsyncIterator

from contracts.values import Level

URGENT = Level.ORANGE.rank
"""The last rank that never waits behind calls of the others that hang; a lift has rank 0."""


class Pace:
    """Lets calls begin one after the other: a red message never stands behind blue ones."""

    def __init__(self, per_s: float, at_once: int) -> None:
        self.apart_s = 1 / per_s
        self._hands = {urgent: asyncio.Semaphore(at_once) for urgent in (True, False)}
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._next_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @contextlib.asynccontextmanager
    async def turn(self, rank: int) -> AsyncIterator[None]:
        """Wait for a turn; so many calls may be under way of what is urgent, and as many of the rest."""
        async with self._hands[rank <= URGENT]:
            mine = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (rank, next(self._order), mine))
            self._set_timer()
            await mine
            yield

    def _set_timer(self) -> None:
        if self._timer is None and self._waiting:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(self._next_at, loop.time()), self._let_one)

    def _let_one(self) -> None:
        self._timer = None
        while self._waiting:
            _, _, first = heapq.heappop(self._waiting)
            if not first.done():
                first.set_result(None)
                self._next_at = asyncio.get_running_loop().time() + self.apart_s
                break
        self._set_timer()

"""Watching: whoever looks at a warning is woken when a report changed it, on any replica."""

import asyncio
import contextlib
from typing import Any
from uuid import UUID

from services.issuer import store
from services.issuer.actions import photograph
from services.issuer.actions.shift import SPOOLED_AFTER
from services.issuer.model.progress import Photograph
from services.kit.bus import Bus
from services.kit.db import Database
from services.kit.errors import Retry

SUBJECT = "yutian.poke.progress"
PACE_S = 0.25
"""A warning is looked at no oftener, however many reports come."""

LOOK_S = 1.0
"""How often the desk is looked at while somebody watches it: once for all of them, and without the bus,
so that they see what goes on when just that is away."""


class Watch:
    """Which warnings changed how often, and the newest photograph of those that somebody looks at."""

    def __init__(self, db: Database, bus: Bus, instance: str) -> None:
        self.db = db
        self.bus = bus
        self.instance = instance
        self._changes: dict[UUID, int] = {}
        self._changed = asyncio.Condition()
        self._dirty: set[UUID] = set()
        self._told = asyncio.Event()
        self._desk = 0
        self._watching = 0
        self._watched = asyncio.Event()
        self._taken: dict[tuple[UUID, int | None], tuple[int, Photograph]] = {}

    def changed(self, warning_id: UUID) -> None:
        """Note that a report changed a warning; consumers call it after their commit."""
        self._dirty.add(warning_id)
        self._told.set()

    async def run(self) -> None:
        """Wake who waits here, and poke the other replicas, in even steps, for ever."""
        while True:
            await self._told.wait()
            self._told.clear()
            dirty, self._dirty = self._dirty, set()
            await self._wake(dirty)
            note = {"from": self.instance, "warnings": [str(one) for one in dirty]}
            await self.bus.poke(SUBJECT, note)
            await asyncio.sleep(PACE_S)

    async def hear(self, note: Any) -> None:
        """Take a poke of another replica in."""
        if note["from"] != self.instance:
            await self._wake({UUID(one) for one in note["warnings"]})

    async def _wake(self, warnings: set[UUID]) -> None:
        async with self._changed:
            for warning_id in warnings:
                self._changes[warning_id] = self.changes(warning_id) + 1
            self._changed.notify_all()

    def changes(self, warning_id: UUID) -> int:
        """Return how often a warning is known to have changed."""
        return self._changes.get(warning_id, 0)

    async def wait(self, warning_id: UUID, seen: int, longest_s: float) -> int:
        """Wait until a warning has changed since; return how often it has, after a while anyway."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest_s), self._changed:
                await self._changed.wait_for(lambda: self.changes(warning_id) != seen)
        return self.changes(warning_id)

    async def look(self) -> None:
        """Look for changes of the desk for ever: somebody did something, something waits for the bus."""
        mark: object = None
        while True:
            await self._watched.wait()
            with contextlib.suppress(Retry):
                seen = await self._mark()
                if seen != mark:
                    mark = seen
                    async with self._changed:
                        self._desk += 1
                        self._changed.notify_all()
            await asyncio.sleep(LOOK_S)

    async def _mark(self) -> object:
        before = self.db.clock.now() - SPOOLED_AFTER
        async with self.db.read() as connection:
            spooled = await store.spool.waiting(connection, before)
            return await store.events.newest(connection), frozenset(spooled)

    def desk(self, *, progress: bool = False) -> int:
        """Return how often the desk is known to have changed; with `progress`, reports count too."""
        return self._desk + (sum(self._changes.values()) if progress else 0)

    async def wait_desk(self, seen: int, longest_s: float, *, progress: bool = False) -> int:
        """Wait until the desk has changed since; return how often it has, after a while anyway."""
        self._watching += 1
        self._watched.set()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(longest_s), self._changed:
                    await self._changed.wait_for(lambda: self.desk(progress=progress) != seen)
        finally:
            self._watching -= 1
            if not self._watching:
                self._watched.clear()
        return self.desk(progress=progress)

    async def photograph(self, warning_id: UUID, revision: int | None) -> Photograph:
        """Return the progress of a revision; looked up once for all who look at the same moment."""
        now, key = self.changes(warning_id), (warning_id, revision)
        taken = self._taken.get(key)
        if taken is None or taken[0] != now or now == 0:
            self._taken[key] = taken = (now, await photograph(self.db, warning_id, revision))
        return taken[1]

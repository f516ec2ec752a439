"""The relay: what a house has said is published, urgent first, and marked when the bus has it."""

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import orjson

from contracts.streams import KEPT_S
from contracts.values import Lane, Mode
from services.kit import failpoints, outbox, telemetry
from services.kit.bus import Bus
from services.kit.clock import microseconds
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.leadership import Leadership
from services.kit.telemetry import log

WINDOW = 128
WINDOW_BYTES = 4 * 1024 * 1024
"""At most so many rows and bytes are on their way unacknowledged."""

GATHER_S = {Lane.URGENT: 0.0, Lane.ROUTINE: 0.02}
"""How long a lane lets more come after a window that was not full: each costs a transaction."""

LOOK_S = 2.0
"""How often a relay looks by itself; usually it is told."""

PRUNE_S = 3600.0


class Relay:
    """Publishes the outbox of one house; one replica at a time does, one worker for each mode and lane."""

    def __init__(self, db: Database, bus: Bus, leadership: Leadership) -> None:
        self.db = db
        self.bus = bus
        self.leadership = leadership
        self._pokes: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Publish for ever, whenever this replica leads; else tell the one that does."""
        self.db.on_said = self._told
        await self.bus.on_poke(self._poke, self._poked)
        await self.leadership.lead("relay", self._lead)

    @property
    def _poke(self) -> str:
        return f"yutian.poke.relay.{self.db.house}"

    def _told(self, lanes: Collection[tuple[Mode, Lane]]) -> None:
        if "relay" in self.leadership.tokens:
            self.db.wake(lanes)
            return
        task = asyncio.ensure_future(self.bus.poke(self._poke, sorted(lanes)))
        self._pokes.add(task)
        task.add_done_callback(self._pokes.discard)

    async def _poked(self, lanes: Any) -> None:
        self.db.wake([(Mode(mode), Lane(lane)) for mode, lane in lanes])

    async def _lead(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look())
            group.create_task(self._prune())
            for mode, lane in self.db.said:
                group.create_task(self._lane(mode, lane))

    async def _look(self) -> None:
        while True:
            with contextlib.suppress(Retry):
                async with self.db.read() as connection:
                    waiting = await outbox.waiting(connection)
                self.db.wake(waiting)
                telemetry.WAITING.labels(self.db.house).set(sum(count for count, _ in waiting.values()))
                now = microseconds(self.db.clock.now())
                oldest = min((since for _, since in waiting.values()), default=now)
                telemetry.OLDEST.labels(self.db.house).set((now - oldest) / 1e6)
            await asyncio.sleep(LOOK_S)

    async def _prune(self) -> None:
        while True:
            with contextlib.suppress(Retry):
                async with self.db.transaction() as tx:
                    await outbox.prune(tx.connection, tx.now, KEPT_S + int(timedelta(days=1).total_seconds()))
            await asyncio.sleep(PRUNE_S)

    async def _lane(self, mode: Mode, lane: Lane) -> None:
        pause = 0.1
        while True:
            try:
                if done := await self.publish(mode, lane):
                    pause = 0.1
                    await asyncio.sleep(GATHER_S[lane] if done < WINDOW else 0)
                    continue
                await self.db.said[mode, lane].wait()
                self.db.said[mode, lane].clear()
            except Retry as error:
                log.warning("relay waits", house=self.db.house, lane=f"{mode}-{lane}", why=error.why)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)

    async def publish(self, mode: Mode, lane: Lane) -> int:
        """Publish one window of a lane; return how many rows the bus now has."""
        async with self.db.read() as connection:
            rows = _window(await outbox.unpublished(connection, mode, lane, WINDOW))
        if not rows:
            return 0
        failpoints.reach("relay.read", self.db.house)
        results = await asyncio.gather(*map(self._publish, rows), return_exceptions=True)
        done = [row["position"] for row, result in zip(rows, results, strict=True) if result is None]
        failpoints.reach("relay.published", self.db.house)
        if done:
            async with self.db.transaction(brief=True) as tx:
                await outbox.mark_published(tx.connection, done, tx.now)
            failpoints.reach("relay.marked", self.db.house)
            telemetry.published(self.db.house, f"{mode}-{lane}", len(done))
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return len(done)

    async def _publish(self, row: dict[str, Any]) -> None:
        headers = orjson.loads(row["headers"])
        await self.bus.publish(row["subject"], row["payload"], headers, row["message_id"])


def _window(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first rows that fit into the window, at least one."""
    taken: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        size += len(row["payload"])
        if taken and size > WINDOW_BYTES:
            break
        taken.append(row)
    return taken

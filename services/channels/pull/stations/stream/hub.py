"""The hub: after a commit, here or in another replica, everybody who is connected here gets what he lacks.

One query for all of them, then bytes written straight to each. The fan-out never waits for a reader.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from prometheus_client import Gauge

from contracts.values import Mode
from services.channels.pull.stations.model import Waiting
from services.channels.pull.stations.store import waiting
from services.channels.pull.stations.store.items import Key
from services.channels.pull.stations.stream.followers import Everybody, Follower, Stream
from services.channels.pull.stations.stream.frames import Press, Shelf
from services.kit.bus import Bus
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.telemetry import log

SUBJECT = "yutian.poke.stations"

MOST_OF_ONE = 8
"""So many connections a station may have in one mode; the oldest gives way, it is likely a dead one."""

ON_ITS_WAY_S = 1.0
"""What was committed is told within so long, unless its poke was lost."""

STREAMS = Gauge("yutian_station_followers", "Station streams and long polls that are open now")


class Hub:
    """Everybody who is connected to this replica."""

    def __init__(self, db: Database, bus: Bus, instance: str, keepalive_s: float, sweep_s: float) -> None:
        self.db = db
        self.bus = bus
        self.instance = instance
        self.keepalive_s = keepalive_s
        self.sweep_s = sweep_s
        self.shelf = Shelf(db)
        self.stopping = False
        self._followers: dict[Key, list[Follower]] = {}
        self.everybody: Everybody | None = None
        """Who is told of all stations, connected here or not: the MQTT client, while it is here."""
        self.on_expelled: Callable[[], None] = lambda: None
        self._here: set[UUID] = set()
        self._expelled: set[str] = set()
        self._elsewhere: set[UUID] = set()
        self._wanted = asyncio.Event()

    def poke(self, items_id: UUID) -> None:
        """Note that items were committed here; called after the commit, waits for nothing."""
        self._here.add(items_id)
        self._wanted.set()

    def expel(self, stations: Iterable[str]) -> None:
        """End the connections of stations that a key was taken from, in every replica; they come again."""
        self._expelled.update(stations)
        self._wanted.set()

    async def hear(self, note: Any) -> None:
        """Note what another replica has committed."""
        if note.get("from") != self.instance:
            self._elsewhere.update(UUID(i) for i in note.get("items", ()))
            self._wanted.set()
            self._close(set(note.get("expelled", ())))

    def _close(self, stations: set[str]) -> None:
        if stations:
            self.on_expelled()
            for follower in self._all():
                if follower.key[0] in stations:
                    follower.close()

    @contextlib.contextmanager
    def following(self, follower: Follower) -> Iterator[None]:
        """Tell a follower everything that comes, until it leaves."""
        mine = self._followers.setdefault(follower.key, [])
        mine.append(follower)
        STREAMS.inc()
        if self.stopping:
            follower.close()
        if len(mine) > MOST_OF_ONE:
            mine[0].close()
        try:
            yield
        finally:
            STREAMS.dec()
            mine.remove(follower)
            if not mine and self._followers.get(follower.key) is mine:
                del self._followers[follower.key]

    async def run(self) -> None:
        """Fan out for ever; when this ends, every connection ends."""
        await self.bus.on_poke(SUBJECT, self.hear)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._fan_out())
                group.create_task(self._sweep())
                group.create_task(self._keep_alive())
        finally:
            self.stopping = True
            for follower in self._all():
                follower.close()

    def followed(self, station: str, mode: Mode) -> int:
        """Return how many connections follow a sequence here."""
        return len(self._followers.get((station, mode), ()))

    def settled(self) -> bool:
        """Tell whether nobody who is connected here is being caught up."""
        return all(follower.live for follower in self._all() if isinstance(follower, Stream))

    def _all(self) -> list[Follower]:
        return [follower for group in self._followers.values() for follower in group]

    async def _fan_out(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            here, self._here = self._here, set()
            elsewhere, self._elsewhere = self._elsewhere, set()
            expelled, self._expelled = self._expelled, set()
            self._close(expelled)
            if (here or expelled) and self.bus.connected:
                note = {"from": self.instance, "items": [str(i) for i in here], "expelled": [*expelled]}
                await self.bus.poke(SUBJECT, note)
            try:
                await self.tell(here | elsewhere)
            except Retry as error:
                # The sweep finds whoever was not told.
                log.warning("stations wait", why=error.why)

    async def tell(self, items_ids: set[UUID]) -> None:
        """Read these items once, and offer them to everybody who follows them here."""
        if not (self._followers or self.everybody) or not items_ids:
            return
        async with self.db.read() as connection:
            news = await waiting.waiting_in(connection, items_ids)
        by_key: dict[Key, list[Waiting]] = {}
        for one in news:
            if self.everybody or (one.station, one.mode) in self._followers:
                by_key.setdefault((one.station, one.mode), []).append(one)
        payloads = await self.shelf.take(one for mine in by_key.values() for one in mine)
        press = Press(payloads, self.db.clock.now())
        for key, mine in by_key.items():
            for follower in tuple(self._followers.get(key, ())):
                follower.offer(mine, press)
        if self.everybody is not None:
            self.everybody.offer(by_key, payloads)

    async def _sweep(self) -> None:
        """Find whoever lacks something after a poke was lost; pokes may be."""
        while True:
            await asyncio.sleep(self.sweep_s)
            if not self._followers:
                continue
            try:
                async with self.db.read() as connection:
                    lasts = await waiting.lasts(connection)
            except Retry:
                continue
            # What was committed a moment ago is on its way to all of them, without a look into the store.
            await asyncio.sleep(ON_ITS_WAY_S)
            for follower in self._all():
                if lasts.get(follower.key, 0) > follower.cursor:
                    follower.look()

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self.keepalive_s)
            for follower in self._all():
                if isinstance(follower, Stream):
                    follower.keep_alive()

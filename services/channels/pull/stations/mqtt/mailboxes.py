"""What is to be published, and to whom: each station has a cursor, as a stream has."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.channels.pull.stations.model import CatchUp, Waiting, catch_up
from services.channels.pull.stations.store import mqtt, waiting
from services.channels.pull.stations.store.items import Key
from services.channels.pull.stations.stream import frames
from services.channels.pull.stations.stream.followers import after_cursor, whole
from services.channels.pull.stations.stream.frames import Payloads, Shelf

WINDOW = 50
"""So many items are looked at together: a page of them is one message, whatever each of them weighs."""

AT_ONCE = 200
"""So many letters are published before their cursors are kept."""


@dataclass(frozen=True)
class Letter:
    """One page for one station: the items after a number, up to another one."""

    key: Key
    page: bytes
    last: int
    asked: bool = False
    """Whether the station asked for it; then it may be older than what was published already."""


class Mailboxes:
    """Letters that wait, and stations of which it is known only that they lack something."""

    def __init__(self, shelf: Shelf) -> None:
        self.wanted = asyncio.Event()
        self._shelf = shelf
        self._cursors: dict[Key, int] = {}
        self._kept: dict[Key, int] = {}
        self._letters: deque[Letter] = deque()
        self._behind: dict[Key, None] = {}
        self._asked: dict[Key, int] = {}

    async def look(self) -> None:
        """Find who lacks something, or may come by MQTT since now; also after a poke was lost."""
        async with self._shelf.db.read() as connection:
            known = {key.station for key in await mqtt.keys(connection)}
            self._kept = {**await mqtt.cursors(connection), **self._kept}
            lasts = await waiting.lasts(connection)
        for key in self._cursors.keys() - known:
            del self._cursors[key]
        for key in known:
            cursor = self._cursors.setdefault(key, self._kept.get(key, 0))
            if lasts.get(key, 0) > cursor:
                self._behind[key] = None
                self.wanted.set()

    def offer(self, news: Mapping[Key, Sequence[Waiting]], payloads: Payloads) -> None:
        """Put what was just committed into the boxes; it waits for nothing."""
        for key, mine in news.items():
            cursor = self._cursors.get(key)
            fresh = after_cursor(cursor, mine) if cursor is not None else []
            if not fresh or cursor is None:
                continue
            if key in self._behind or not whole(cursor, fresh):
                self._behind[key] = None
            else:
                self._write(key, cursor, catch_up(fresh, self._shelf.db.clock.now()), payloads)
            self.wanted.set()

    def ask(self, key: Key, after: int) -> None:
        """Note that a station has everything up to a number, and wants the rest."""
        self._asked[key] = after
        self.wanted.set()

    async def take(self) -> list[Letter]:
        """Return the next letters, none when nothing waits."""
        while len(self._letters) < AT_ONCE and (self._behind or self._asked):
            if self._asked:
                key, after = self._asked.popitem()
                await self._fetch(key, after, asked=True)
            else:
                key = next(iter(self._behind))
                await self._fetch(key, self._cursors.get(key, 0))
        return [self._letters.popleft() for _ in range(min(AT_ONCE, len(self._letters)))]

    async def _fetch(self, key: Key, after: int, *, asked: bool = False) -> None:
        async with self._shelf.turns, self._shelf.db.read() as connection:
            found = await waiting.waiting_for(connection, *key, after, WINDOW + 1)
        more = len(found) > WINDOW
        if not asked and not more:
            self._behind.pop(key, None)
        if found:
            caught = catch_up(found[:WINDOW], self._shelf.db.clock.now())
            payloads = await self._shelf.take(caught.shown)
            self._write(key, after, caught, payloads, more=more, asked=asked)
            if asked and more:
                self._asked.setdefault(key, caught.last)

    def _write(
        self,
        key: Key,
        after: int,
        caught: CatchUp,
        payloads: Payloads,
        *,
        more: bool = False,
        asked: bool = False,
    ) -> None:
        data = [entry for _, entry in frames.entries(caught, payloads)]
        now = self._shelf.db.clock.now()
        page = frames.page(data, after=after, has_more=more, next_sequence=caught.last, now=now)
        self._letters.append(Letter(key, page, caught.last, asked))
        if not asked:
            self._cursors[key] = caught.last

    def taken(self, letters: Sequence[Letter]) -> dict[Key, int]:
        """Note that nats-server has these letters; return the cursors that are to be kept."""
        told = {one.key: one.last for one in letters if not one.asked}
        self._kept.update(told)
        return told

    def forget(self) -> None:
        """Begin again from what nats-server is known to have: the connection is lost."""
        self._letters.clear()
        self._behind.clear()
        self._asked.clear()
        self._cursors.clear()

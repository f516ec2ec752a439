"""Those who are connected: a stream is written to, a long poll is woken."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from prometheus_client import Counter

from services.channels.pull.stations.model import CatchUp, Waiting, catch_up
from services.channels.pull.stations.store import waiting
from services.channels.pull.stations.store.items import Key
from services.channels.pull.stations.stream import frames
from services.channels.pull.stations.stream.frames import Payloads, Press, Shelf
from services.channels.pull.stations.stream.pipe import Pipe
from services.kit.errors import Retry
from services.kit.telemetry import log

DROPPED = Counter("yutian_station_streams_dropped_total", "Station streams whose reader took nothing")

WINDOW = 200
"""So many items are looked at together when somebody catches up."""


class Follower(Protocol):
    """Somebody who follows one sequence. None of these methods waits."""

    key: Key
    cursor: int

    def offer(self, news: Sequence[Waiting], press: Press) -> None:
        """Tell new items of this sequence, in order."""
        ...

    def look(self) -> None:
        """Say that something lies beyond the cursor, to be fetched."""
        ...

    def close(self) -> None:
        """Say that this replica is stopping."""
        ...


def after_cursor(cursor: int, news: Sequence[Waiting]) -> Sequence[Waiting]:
    """Return what of the news, in order and at least one, lies beyond a cursor."""
    return news if news[0].sequence > cursor else [w for w in news if w.sequence > cursor]


def whole(cursor: int, fresh: Sequence[Waiting]) -> bool:
    """Tell whether items, by their number, follow a cursor and each other without a gap."""
    return fresh[0].sequence == cursor + 1 and fresh[-1].sequence == cursor + len(fresh)


class Everybody(Protocol):
    """Somebody who is told of all stations. It does not wait."""

    def offer(self, news: Mapping[Key, Sequence[Waiting]], payloads: Payloads) -> None:
        """Tell new items, those of each sequence in order."""
        ...


class Poll:
    """A long poll: it is woken with what follows its cursor without a gap, else it reads for itself."""

    def __init__(self, key: Key, cursor: int) -> None:
        self.key = key
        self.cursor = cursor
        self.woken = asyncio.Event()
        self.closed = False
        self.news: Sequence[Waiting] = ()
        self.payloads: Payloads = {}

    def offer(self, news: Sequence[Waiting], press: Press) -> None:
        """Wake it when there is news for it."""
        fresh = after_cursor(self.cursor, news)
        if fresh:
            if whole(self.cursor, fresh) and not self.news:
                self.news, self.payloads = fresh, press.payloads
            self.woken.set()

    def look(self) -> None:
        """Wake it."""
        self.woken.set()

    def close(self) -> None:
        """Wake it, to be answered with nothing."""
        self.closed = True
        self.woken.set()


class Stream:
    """An SSE connection. It is live when it has everything, and catches up from the store when it has not."""

    def __init__(self, key: Key, cursor: int, shelf: Shelf) -> None:
        self.key = key
        self.cursor = cursor
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._shelf = shelf
        self._pipe: Pipe | None = None
        self._catching: asyncio.Task[None] | None = None
        self._missed = False

    @property
    def live(self) -> bool:
        """True when it has everything, so that news is written to it as it comes."""
        return self._pipe is not None and self._catching is None

    def open(self, pipe: Pipe) -> None:
        """Begin to write."""
        self._pipe = pipe
        self.look()

    def offer(self, news: Sequence[Waiting], press: Press) -> None:
        """Write what follows without a gap; with a gap, fetch from the store."""
        fresh = after_cursor(self.cursor, news)
        if not fresh or self.closed.done():
            return
        if self._catching is not None or self._pipe is None or not whole(self.cursor, fresh):
            self.look()
            return
        for frame in press.events(fresh):
            if not self._pipe.write(frame):
                self.drop()
                return
        self.cursor = fresh[-1].sequence

    def look(self) -> None:
        """Fetch what lies beyond the cursor, in a task of this connection's own."""
        self._missed = True
        if self._catching is None and self._pipe is not None and not self.closed.done():
            self._catching = asyncio.get_running_loop().create_task(self._catch_up(self._pipe))

    async def _catch_up(self, pipe: Pipe) -> None:
        try:
            while self._missed:
                self._missed = False
                while found := await self._beyond():
                    await self._write_patiently(pipe, found)
        except Retry:
            self.close()
        except Exception as bug:
            log.exception("a station did not catch up", error=type(bug).__name__)
            self.close()
        finally:
            self._catching = None

    async def _beyond(self) -> list[Waiting]:
        async with self._shelf.turns, self._shelf.db.read() as connection:
            return await waiting.waiting_for(connection, *self.key, self.cursor, WINDOW)

    async def _write_patiently(self, pipe: Pipe, found: Sequence[Waiting]) -> None:
        caught: CatchUp = catch_up(found, self._shelf.db.clock.now())
        payloads = await self._shelf.take(caught.shown)
        for frame in frames.events(caught, payloads):
            while not pipe.write(frame):
                await pipe.flushed()
        self.cursor = caught.last

    def keep_alive(self) -> None:
        """Write a comment, so that nothing on the way thinks the connection dead."""
        if self._pipe is not None and self._pipe.idle:
            self._pipe.write(frames.KEEP_ALIVE)

    def drop(self) -> None:
        """End the connection of a reader that takes nothing."""
        DROPPED.inc()
        self.close()

    def close(self) -> None:
        """End the connection; the station comes again and catches up."""
        if self._catching is not None:
            self._catching.cancel()
        if not self.closed.done():
            self.closed.set_result(None)

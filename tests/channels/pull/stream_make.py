"""A running house of stations, and stations that follow their streams."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson

from contracts.delivery import DeliveryRequested
from contracts.values import Mode
from sandbox.stations.wire import Event, Wire, WireLost
from tests.channels.pull.stations_make import Replica


@dataclass
class Listener:
    """A station that follows its stream and keeps what it got."""

    code: str
    events: list[Event] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    async def follow(self, replica: Replica, after: int = 0, mode: Mode = Mode.LIVE) -> None:
        headers = {**replica.bearer(self.code, mode), "Last-Event-ID": str(after)}
        events = Wire(replica.url).events(f"/api/v1/stations/{self.code}/stream", headers)
        with contextlib.suppress(WireLost):
            async for event in events:
                self.events.append(event)
                self.changed.set()
        self.ended = True
        self.changed.set()

    async def until(self, count: int, within_s: float = 10) -> list[dict[str, Any]]:
        """Wait until so many alerts are there; return them."""
        async with asyncio.timeout(within_s):
            while len(self.alerts()) < count and not self.ended:
                await self.changed.wait()
                self.changed.clear()
        return self.alerts()

    def alerts(self) -> list[dict[str, Any]]:
        return [orjson.loads(event.data) for event in self.events if event.kind != "hello"]

    @property
    def cursor(self) -> int:
        """The last id, as a browser would send it back."""
        return max((event.id for event in self.events if event.id is not None), default=0)


@asynccontextmanager
async def listening(replica: Replica, *stations: str, after: int = 0) -> AsyncIterator[list[Listener]]:
    listeners = [Listener(code) for code in stations]
    tasks = [asyncio.ensure_future(one.follow(replica, after)) for one in listeners]
    async with asyncio.timeout(10):
        for one in listeners:
            while not one.events and not one.ended:
                await one.changed.wait()
                one.changed.clear()
    try:
        yield listeners
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def stuck_reader(house: Replica, code: str) -> socket.socket:
    """Open a stream and never read it, with a small buffer, or the kernel would hide it."""
    port = int(house.url.rpartition(":")[2])
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.connect(("127.0.0.1", port))
    bearer = house.bearer(code)["Authorization"]
    request = f"GET /api/v1/stations/{code}/stream HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer}\r\n\r\n"
    stuck.sendall(request.encode())
    return stuck


async def publish(house: Replica, request: DeliveryRequested) -> None:
    await house.floor.bus.publish(request.subject, request.to_bytes(), {}, str(uuid4()))

"""Stations: live streams of 381 and of 3,810, the fan-out beside a bare TCP broadcast, and a catch-up of all.

Readers are in a process of their own; one in a hundred never reads, on a socket of 16 kB.
"""

import argparse
import asyncio
import contextlib
import os
import secrets
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson

from benchmarks import figures
from benchmarks.station_district import codes, learnt, requests_for
from services.channels.pull.stations import wording
from services.channels.pull.stations.actions.deliver import deliver
from services.channels.pull.stations.app import open_stations
from services.channels.pull.stations.store import waiting
from services.kit.crypto import KeyFolder, init_keys
from services.kit.http import create_app
from services.kit.jetstream import apply
from services.kit.migrate import upgrade_async
from services.kit.process import Floor, Service, cancel, open_floor
from services.kit.process import run as serve
from services.kit.settings import Settings
from services.laptop.children import nats_child

BUFFER = 16 * 1024
GOALS = {381: 1.5, 3810: 3.5}
PATIENCE_S = 60.0
HELLO = 1
"""The greeting comes before the first alert."""


def options(parser: argparse.ArgumentParser) -> None:
    """Declare what may be asked."""
    parser.add_argument("--stations", type=int, nargs="+", default=[381, 3810])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--missed", type=int, default=10, help="warnings that all miss before they come back")


def run(arguments: argparse.Namespace) -> None:
    """Print the figures for each number of stations."""
    for count in arguments.stations:
        asyncio.run(_measured(count, arguments.rounds, arguments.missed))


@dataclass
class Readers:
    """The process of the readers."""

    process: asyncio.subprocess.Process

    async def do(self, what: str, **how: Any) -> dict[str, Any]:
        """Have something done, and return the answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(orjson.dumps({"do": what, **how}) + b"\n")
        answer: dict[str, Any] = orjson.loads(await self.process.stdout.readline())
        return answer


@asynccontextmanager
async def _readers() -> AsyncIterator[Readers]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.readers"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**26,
    )
    try:
        yield Readers(process)
    finally:
        process.terminate()
        await process.wait()


@dataclass
class House:
    """The running house, and the keys of its stations."""

    floor: Floor
    service: Service
    port: int
    keys: dict[str, str]

    def request(self, code: str, after: int) -> str:
        """Return the request by which a station opens its stream."""
        return (
            f"GET /api/v1/stations/{code}/stream HTTP/1.1\r\nHost: x\r\nLast-Event-ID: {after}\r\n"
            f"Authorization: Bearer {self.keys[code]}\r\n\r\n"
        )

    async def stored(self) -> set[UUID]:
        """Store an alert for everybody, and tell nobody."""
        ids: set[UUID] = set()
        for request in requests_for(self.keys):
            async with self.service.houses[0].db.transaction() as tx:
                await deliver(tx, request, ids.add)
        return ids


@asynccontextmanager
async def _house(count: int) -> AsyncIterator[House]:
    with tempfile.TemporaryDirectory() as name, socket.socket() as free, socket.socket() as bus:
        folder = Path(name)
        for each in (free, bus):
            each.bind(("127.0.0.1", 0))
        port, bus_port = free.getsockname()[1], bus.getsockname()[1]
        free.close()
        bus.close()
        init_keys(KeyFolder(folder / "keys"))
        os.environ["YUTIAN_STATIONS_KEEPALIVE_S"] = "300"
        async with nats_child(folder / "nats", bus_port) as nats_url:
            settings = Settings.load(
                var=folder, port=port, nats_url=nats_url, internal_key=secrets.token_hex(16)
            )
            await upgrade_async(settings.database("stations"), "services.channels.pull.stations.migrations")
            async with open_floor(settings, "bench") as floor:
                await apply(floor.bus.jetstream, 1)
                service = await open_stations(floor)
                serving = asyncio.ensure_future(
                    serve(settings, create_app(floor, [service]), [service], floor.bus)
                )
                keys = await learnt(service.houses[0].db, floor.crypto, count)
                await _listening(port)
                try:
                    yield House(floor, service, port, keys)
                finally:
                    await cancel([serving])


async def _listening(port: int) -> None:
    while True:
        with contextlib.suppress(OSError):
            (await asyncio.open_connection("127.0.0.1", port))[1].close()
            return
        await asyncio.sleep(0.02)


async def _measured(count: int, rounds: int, missed: int) -> None:
    print(f"\n{count:,} stations, {max(1, count // 100)} of them stuck, {rounds} rounds")
    async with _house(count) as house, _readers() as readers:
        everybody = codes(count)
        stuck, reading = everybody[: max(1, count // 100)], everybody[max(1, count // 100) :]
        requests = [house.request(code, 0) for code in reading]
        how = {"stuck": [house.request(code, 0) for code in stuck], "buffer": BUFFER}
        await readers.do("open", port=house.port, requests=requests, **how)
        await readers.do("wait", frames=HELLO, within_s=PATIENCE_S)
        road = await _road(house, readers, rounds, len(reading))
        ours = await _fan_out(house, readers, rounds, HELLO + rounds, len(reading))
        await readers.do("close")
        bare = await _bare(readers, len(reading), len(stuck), rounds)
        _print("request on the bus to station received", road)
        _print("bare TCP broadcast, the floor", bare)
        _print("fan-out", ours)
        ratio = _percentile(ours, 0.99) / _percentile(bare, 0.99)
        goal = min((goal for n, goal in GOALS.items() if n >= count), default=GOALS[3810])
        figures.at_most("fan-out at p99", ratio, "x bare", goal)
        await _caught_up(house, readers, reading, missed)


async def _settled(house: House) -> None:
    """Wait until nobody is being caught up: a round begins when the one before is over."""
    while not house.service.parts["stations"].hub.settled():  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def _road(house: House, readers: Readers, rounds: int, count: int) -> list[float]:
    """Measure from what the router says on the bus to the last byte at each station."""
    taken: list[float] = []
    for number in range(rounds):
        await _settled(house)
        begun = time.monotonic()
        for request in requests_for(house.keys):
            await house.floor.bus.publish(request.subject, request.to_bytes(), {}, str(uuid4()))
        taken += await _round(readers, HELLO + number + 1, begun, count)
    return taken


async def _fan_out(house: House, readers: Readers, rounds: int, frames: int, count: int) -> list[float]:
    """Measure the fan-out alone: what is stored already, from the first write on."""
    hub = house.service.parts["stations"].hub
    take, begun = hub.shelf.take, [0.0]

    async def timed(caught: Any) -> Any:
        found = await take(caught)
        begun[0] = time.monotonic()
        return found

    hub.shelf.take = timed
    taken: list[float] = []
    for number in range(rounds):
        await _settled(house)
        await hub.tell(await house.stored())
        taken += await _round(readers, frames + number + 1, begun[0], count)
    hub.shelf.take = take
    return taken


async def _round(readers: Readers, frames: int, begun: float, count: int) -> list[float]:
    answer = await readers.do("wait", frames=frames, within_s=PATIENCE_S)
    if len(answer["at"]) < count:
        sys.exit(f"{count - len(answer['at'])} stations did not receive: they count as stuck")
    return [at - begun for at in answer["at"]]


async def _bare(readers: Readers, count: int, stuck: int, rounds: int) -> list[float]:
    """Measure the same bytes, written to each connection of a plain server."""
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(
        lambda _, writer: writers.append(writer), "127.0.0.1", 0, backlog=8192
    )
    port = server.sockets[0].getsockname()[1]
    await readers.do("open", port=port, requests=["x"] * count, stuck=["x"] * stuck, buffer=BUFFER)
    while len(writers) < count + stuck:  # noqa: ASYNC110 (they connect in their own time)
        await asyncio.sleep(0.01)
    payload = b"x" * _frame_size() + b"\n\n"
    taken: list[float] = []
    for number in range(rounds):
        begun = time.monotonic()
        for writer in writers:
            writer.write(payload)
        taken += await _round(readers, number + 1, begun, count)
    server.close()
    await readers.do("close")
    return taken


def _frame_size() -> int:
    (request, *_) = requests_for({codes(1)[0]: ""})
    return len(wording.notices(request)[0].payload) + len(b"id: 1\nevent: alert\ndata: {'sequence':1,\n\n")


async def _caught_up(house: House, readers: Readers, reading: Sequence[str], missed: int) -> None:
    """Measure how long it takes until all have what they missed, when all come back at once."""
    async with house.service.houses[0].db.read() as connection:
        last = max((await waiting.lasts(connection)).values())
    for _ in range(missed):
        await house.stored()
    requests = [house.request(code, last) for code in reading]
    answer = await readers.do("open", port=house.port, requests=requests, stuck=[], buffer=BUFFER)
    at = await _round(readers, HELLO + missed, answer["begun"], len(reading))
    figures.plain(f"all are back and have {missed} warnings that they missed", max(at) * 1000, "ms")


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _print(name: str, values: Sequence[float]) -> None:
    middle, late, last = statistics.median(values), _percentile(values, 0.99), max(values)
    print(f"{name:44} p50 {middle * 1000:8.1f}   p99 {late * 1000:8.1f}   max {last * 1000:8.1f} ms")

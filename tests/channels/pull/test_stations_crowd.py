"""Everybody at once, the half open among them, and a bus that restarts under open streams.

YUTIAN_TEST_CONNECTS=5000 makes the crowd as large as a district's outage would.
"""

import asyncio
import os
import resource
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.channels.pull.stations_make import ONE, TWO, Replica, a_replica, a_request, codes, soon
from tests.channels.pull.stream_make import listening, publish
from tests.servers import NatsServer

CONNECTS = int(os.environ.get("YUTIAN_TEST_CONNECTS", "400"))
OF_ONE = 8
"""Connections that a station may have."""
WITHIN_S = 30 + CONNECTS / 50

pytestmark = pytest.mark.timeout(60 + 3 * WITHIN_S)

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connected(house: Replica, said: str) -> Connection:
    """Connect and say something."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(house.url.rpartition(":")[2]))
    writer.write(said.encode())
    return reader, writer


def a_stream(house: Replica, code: str) -> str:
    bearer = house.bearer(code)["Authorization"]
    return f"GET /api/v1/stations/{code}/stream HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer}\r\n\r\n"


async def all_see(connections: list[Connection], words: bytes) -> None:
    """Wait until every connection has brought some words."""
    async with asyncio.timeout(WITHIN_S):
        await asyncio.gather(*(reader.readuntil(words) for reader, _ in connections))


async def test_all_who_connect_at_once_are_told_and_the_half_open_hinder_nobody(house: Replica) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    many = codes(CONNECTS // OF_ONE)
    await house.enrol(many)
    half = [await connected(house, said) for said in ("", "GET /live HT", a_stream(house, many[0])[:-2])]
    crowd = await asyncio.gather(*(connected(house, a_stream(house, code)) for code in many * OF_ONE))
    await all_see(crowd, b"event: hello")
    async with httpx.AsyncClient(base_url=house.url, timeout=WITHIN_S) as client:
        await house.ask(a_request(many, uuid4(), notice=soon()))
        answer, _ = await asyncio.gather(client.get("/live"), all_see(crowd, b"event: alert"))
    assert answer.status_code == 200
    for _, writer in [*crowd, *half]:
        writer.close()
    async with asyncio.timeout(WITHIN_S):
        while any(house.hub.followed(code, mode) for code, mode in house.keys):
            await asyncio.sleep(0.02)


async def test_streams_go_on_while_the_bus_restarts(
    sqlite_url: str, a_nats_server: Callable[..., NatsServer], tmp_path: Path
) -> None:
    bus = a_nats_server()
    async with a_replica(sqlite_url, bus.url, tmp_path) as house:
        await house.enrol([ONE, TWO])
        async with listening(house, ONE, TWO) as stations:
            await house.ask(a_request([ONE, TWO], uuid4(), notice=soon()))
            for station in stations:
                await station.until(1)
            await asyncio.to_thread(bus.kill)
            await house.ask(a_request([ONE, TWO], uuid4(), notice=soon()))
            for station in stations:
                await station.until(2)
            await asyncio.to_thread(bus.start)
            request = a_request([ONE, TWO], uuid4(), notice=soon())
            async with asyncio.timeout(40):
                while not house.floor.bus.connected:
                    await asyncio.sleep(0.05)
                await publish(house, request)
            for station in stations:
                assert [one["sequence"] for one in await station.until(3, within_s=40)] == [1, 2, 3]
                assert not station.ended

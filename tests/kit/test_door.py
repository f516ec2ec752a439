"""What is half open keeps no place; what is slow for a good reason keeps its."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any, ClassVar

import pytest
import uvicorn

from services.kit.door import STRAIGHT, UNHEARD_MS, DoorProtocol

PATIENCE_S = 0.4
GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 400000\r\n\r\n"


class Hasty(DoorProtocol):
    """Waits a little only, and keeps its connections to be looked at."""

    patience_s = PATIENCE_S
    made: ClassVar[list[Any]] = []

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.made.append(transport)


async def slowly(_: Any, receive: Any, send: Any) -> None:
    """Read the body late, and answer later still."""
    await asyncio.sleep(3 * PATIENCE_S)
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def a_door(app: Any = slowly) -> AsyncIterator[int]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    server = uvicorn.Server(uvicorn.Config(app, http=Hasty, log_config=None, lifespan="off"))
    server.capture_signals = nullcontext  # type: ignore[method-assign, assignment]
    serving = asyncio.ensure_future(server.serve([listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await serving


async def said_to(port: int, said: bytes) -> bytes:
    """Say something, then nothing; return what comes until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    try:
        async with asyncio.timeout(20):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize("said", [b"", b"GET / HT", GET[:-2], POST, POST + b"x" * 1000])
async def test_a_connection_that_stops_in_the_middle_is_ended(said: bytes) -> None:
    async with a_door() as port:
        assert await said_to(port, said) == b""


@pytest.mark.parametrize("said", [GET, POST + b"x" * 400_000])
async def test_who_waits_for_us_is_not_ended(said: bytes) -> None:
    async with a_door() as port:
        assert (await said_to(port, said)).endswith(b"ok")


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system has no TCP_USER_TIMEOUT")
async def test_the_kernel_ends_a_connection_whose_peer_has_vanished() -> None:
    async with a_door() as port:
        Hasty.made.clear()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        while not Hasty.made:
            await asyncio.sleep(0.01)
        ours = Hasty.made[0].get_extra_info("socket")
        assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNHEARD_MS
        writer.close()


async def test_a_part_of_an_answer_is_written_straight_where_that_may_be() -> None:
    told: list[bool] = []

    async def app(scope: Any, _: Any, send: Any) -> None:
        straight = scope[STRAIGHT]
        told.append(straight(b"before the head"))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        told.append(straight(b"one "))
        await send({"type": "http.response.body", "body": b"two ", "more_body": True})
        told.append(straight(b"three"))
        await send({"type": "http.response.body", "body": b""})
        told.append(straight(b"after the end"))

    async with a_door(app) as port:
        _, _, body = (await said_to(port, GET)).partition(b"\r\n\r\n")
    assert body == b"4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n"
    assert told == [False, True, True, False]


async def test_an_answer_of_a_known_length_and_a_slow_reader_are_not_written_straight() -> None:
    told: list[bool] = []

    async def app(scope: Any, _: Any, send: Any) -> None:
        sized = scope["path"] == "/sized"
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", b"0")] if sized else [],
            }
        )
        if sized:
            told.append(scope[STRAIGHT](b"x"))
        else:
            while scope[STRAIGHT](b"x" * 100_000):
                pass
            told.append(False)
        await send({"type": "http.response.body", "body": b""})

    async with a_door(app) as port:
        assert (await said_to(port, GET.replace(b"/ ", b"/sized ", 1))).endswith(b"\r\n\r\n")
        assert len(await said_to(port, GET)) > 100_000
    assert told == [False, False]

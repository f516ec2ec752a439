"""Many readers of one server in a process of their own: `python -m benchmarks.readers`, told by JSON lines.

A line on stdin asks for connections or for what has come; each is answered by one line on stdout. Times are
those of the system's monotonic clock, which all processes share.
"""

import asyncio
import json
import socket
import sys
import time
from typing import Any

END = b"\n\n"


class Reader(asyncio.Protocol):
    """One connection: it counts the frames, and notes when the end of each came."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.ends: list[float] = []
        self.tail = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        seen = self.tail + data
        count = seen.count(END)
        if count:
            now = time.monotonic()
            self.ends.extend([now] * count)
            seen = seen[seen.rindex(END) + len(END) :]
        self.tail = seen[-1:]


class Crowd:
    """All readers, and those among them that never read."""

    def __init__(self) -> None:
        self.readers: list[Reader] = []
        self.stuck: list[socket.socket] = []

    async def open(self, port: int, requests: list[str], stuck: list[str], buffer: int) -> dict[str, Any]:
        """Connect everybody, a hundred at a time."""
        loop, turns = asyncio.get_running_loop(), asyncio.Semaphore(100)

        async def one(request: str) -> Reader:
            async with turns:
                return (await loop.create_connection(lambda: Reader(request.encode()), "127.0.0.1", port))[1]

        begun = time.monotonic()
        for request in stuck:
            small = socket.socket()
            small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            small.connect(("127.0.0.1", port))
            small.sendall(request.encode())
            self.stuck.append(small)
        self.readers = await asyncio.gather(*(one(request) for request in requests))
        return {"begun": begun}

    async def wait(self, frames: int, within_s: float) -> dict[str, Any]:
        """Wait until everybody has so many frames; return when each had the last of them."""
        end = time.monotonic() + within_s
        while time.monotonic() < end and any(len(one.ends) < frames for one in self.readers):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        return {"at": [one.ends[frames - 1] for one in self.readers if len(one.ends) >= frames]}

    def close(self) -> dict[str, Any]:
        """Hang up."""
        for reader in self.readers:
            if reader.transport is not None:
                reader.transport.abort()
        for one in self.stuck:
            one.close()
        self.readers, self.stuck = [], []
        return {}


async def main() -> None:
    """Do what is asked, line by line, until stdin ends."""
    crowd = Crowd()
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        match asked.pop("do"):
            case "open":
                answer = await crowd.open(**asked)
            case "wait":
                answer = await crowd.wait(**asked)
            case _:
                answer = crowd.close()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())

"""An ingress in small: one address, split by path over the services, in turn over their replicas."""

import asyncio
import contextlib
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

HEAD_LIMIT = 64 * 1024

ROUTES = (
    (r"/api/v1/(preview|explain|rules|plans|duty|backs|ground|registry-copy)|/duty|/static/router", "router"),
    (
        r"/api/v1/(stations|gateways|links|wechat|ebd)|/station\b|/gateways|/links|/feed|/public|/c/|/static/(channels|stations)",
        "channels",
    ),
    (
        r"/api/v1/(push|media|newsrooms)|/media",
        "channels",
    ),
    (r"/api/v1/registry|/registry|/static/registry", "registry"),
    (r"/api/v1/audit|/audit|/static/audit", "audit"),
    (r"/", "issuer"),
)
"""Which service answers which path: the first that fits (design, public faces)."""

Address = tuple[str, int]


class Ingress:
    """Passes each connection's one request to a replica of the service that its path belongs to."""

    def __init__(self, backends: Mapping[str, Sequence[Address]]) -> None:
        self._turns: dict[str, Iterator[Address]] = {
            s: itertools.cycle(found) for s, found in backends.items()
        }
        self._sizes = {service: len(found) for service, found in backends.items()}
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def start(self, port: int = 0) -> None:
        """Listen on a port of this computer."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", port, limit=HEAD_LIMIT, backlog=4096
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut what is open."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            backend = await self._connected(service_of(head))
            if backend is None:
                writer.write(
                    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
                )
            else:
                backend[1].write(closing(head))
                await _pipe_both((reader, writer), backend)
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()
        self._open.discard(writer)

    async def _connected(self, service: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """Connect to the next replica that answers."""
        for _ in range(self._sizes.get(service, 0)):
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(*next(self._turns[service]))
        return None


def service_of(head: bytes) -> str:
    """Return which service a request's head is meant for."""
    path = head.split(b" ", 2)[1].decode("latin-1")
    return next(service for pattern, service in ROUTES if re.match(pattern, path))


def closing(head: bytes) -> bytes:
    """Return the head with one request for this connection: the answer ends by closing it."""
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([lines[0], b"Connection: close", *lines[1:]])


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _pipe_both(front: Ends, back: Ends) -> None:
    """Pass bytes both ways until the back has said all, or the front has gone."""
    up = asyncio.ensure_future(_pipe(front[0], back[1]))
    down = asyncio.ensure_future(_pipe(back[0], front[1]))
    try:
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        if up.done() and not down.done() and not front[0].at_eof():
            await down
        elif up.done() and not down.done():
            await asyncio.wait({down}, timeout=30)
    finally:
        for task in (up, down):
            task.cancel()
        back[1].close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()

"""A small HTTP/1.1 client: pooled requests, and streams of server-sent events. Many at once, cheaply."""

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httptools
import orjson

MOST_QUEUED = 256 * 1024
"""A reader that does not keep up stops reading, as a slow device would."""

MOST_IDLE = 64


class WireLost(Exception):
    """The connection broke, or could not be made."""


@dataclass(frozen=True)
class Answer:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return orjson.loads(self.body)


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    kind: str
    data: bytes
    id: int | None


class _Connection(asyncio.Protocol):
    """One TCP connection, one answer at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.lost = False
        self.begin()

    def begin(self) -> None:
        """Make ready for the next answer."""
        self.parser = httptools.HttpResponseParser(self)
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.complete = False
        self.changed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()
        if len(self.body) > MOST_QUEUED and self.transport is not None and not self.complete:
            self.transport.pause_reading()
        self.changed.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.lost = True
        self.changed.set()

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode().lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.status = self.parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True

    async def until_more(self) -> None:
        """Wait until something came, or the connection is lost."""
        if self.transport is not None and not self.lost:
            self.transport.resume_reading()
        await self.changed.wait()
        self.changed.clear()

    def close(self) -> None:
        """Break the connection off."""
        self.lost = True
        self.changed.set()
        if self.transport is not None:
            self.transport.abort()


class Wire:
    """A client of one server."""

    def __init__(self, base_url: str, *, receive_buffer: int | None = None) -> None:
        parts = urlsplit(base_url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._prefix = parts.path.rstrip("/")
        self._receive_buffer = receive_buffer
        self._idle: list[_Connection] = []

    async def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        wait_s: float = 30,
    ) -> Answer:
        """Send a request and return the whole answer; raise WireLost when none comes."""
        for kept in (True, False):
            connection = self._idle.pop() if kept and self._idle else await self._connect()
            try:
                async with asyncio.timeout(wait_s):
                    return await self._exchange(connection, method, path, headers or {}, body)
            except TimeoutError:
                connection.close()
                raise WireLost("no answer in time") from None
            except WireLost:
                # A connection that was kept may have been closed by the server meanwhile.
                if not kept:
                    raise
            except asyncio.CancelledError:
                connection.close()
                raise
        raise WireLost("no answer")

    async def _exchange(
        self, connection: _Connection, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        connection.begin()
        self._send(connection, method, path, headers, body)
        while not connection.complete:
            if connection.lost:
                raise WireLost("the connection broke")
            await connection.until_more()
        answer = Answer(connection.status, connection.headers, bytes(connection.body))
        if not connection.lost and connection.parser.should_keep_alive() and len(self._idle) < MOST_IDLE:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    async def events(self, path: str, headers: Mapping[str, str]) -> AsyncGenerator[Event, None]:
        """Follow a stream of events until it ends; raise WireLost when it breaks or is refused."""
        connection = await self._connect()
        try:
            connection.begin()
            self._send(connection, "GET", path, {**headers, "Accept": "text/event-stream"}, b"")
            while True:
                while (end := connection.body.find(b"\n\n")) >= 0:
                    block = bytes(connection.body[:end])
                    del connection.body[: end + 2]
                    if event := _event(block):
                        yield event
                if connection.status not in (0, 200):
                    raise WireLost(f"the stream was refused: {connection.status}")
                if connection.lost or connection.complete:
                    raise WireLost("the stream ended")
                await connection.until_more()
        finally:
            connection.close()

    def _send(
        self, connection: _Connection, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> None:
        if connection.transport is None or connection.lost:
            raise WireLost("the connection broke")
        lines = [f"{method} {self._prefix}{path} HTTP/1.1", f"host: {self._host}:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body or method == "POST":
            lines.append(f"content-length: {len(body)}")
        connection.transport.write("\r\n".join([*lines, "", ""]).encode() + body)

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(10):
                if self._receive_buffer is None:
                    _, connection = await loop.create_connection(
                        _Connection, self._host, self._port, ssl=self._tls
                    )
                else:
                    _, connection = await loop.create_connection(_Connection, sock=await self._small_socket())
        except (OSError, TimeoutError) as error:
            raise WireLost(f"no connection: {type(error).__name__}") from None
        return connection

    async def _small_socket(self) -> socket.socket:
        """Return a connected socket that takes little before its reader must read."""
        small = socket.socket()
        small.setblocking(False)
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer or 0)
        await asyncio.get_running_loop().sock_connect(small, (self._host, self._port))
        return small

    def close(self) -> None:
        """Break off all connections that are kept."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()


def _event(block: bytes) -> Event | None:
    kind, data, number = "message", b"", None
    for line in block.split(b"\n"):
        name, _, value = line.partition(b": ")
        match name:
            case b"event":
                kind = value.decode()
            case b"data":
                data = value
            case b"id":
                number = int(value)
    return Event(kind, data, number) if data else None

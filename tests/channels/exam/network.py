"""A network to one partner that a function spoils, and all the bad answers that we know of."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import httpx
from fastapi import FastAPI

Forward = Callable[[], Awaitable[httpx.Response]]
Spoil = Callable[[httpx.Request, Forward], Awaitable[httpx.Response]]


class Network(httpx.AsyncBaseTransport):
    """A network to one sandbox; it loses, breaks or changes what a test tells it to."""

    def __init__(self, app: FastAPI) -> None:
        self.inner = httpx.ASGITransport(app)
        self.calls: list[tuple[str, str]] = []
        self.hosts: list[str] = []
        """At which address each call was made."""
        self.dead: set[str] = set()
        """Addresses where nobody is."""
        self.reached = asyncio.Event()
        self._spoils: list[tuple[str, int, Spoil]] = []
        self._under_way: set[asyncio.Task[httpx.Response]] = set()

    def spoil(self, by: Spoil, path: str, times: int = 1) -> None:
        """Let the next calls of a path go wrong."""
        self._spoils.append((path, times, by))

    def heal(self) -> None:
        """Let everything go well again."""
        self._spoils.clear()

    async def settled(self) -> None:
        """Wait until the partner has done what had reached it, answered or not."""
        while self._under_way:
            await asyncio.wait(set(self._under_way))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append((request.method, request.url.path))
        self.hosts.append(request.url.host)
        self.reached.set()
        if request.url.host in self.dead:
            raise httpx.ConnectError("refused")

        async def forward() -> httpx.Response:
            # What has reached a partner is done there, whether or not we still wait for the answer.
            task = asyncio.ensure_future(self.inner.handle_async_request(request))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            return await asyncio.shield(task)

        by = self._next_spoil(request.url.path)
        return await (by(request, forward) if by else forward())

    def _next_spoil(self, path: str) -> Spoil | None:
        for n, (prefix, times, by) in enumerate(self._spoils):
            if path.startswith(prefix):
                if times == 1:
                    del self._spoils[n]
                else:
                    self._spoils[n] = (prefix, times - 1, by)
                return by
        return None


class _Breaks(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"status": "acc'
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


class _NeverEnds(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b"x" * (1 << 16)
            await asyncio.sleep(0)


class _Drips(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.01)


def answering(status: int, content: bytes = b"", **headers: str) -> Spoil:
    """Return a spoil that answers in the partner's place."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def spoil(request: httpx.Request, forward: Forward) -> httpx.Response:
        return httpx.Response(status, headers=named, stream=httpx.ByteStream(content))

    return spoil


def streaming(stream: httpx.AsyncByteStream) -> Spoil:
    async def spoil(request: httpx.Request, forward: Forward) -> httpx.Response:
        return httpx.Response(200, stream=stream)

    return spoil


def raising(error: Exception) -> Spoil:
    async def spoil(request: httpx.Request, forward: Forward) -> httpx.Response:
        raise error

    return spoil


def after_acting(by: Spoil) -> Spoil:
    """Return a spoil that lets the partner act, and spoils its answer."""

    async def spoil(request: httpx.Request, forward: Forward) -> httpx.Response:
        await forward()
        return await by(request, forward)

    return spoil


async def hanging(request: httpx.Request, forward: Forward) -> httpx.Response:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def echoing_kinds(request: httpx.Request) -> list[bytes]:
    """Return everything that was sent, in the forms in which partners speak of errors."""
    sent = f"{request.url} {dict(request.headers)} {(await request.aread())!r}"
    shapes: list[dict[str, Any]] = [
        {"status": "rejected", "reason": sent},
        {"errcode": 47003, "errmsg": sent},
        {"errcode": -1, "errmsg": sent},
        {"error": {"code": 1003, "message": sent}},
        {"status": sent, "errcode": sent, "error": sent, "msg_id": sent, "msgid": sent, "access_token": sent},
    ]
    return [httpx.Response(200, json=shape).content for shape in shapes] + [sent.encode()]


BAD_ANSWERS: Mapping[str, Spoil] = {
    "a page of HTML": answering(200, b"<html><body>It works!</body></html>", content_type="text/html"),
    "nothing at all": answering(200),
    "204": answering(204),
    "JSON null": answering(200, b"null"),
    "a JSON list": answering(200, b"[]"),
    "a JSON number": answering(200, b"7"),
    "half of a JSON object": answering(200, b'{"errcode": 0, "msg'),
    "another object": answering(200, b'{"ok": true}'),
    "binary rubbish": answering(200, bytes(range(256)) * 8),
    "500": answering(500, b"oops"),
    "502 with HTML": answering(502, b"<html>bad gateway</html>"),
    "503": answering(503, b"{}", retry_after="3"),
    "504": answering(504),
    "a redirect": answering(302, location="http://elsewhere.example/"),
    "a redirect for good": answering(308, location="http://elsewhere.example/"),
    "408": answering(408),
    "429": answering(429, b"{}", retry_after="4"),
    "something packed": answering(200, b"\x1f\x8b", content_encoding="br"),
    "a stream without end": streaming(_NeverEnds()),
    "a stream that drips": streaming(_Drips()),
    "a body that breaks off": streaming(_Breaks()),
    "a refused connection": raising(httpx.ConnectError("refused")),
    "a certificate that has expired": raising(httpx.ConnectError("certificate has expired")),
    "a read time-out": raising(httpx.ReadTimeout("slow")),
    "a broken pipe": raising(httpx.WriteError("broken")),
    "silence": hanging,
}
LOST_ANSWERS = (
    "a page of HTML",
    "500",
    "a body that breaks off",
    "a read time-out",
    "nothing at all",
    "silence",
)

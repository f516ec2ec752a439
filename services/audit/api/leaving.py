"""Files that leave: lists a few at a time, cut when the process stops, each with a fact of how it ended."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from services.kit.errors import Retry
from services.kit.telemetry import log

MOST = 3
"""So many lists leave at once: each holds a connection to the database now and then."""


@dataclass
class Leaving:
    """The lists that are leaving now, and how whatever left ended."""

    folder: Path | None = None
    """Where temporary files lie; None: where the system has them."""
    now: int = 0
    _endings: set[asyncio.Future[None]] = field(default_factory=set)

    def begin(self) -> None:
        """Take a place; raise Retry when there is none."""
        if self.now >= MOST:
            raise Retry("as many lists are leaving as may at once", after=10, mend="wait for one of them")
        self.now += 1

    def free(self) -> None:
        """Give the place back."""
        self.now -= 1

    async def say(self, said: Coroutine[Any, Any, None]) -> None:
        """Say how something ended, even when whoever fetched it is gone."""
        ending = asyncio.ensure_future(said)
        self._endings.add(ending)
        ending.add_done_callback(self._said)
        await asyncio.shield(ending)

    def _said(self, ending: asyncio.Future[None]) -> None:
        self._endings.discard(ending)
        if not ending.cancelled() and (error := ending.exception()):
            log.error("the end of an export was not recorded", error=type(error).__name__)


async def unless_over(request: Request, work: Coroutine[Any, Any, None]) -> None:
    """Do work before the answer begins; let it be when the process stops, or when nobody waits any more."""
    doing = asyncio.ensure_future(work)
    over = [asyncio.ensure_future(stopping(request).wait()), asyncio.ensure_future(_hung_up(request))]
    try:
        await asyncio.wait({doing, *over}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise Retry("this replica is stopping", after=1)
        doing.result()
    finally:
        await _gone(doing, *over)


def stopping(request: Request) -> asyncio.Event:
    """Return what is set when the process stops."""
    return getattr(request.app.state, "stopping", None) or asyncio.Event()


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _gone(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class FileAnswer(StreamingResponse):
    """A file as it is made; when the process stops, its connection is cut: nobody takes it for whole."""

    def __init__(
        self,
        pieces: AsyncIterator[bytes],
        stop: asyncio.Event,
        end: Callable[[], Awaitable[None]],
        media: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(pieces, headers=dict(headers), media_type=media)
        self.stop = stop
        self.end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and say how it ended."""
        sending = asyncio.ensure_future(super().__call__(scope, receive, send))
        stop = asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait({sending, stop}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            await _gone(sending, stop)
            await self.end()

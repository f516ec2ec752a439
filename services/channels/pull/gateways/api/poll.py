"""Long polls: look, and look again whenever the bell rings, until time is up or the caller leaves."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from fastapi import Request

from services.channels.pull.gateways.parts import Parts

T = TypeVar("T")


async def poll(
    request: Request, given: Parts, bell: str, wait_s: float, look: Callable[[], Awaitable[Sequence[T]]]
) -> Sequence[T]:
    """Return what `look` finds, at the latest after `wait_s`; nothing once the caller has left."""
    request.state.long = wait_s > 0
    clock = asyncio.get_running_loop().time
    end = clock() + wait_s
    with given.bells.listening(bell) as rung:
        found = await look()
        if found or wait_s <= 0:
            return found  # most find something at once, and need nobody to watch whether they stay
        async with _leaving(request) as left:
            while not found and (remaining := end - clock()) > 0:
                await _first_of(rung, left, min(remaining, given.settings.gateways_look_s))
                if left.done():
                    break
                rung.clear()
                found = await look()
    return found


@asynccontextmanager
async def _leaving(request: Request) -> AsyncIterator[asyncio.Future[None]]:
    """Give a future that is done when the caller hangs up or the process stops."""
    task = asyncio.ensure_future(_left(request))
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _left(request: Request) -> None:
    stopping: asyncio.Event = getattr(request.app.state, "stopping", None) or asyncio.Event()
    waits = [asyncio.ensure_future(stopping.wait()), asyncio.ensure_future(_hung_up(request))]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _first_of(bell: asyncio.Event, left: asyncio.Future[None], seconds: float) -> None:
    rung: asyncio.Future[Any] = asyncio.ensure_future(bell.wait())
    try:
        await asyncio.wait([rung, left], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        rung.cancel()

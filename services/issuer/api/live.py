"""Streams: how long they last, and how they wait."""

import asyncio
import contextlib
from collections.abc import Awaitable

from fastapi import Request

LONGEST_S = 1800.0
"""After so long a stream ends, and whoever still may opens it again."""


async def long(request: Request) -> None:
    """Mark a request that lasts, so that it is not measured."""
    request.state.long = True


def ends_of(request: Request) -> tuple[asyncio.Event, float]:
    """Return what ends a stream: the process stops, or its time is over."""
    stopping: asyncio.Event = getattr(request.app.state, "stopping", None) or asyncio.Event()
    return stopping, asyncio.get_running_loop().time() + LONGEST_S


async def woken(change: Awaitable[int], stopping: asyncio.Event) -> None:
    """Wait until something changed or the process stops."""
    waits = {asyncio.ensure_future(change), asyncio.ensure_future(stopping.wait())}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await wait

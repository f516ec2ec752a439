"""One connection's way out: written straight, a little kept for a slow reader, never waited for."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable

from starlette.types import Scope, Send

from services.kit.door import STRAIGHT

MOST_CHUNKS = 32
MOST_BYTES = 512 * 1024
"""What is kept for a reader that is slow; the server's own 64 kB and the kernel's come before it."""

PATIENCE_S = 30.0
"""A reader that takes nothing for so long is stuck."""


def _not_here(_: bytes) -> bool:
    return False


class Pipe:
    """Writes the body of one streamed answer."""

    def __init__(self, scope: Scope, send: Send, stuck: Callable[[], None]) -> None:
        self._straight: Callable[[bytes], bool] = scope.get(STRAIGHT) or _not_here
        self._send = send
        self._stuck = stuck
        self._kept: deque[bytes] = deque()
        self._bytes = 0
        self._drain: asyncio.Task[None] | None = None
        self._free = asyncio.Event()
        self._free.set()

    def write(self, chunk: bytes) -> bool:
        """Write at once, or keep for a slow reader; return False when no more is kept for it."""
        if self._drain is None and (self._straight(chunk) or self._write_now(chunk)):
            return True
        full = len(self._kept) >= MOST_CHUNKS or self._bytes + len(chunk) > MOST_BYTES
        if full and self._kept:
            return False
        self._kept.append(chunk)
        self._bytes += len(chunk)
        self._free.clear()
        if self._drain is None:
            self._drain = asyncio.get_running_loop().create_task(self._drain_kept())
        return True

    @property
    def idle(self) -> bool:
        """True when nothing waits for the reader."""
        return self._drain is None

    async def flushed(self) -> None:
        """Wait until nothing is kept any more."""
        await self._free.wait()

    def _write_now(self, chunk: bytes) -> bool:
        """Take one step of the server's send: it writes at once, or would wait and is taken back."""
        step = self._send({"type": "http.response.body", "body": chunk, "more_body": True}).__await__()
        try:
            next(step)
        except StopIteration:
            return True
        except (OSError, RuntimeError):
            self._stuck()
            return True
        step.close()
        return False

    async def _drain_kept(self) -> None:
        try:
            while self._kept:
                body = {"type": "http.response.body", "body": self._kept[0], "more_body": True}
                async with asyncio.timeout(PATIENCE_S):
                    await self._send(body)
                self._bytes -= len(self._kept.popleft())
        except (TimeoutError, OSError):
            self._stuck()
        finally:
            self._drain = None
            self._free.set()

    async def close(self) -> None:
        """Drop what is kept and end the answer, as far as the reader lets us."""
        if self._drain is not None:
            self._drain.cancel()
        self._kept.clear()
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(PATIENCE_S):
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})

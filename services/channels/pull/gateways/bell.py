"""Bells: wake long polls in this process, and by a poke those of the other replicas.

A ring is a hint: whoever wakes looks into the store. Work wakes one long poll, which wakes the next when it
leaves something over, so that a hundred waiting connections do not all run for one batch. Halts wake all.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from contracts.values import Mode

POKE = "yutian.poke.gateways"
_WORK, _HALTS = "work/", "halts/"

Tell = Callable[[list[str]], Awaitable[None]]
"""Sends the names of bells to every replica; it may be lost."""


def work(gateway: str, mode: Mode) -> str:
    """Return the name of the bell for new work."""
    return f"{_WORK}{mode}/{gateway}"


def halts(gateway: str, mode: Mode) -> str:
    """Return the name of the bell for halts."""
    return f"{_HALTS}{mode}/{gateway}"


class Bells:
    """All bells of a process."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._ears: defaultdict[str, dict[asyncio.Event, None]] = defaultdict(dict)
        self._to_tell: set[str] = set()
        self._telling: asyncio.Task[None] | None = None

    @contextmanager
    def listening(self, name: str) -> Iterator[asyncio.Event]:
        """Give an event that a ring sets; clear it before you look. A ring left unheard goes to the next."""
        ear = asyncio.Event()
        self._ears[name][ear] = None
        try:
            yield ear
        finally:
            del self._ears[name][ear]
            if ear.is_set():
                self.wake(name)

    def ring(self, name: str) -> None:
        """Wake who waits, here and in the other replicas."""
        self.wake(name)
        self._to_tell.add(name)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.ensure_future(self._tell_all())

    def wake(self, name: str) -> None:
        """Wake who waits here: for work the first, for halts everyone."""
        for ear in self._ears[name]:
            if not ear.is_set():
                ear.set()
                if name.startswith(_WORK):
                    return

    async def hear(self, poke: Any) -> None:
        """Wake whoever waits here for the bells of a poke."""
        for name in poke if isinstance(poke, list) else []:
            if name in self._ears:
                self.wake(name)

    async def close(self) -> None:
        """Wait until the other replicas have been told."""
        if self._telling is not None:
            await self._telling

    async def _tell_all(self) -> None:
        while self._to_tell:
            names, self._to_tell = sorted(self._to_tell), set()
            await self._tell(names)

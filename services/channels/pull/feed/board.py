"""The rendered feed, kept in memory, made anew on each change and when an entry expires."""

import asyncio
import contextlib
import hashlib
from dataclasses import dataclass

from services.channels.pull.feed import atom, store
from services.channels.pull.feed.model import Entry, shown
from services.kit.db import Database
from services.kit.errors import Retry

LOOK_S = 1.0
"""How often another replica's change or an expiry is looked for."""


@dataclass(frozen=True)
class Sheet:
    """What readers are given."""

    entries: tuple[Entry, ...]
    atom: bytes
    geojson: bytes
    etag: str


class Board:
    """Keeps the sheet; a crowd of readers costs the database nothing."""

    def __init__(self, db: Database, base_url: str) -> None:
        self.db = db
        self.base_url = base_url
        self._changed = asyncio.Event()
        self._sheet: Sheet | None = None

    def changed(self) -> None:
        """Note that the sheet is old."""
        self._changed.set()

    async def sheet(self) -> Sheet:
        """Return the sheet, made on the first call."""
        return self._sheet or await self.renew()

    async def renew(self) -> Sheet:
        """Make the sheet anew."""
        now = self.db.clock.now()
        entries = shown(await store.current(self.db, now), now)
        places = atom.geojson(entries)
        etag = hashlib.sha256(places + repr([e.published_at for e in entries]).encode()).hexdigest()[:32]
        if self._sheet is None or self._sheet.etag != etag:
            content = atom.feed(entries, self.base_url, now)
            self._sheet = Sheet(tuple(entries), content, places, etag)
        return self._sheet

    async def run(self) -> None:
        """Renew for ever: at once when told, else every second."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), LOOK_S)
            self._changed.clear()
            with contextlib.suppress(Retry):
                await self.renew()

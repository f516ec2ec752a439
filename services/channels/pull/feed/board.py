"""The sheet that readers are given, kept in memory: made anew on each change and when an entry expires."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from services.channels import ground
from services.channels.ground import Ground
from services.channels.pull.feed import shelf, store
from services.channels.pull.feed.model import REMEMBERED, Entry
from services.channels.pull.feed.sheet import Press, Sheet, View
from services.kit.db import Database
from services.kit.errors import Refused, Retry
from services.kit.telemetry import log

LOOK_S = 1.0
"""How often another replica's change or an expiry is looked for."""

STALE = timedelta(seconds=60)
"""After so long without a look at the database the pages say that they may be old."""


LOOK_AT_SHELF = timedelta(seconds=10)
"""How often the files in the folder are looked at, though nothing changed here: others write there too."""


class Board:
    """Keeps the sheet; a crowd of readers costs the database nothing."""

    def __init__(self, db: Database, base_url: str, folder: Path | None = None) -> None:
        self.db = db
        self.press = Press(base_url)
        self.folder = folder
        self._changed = asyncio.Event()
        self._newer = asyncio.Event()
        self._making = asyncio.Lock()
        self._entries: dict[str, Entry] = {}
        self._ground: Sequence[Ground] = ()
        self._stamp: object = None
        self._seen: object = None
        self._sheet: Sheet | None = None
        self._looked_at: datetime | None = None
        self._shelved: tuple[Sheet, datetime] | None = None
        """What lies in the folder, and since when that is known."""
        self.not_shelved: str | None = None
        """Why the newest sheet does not lie in the folder."""

    def changed(self) -> None:
        """Note that the sheet is old."""
        self._changed.set()

    async def sheet(self) -> Sheet:
        """Return the sheet, made on the first call."""
        return self._sheet or await self.renew()

    async def newer(self, etag: str) -> Sheet:
        """Return the sheet as soon as it is another than that which a follower has."""
        while (found := await self.sheet()).etag == etag:
            await self._newer.wait()
        return found

    def view(self, stale_since: datetime | None = None) -> View:
        """Return what is known now."""
        return View(list(self._entries.values()), self._ground, self.db.clock.now(), stale_since)

    async def renew(self) -> Sheet:
        """Look at the database; make the sheet anew if anything differs."""
        async with self._making:
            await self._look()
            self._looked_at = self.db.clock.now()
            return await self._make(None)

    async def run(self) -> None:
        """Renew for ever: at once when told, else every second."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), LOOK_S)
            self._changed.clear()
            try:
                await self.renew()
            except Retry as problem:
                await self._grow_old(problem)

    async def _look(self) -> None:
        """Read what is new, and what has become of the rest; forget what is long over."""
        faces = await store.faces(self.db, self.db.clock.now() - REMEMBERED)
        fresh = await store.entries(
            self.db, [f.delivery_id for f in faces if f.delivery_id not in self._entries]
        )
        known = self._entries | {str(entry.delivery_id): entry for entry in fresh}
        self._entries = {
            f.delivery_id: known[f.delivery_id].faced(f) for f in faces if f.delivery_id in known
        }
        stamp = await ground.stamp(self.db, store.PLACES)
        if stamp != self._stamp:
            self._ground = await ground.known(self.db, store.PLACES)
            self._stamp = stamp

    async def _grow_old(self, problem: Retry) -> None:
        """Say on the pages that they may be old; what has run out since leaves all the same."""
        looked = self._looked_at
        if self._sheet is not None and looked is not None and self.db.clock.now() - looked >= STALE:
            log.error("the public page is old", since=looked.isoformat(), why=problem.why)
            async with self._making:
                await self._make(looked)

    async def _make(self, stale_since: datetime | None) -> Sheet:
        view = self.view(stale_since)
        standing = [(e.delivery_id, e.ended, e.reason, e.in_force(view.now)) for e in view.entries]
        seen = (standing, self._stamp, stale_since)
        if self._sheet is None or self._seen != seen:
            self._sheet, self._seen = await asyncio.to_thread(self.press.sheet, view), seen
            newer, self._newer = self._newer, asyncio.Event()
            newer.set()
        await self._shelve(self._sheet, view)
        return self._sheet

    async def _shelve(self, sheet: Sheet, view: View) -> None:
        """See that the sheet lies in the folder; if it cannot, readers are served here all the same."""
        known, since = self._shelved or (None, view.now)
        fresh = known is sheet and (view.stale_since is not None or view.now < since + LOOK_AT_SHELF)
        if self.folder is None or fresh:
            return
        try:
            await asyncio.to_thread(shelf.put, self.folder, sheet.files)
        except Refused as problem:
            if problem.why != self.not_shelved:
                log.error("the public files are old", why=problem.why, mend=problem.mend)
            self.not_shelved = problem.why
        else:
            self._shelved, self.not_shelved = (sheet, view.now), None

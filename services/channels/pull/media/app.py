"""Wiring of the newsrooms' desk."""

import asyncio
import contextlib

from prometheus_client import Gauge

from services.channels import renderings
from services.channels.pull.media import actions, api, consumers, desk, store, wording
from services.channels.pull.media.model import Presence
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.leadership import Leadership
from services.kit.process import Floor, House, Service

LOOK_S = 5.0
SILENT = Gauge("yutian_newsrooms_silent", "How many newsrooms have a key and have not asked for five minutes")


async def open_media(floor: Floor) -> Service:
    """Open the house."""
    db = await floor.database("media")
    wording.pace()
    house = House(
        db,
        Leadership(db, floor.settings.instance),
        consumers.heard(floor.crypto),
        siblings=[lambda: _clock(db)],
    )
    return Service(
        "media",
        routers=[api.router, api.staff, desk.router, renderings.router],
        houses=[house],
        parts={"media": api.Parts(db, floor.settings.base_url()), "media-looks": wording.LOOKS},
        public=["/api/v1/media", "/media"],
    )


async def _clock(db: Database) -> None:
    """End what runs out, and count who is silent, on every replica: both are harmless twice."""
    while True:
        with contextlib.suppress(Retry):
            while await actions.expire(db):
                pass
            now = db.clock.now()
            rooms = [room for room in await store.newsrooms(db) if room.keys]
            SILENT.set(sum(room.presence(now) is not Presence.HERE for room in rooms))
        await asyncio.sleep(LOOK_S)

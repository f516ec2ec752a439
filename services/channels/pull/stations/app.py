"""Wiring of the stations house."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from services.channels import renderings
from services.channels.pull.stations import consumers
from services.channels.pull.stations.actions import renumber
from services.channels.pull.stations.actions.expire import expire
from services.channels.pull.stations.actions.hear import Heard, Reports, hear
from services.channels.pull.stations.actions.presence import Answer, Beat, beat, judge
from services.channels.pull.stations.api import links, reading, telling
from services.channels.pull.stations.api.parts import Parts
from services.channels.pull.stations.keyring import KeyRing
from services.channels.pull.stations.looks import LOOKS
from services.channels.pull.stations.model import Patience
from services.channels.pull.stations.settings import StationSettings
from services.channels.pull.stations.stream.hub import Hub
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.group import GroupCommit
from services.kit.leadership import Leadership, LostLead
from services.kit.process import Floor, House, Service

HOUSE = "stations"
EXPIRY_S = 1.0
PRESENCE_S = 5.0
"""How often the clocks look for what has run out, and for who has fallen silent."""


async def open_stations(floor: Floor) -> Service:
    """Open the house."""
    settings = StationSettings.load()
    assert isinstance(settings, StationSettings)
    db = await floor.database(HOUSE)
    await renumber.begin(db)
    leadership = Leadership(db, floor.settings.instance)
    hub = Hub(
        db,
        floor.bus,
        floor.settings.instance,
        keepalive_s=settings.stations_keepalive_s,
        sweep_s=settings.stations_sweep_s,
    )
    keys = KeyRing(db)
    hub.on_expelled = keys.forget
    reports: GroupCommit[Reports, list[Heard]] = GroupCommit(db, hear)
    beats: GroupCommit[Beat, Answer] = GroupCommit(db, beat)
    patience = Patience(
        timedelta(seconds=settings.stations_suspect_s), timedelta(seconds=settings.stations_offline_s)
    )
    house = House(
        db,
        leadership,
        subscriptions=consumers.subscriptions_of(floor.crypto, hub.poke, hub.expel),
        siblings=[
            hub.run,
            reports.run,
            beats.run,
            partial(leadership.lead, "presence", lambda: watch_presence(db, leadership, patience)),
            partial(leadership.lead, "expiry", lambda: sweep_expired(db, leadership)),
        ],
    )
    return Service(
        HOUSE,
        routers=[reading.router, telling.router, links.router, renderings.router],
        houses=[house],
        parts={HOUSE: Parts(db, hub, keys, floor.crypto, reports, beats), f"{HOUSE}-looks": LOOKS},
        public=["/api/v1/stations", "/c/"],
    )


async def watch_presence(db: Database, leadership: Leadership, patience: Patience) -> None:
    """Judge who is silent, as long as this replica leads."""
    since = db.clock.now()

    async def look() -> None:
        async with db.transaction() as tx:
            await leadership.guard(tx, "presence")
            await judge(tx, patience, since)

    await _every(PRESENCE_S, look)


async def sweep_expired(db: Database, leadership: Leadership) -> None:
    """Expire what has run out, as long as this replica leads."""

    async def look() -> None:
        await expire(db, lambda tx: leadership.guard(tx, "expiry"))

    await _every(EXPIRY_S, look)


async def _every(seconds: float, look: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await look()
        except LostLead:
            return
        except Retry as error:
            await asyncio.sleep(error.after or seconds)
        await asyncio.sleep(seconds)

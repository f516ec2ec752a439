"""Wiring of the stations house."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from services.channels import renderings
from services.channels.pull.stations import consumers, fallback
from services.channels.pull.stations.actions import renumber
from services.channels.pull.stations.actions.expire import expire
from services.channels.pull.stations.actions.hear import Heard, Reports, hear
from services.channels.pull.stations.actions.presence import Answer, Beat, beat, judge
from services.channels.pull.stations.api import access, backs, links, reading, screen, telling
from services.channels.pull.stations.api.parts import Parts
from services.channels.pull.stations.keyring import KeyRing
from services.channels.pull.stations.looks import LOOKS
from services.channels.pull.stations.model import Patience
from services.channels.pull.stations.mqtt.courier import LEASE, Courier
from services.channels.pull.stations.mqtt.inbox import Inbox
from services.channels.pull.stations.mqtt.mailboxes import Mailboxes
from services.channels.pull.stations.mqtt.users import Users, Warden, courier_password
from services.channels.pull.stations.screen.trust import trusted
from services.channels.pull.stations.settings import StationSettings
from services.channels.pull.stations.stream.hub import Hub
from services.kit.db import Database
from services.kit.errors import Invalid, Retry
from services.kit.group import GroupCommit
from services.kit.leadership import Leadership, LostLead
from services.kit.process import Floor, House, Service, Sibling

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
    users = Users(db, floor.crypto, _warden(settings))
    reports: GroupCommit[Reports, list[Heard]] = GroupCommit(db, hear)
    beats: GroupCommit[Beat, Answer] = GroupCommit(db, beat)
    parts = Parts(db, hub, keys, floor.crypto, reports, beats, users)

    def learned(revoked: set[str]) -> None:
        users.changed()
        if revoked:
            hub.expel(revoked)

    patience = Patience(
        timedelta(seconds=settings.stations_suspect_s), timedelta(seconds=settings.stations_offline_s)
    )
    beidou = []
    if settings.stations_beidou_port:
        fallback.fallback_of(settings)
        watch = partial(fallback.watch, db, leadership, settings)
        beidou.append(partial(leadership.lead, fallback.LEAD, watch))
    house = House(
        db,
        leadership,
        subscriptions=consumers.subscriptions_of(floor.crypto, hub.poke, learned),
        siblings=[
            hub.run,
            reports.run,
            beats.run,
            partial(leadership.lead, "presence", lambda: watch_presence(db, leadership, patience)),
            partial(leadership.lead, "expiry", lambda: sweep_expired(db, leadership)),
            *([users.run] if users.warden else []),
            *([_courier(parts, leadership, settings)] if settings.mqtt_url else []),
            *beidou,
        ],
    )
    return Service(
        HOUSE,
        routers=[
            screen.page,
            screen.router,
            access.router,
            reading.router,
            telling.router,
            backs.router,
            links.router,
            renderings.router,
        ],
        houses=[house],
        parts={HOUSE: parts, f"{HOUSE}-looks": LOOKS, f"{HOUSE}-trust": partial(trusted, floor.keys)},
        public=["/api/v1/stations", "/station", "/static/stations", "/c/"],
    )


def _warden(settings: StationSettings) -> Warden | None:
    if settings.mqtt_users is None:
        return None
    if settings.mqtt_pid is None:
        raise Invalid("setting YUTIAN_MQTT_PID", "is missing", "name the file with nats-server's process")
    return Warden(settings.mqtt_users, settings.mqtt_pid)


def _courier(parts: Parts, leadership: Leadership, settings: StationSettings) -> Sibling:
    """Return the MQTT client's work, which one replica at a time does."""
    boxes = Mailboxes(parts.hub.shelf)
    courier = Courier(
        parts.db,
        leadership,
        parts.hub,
        boxes,
        Inbox(parts, boxes),
        settings.mqtt_url,
        courier_password(parts.crypto),
        settings.stations_sweep_s,
    )
    return partial(leadership.lead, LEASE, courier.run)


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

"""Wiring of the push houses: the same engine for every channel, with the adapter from the table."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from fastapi import APIRouter

from contracts.values import Channel
from services.channels import renderings
from services.channels.push import api, consumers, looks, pages
from services.channels.push.actions import take
from services.channels.push.adapter import Adapter
from services.channels.push.adapters import ADAPTERS, Ground
from services.channels.push.broadcast import api as ebd_api
from services.channels.push.broadcast import door as ebd_door
from services.channels.push.broadcast.adapter import Broadcast
from services.channels.push.links import Links
from services.channels.push.settings import PushSettings
from services.channels.push.web import api as web_api
from services.channels.push.wechat import api as wechat_api
from services.channels.push.wechat import mass_api
from services.channels.push.wechat.adapter import Wechat
from services.channels.push.wechat.mass import Masses
from services.channels.push.worker import Workers
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.leadership import Leadership
from services.kit.process import Floor, House, Opener, Service

FORGET_EVERY_S = 3600.0
_MOST_CONNECTIONS = httpx.Limits(max_connections=64, max_keepalive_connections=16)


def open_push(channel: Channel) -> Opener:
    """Return the opener of a channel's house."""

    async def open_house(floor: Floor) -> Service:
        # The client's own log writes whole addresses, and WeChat's hold the token.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        settings = PushSettings.load()
        db = await floor.database(channel)
        # A client of its own: one partner that hangs takes no connection from another.
        http = await floor.stack.enter_async_context(httpx.AsyncClient(limits=_MOST_CONNECTIONS))
        ground = Ground(settings, db, http, floor.crypto, floor.keys)
        adapter = ADAPTERS[channel](ground)
        workers = Workers(db, adapter, floor.crypto)
        links = Links(db, adapter, settings.links_every_s, ground.lines)
        leadership = Leadership(db, floor.settings.instance)
        house = House(
            db,
            leadership,
            consumers.heard(channel, workers.wake, floor.crypto, looks.looks(channel, settings)),
            siblings=[
                workers.run,
                lambda: links.run(leadership),
                lambda: leadership.lead("forget", lambda: _forget(db)),
            ],
        )
        routers, parts, public = _faces(adapter, db, settings, workers, floor)
        return Service(
            channel,
            routers=[api.router, pages.router, renderings.router, *routers],
            houses=[house],
            parts={
                channel: api.Parts(links),
                f"{channel}-looks": looks.looks(channel, settings),
                **parts,
            },
            public=public,
        )

    return open_house


open_broadcast = open_push(Channel.BROADCAST)
open_cable = open_push(Channel.CABLE)
open_wechat = open_push(Channel.WECHAT)
open_app = open_push(Channel.APP)
open_voice = open_push(Channel.VOICE)
open_web = open_push(Channel.WEB)
open_weibo = open_push(Channel.WEIBO)
open_upper = open_push(Channel.UPPER)


Faces = tuple[Sequence[APIRouter], Mapping[str, Any], Sequence[str]]


def _faces(adapter: Adapter, db: Database, settings: PushSettings, workers: Workers, floor: Floor) -> Faces:
    """Return what only one channel shows: to those who tell us something of their own accord."""
    if adapter.channel is Channel.WEB:
        given = web_api.parts_of(db, floor.crypto, floor.keys, settings, workers.told)
        return (web_api.router,), {"web-browsers": given}, ("/api/v1/push",)
    if isinstance(adapter, Wechat):
        return _faces_of_wechat(adapter, settings, workers)
    if isinstance(adapter, Broadcast):
        doors = ebd_api.DoorParts(ebd_door.doors(adapter, db))
        return (ebd_api.router,), {f"{adapter.channel}-door": doors}, (ebd_api.PREFIX,)
    return (), {}, ()


def _faces_of_wechat(adapter: Wechat, settings: PushSettings, workers: Workers) -> Faces:
    masses = Masses(workers.db, adapter.client, settings.wechat_drill_tag)
    token = settings.wechat_callback_token
    parts = {
        "wechat-events": wechat_api.EventParts(workers.db, token, workers.told, masses.ended),
        "wechat-masses": mass_api.MassParts(masses, adapter.quota),
    }
    return (wechat_api.router, mass_api.router), parts, ("/api/v1/wechat/events",)


async def _forget(db: Database) -> None:
    while True:
        with contextlib.suppress(Retry):
            await take.forget(db, db.clock.now())
        await asyncio.sleep(FORGET_EVERY_S)

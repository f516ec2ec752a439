"""Browsers for tests: a house with the API of its pages, and a push service."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
from fastapi import FastAPI

from contracts.values import Channel
from sandbox import webpush
from sandbox.browsers import Browser as Citizen
from services.channels.push.actions import hear
from services.channels.push.calling import Line
from services.channels.push.settings import PushSettings
from services.channels.push.store.tables import PLACES
from services.channels.push.web import api
from services.channels.push.web.adapter import Web
from services.channels.push.web.post import Post
from services.channels.push.web.vapid import Vapid, init_vapid_key
from services.channels.push.worker import Workers
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.problems import add_errors
from tests.channels.push.push_make import (
    START,
    TOWNS,
    PushHouse,
    an_open_database,
)
from tests.clock import HandClock

ORIGIN = "https://updates.push.services.mozilla.com"
API = "/api/v1/push/subscriptions"
FIRST, SECOND = (code[:9] for code in TOWNS)


@dataclass
class Web1:
    """A house with its pages' API, and a push service."""

    house: PushHouse
    service: webpush.Service
    http: httpx.AsyncClient

    async def subscribe(self, citizen: Citizen, **wishes: object) -> dict[str, object]:
        endpoint = self.service.add(citizen)
        body = {"endpoint": endpoint, "keys": citizen.keys(), "towns": [FIRST], **wishes}
        answer = await self.http.post(API, json=body)
        assert answer.status_code == 201, answer.text
        found: dict[str, object] = answer.json()
        return found | {"endpoint": endpoint}

    async def later(self) -> None:
        await self.service.settled()
        while await hear.fold(self.house.db):
            pass


async def _places(db: Database) -> None:
    async with db.transaction() as tx:
        rows = [
            {"code": code, "town": code, "name": code, "name_en": "", "shape": b"[[1,1]]", "gone": "no"}
            for code in (FIRST, SECOND)
        ]
        await tx.execute(PLACES.insert(), [row | {"heard_at": START} for row in rows])


@contextlib.asynccontextmanager
async def a_web_house(url: str, crypto: SoftwareCrypto, clock: HandClock) -> AsyncIterator[Web1]:
    """A house with the push service of the sandbox."""
    init_vapid_key(crypto.keys)
    db = await an_open_database(url, Channel.WEB, clock)
    await _places(db)
    ours = FastAPI()
    ours.include_router(api.router)
    add_errors(ours)
    settings = PushSettings.load(web_contact="ops@w.example", web_most_browsers=3)
    ours.state.parts = {"web-browsers": api.parts_of(db, crypto, crypto.keys, settings, lambda: None)}
    ours.state.databases = {"web": db}
    http = httpx.AsyncClient(transport=httpx.ASGITransport(ours), base_url="https://w.example")
    service = webpush.Service(ORIGIN, "https://w.example/api/v1/push/shown", http, now=clock)
    outside = httpx.AsyncClient(transport=httpx.ASGITransport(webpush.create(service)))
    post = Post(Line(outside, "the push service", "", 2), Vapid(crypto.keys, "ops@w.example"), per_s=1000)
    workers = Workers(db, Web(db, crypto, post, "https://w.example/public"), crypto)
    async with http, outside:
        yield Web1(PushHouse(db, clock, workers, crypto), service, http)
    await db.close()

"""The adapter to browsers takes the exam, with the push service of the sandbox and browsers that open it."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx
from fastapi import FastAPI

from contracts.outcome import TargetState
from contracts.values import Channel
from sandbox import webpush
from sandbox.browsers import Browser as Citizen
from services.channels.push.actions import hear
from services.channels.push.adapter import Adapter
from services.channels.push.settings import PushSettings
from services.channels.push.store import browsers
from services.channels.push.web import api
from services.channels.push.web.adapter import Web
from services.channels.push.web.post import Post
from services.channels.push.web.vapid import Vapid, init_vapid_key
from services.channels.push.web.wishes import Address, Wishes
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.problems import add_errors
from tests.channels.exam import Candidate, Network, answering
from tests.channels.push.push_make import TOWNS, PushHouse
from tests.clock import HandClock

ORIGIN = "http://push.example:8080"
CONTACT = "warnings@qijiang.example"
PUSHED = tuple(code[:9] for code in TOWNS)


class WebCandidate(Candidate):
    """The push service of the sandbox: a browser in each town, and one that shows drills as well."""

    channel = Channel.WEB
    path = webpush.PUSH
    arrived = TargetState.RECEIVED
    many_addresses = False
    times = at_once = 2 * len(TOWNS)

    def __init__(self, clock: HandClock, crypto: SoftwareCrypto) -> None:
        super().__init__(clock, crypto)
        init_vapid_key(crypto.keys)
        self.vapid = Vapid(crypto.keys, CONTACT)
        self.service = webpush.Service(ORIGIN, "http://ours/api/v1/push/shown", now=clock, faults=self.faults)
        key_id, pair = self.vapid.active()
        self.citizens: list[tuple[Address, str, Wishes]] = []
        for town in PUSHED:
            for drills in (False, True):
                citizen = Citizen(towns=(town,), drills=drills)
                endpoint = self.service.add(citizen, pair.public)
                keys = citizen.keys()
                address = Address(endpoint, keys["p256dh"], keys["auth"])
                self.citizens.append((address, key_id, Wishes(frozenset({town}), drills=drills)))
        self.secrets = tuple(
            part for address, *_ in self.citizens for part in (address.endpoint, address.p256dh, address.auth)
        )

    def app(self) -> FastAPI:
        return webpush.create(self.service)

    def adapter(self, http: httpx.AsyncClient, db: Database, url: str) -> Adapter:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, self._come(db)).result()
        ours = FastAPI()
        ours.include_router(api.router)
        add_errors(ours)
        given = api.parts_of(db, self.crypto, self.crypto.keys, PushSettings.load(), lambda: None)
        ours.state.parts = {"web-browsers": given}
        self.service.http = httpx.AsyncClient(transport=httpx.ASGITransport(ours))
        vapid = self.vapid if url else Vapid(self.crypto.keys, "")
        return Web(db, self.crypto, Post(self.line(http, url), vapid, per_s=1000), "https://w.example/public")

    async def _come(self, db: Database) -> None:
        """Let the citizens subscribe, before anybody is warned."""
        folder = Database(db.house, f"sqlite:///{db.reader.url.database}", self.clock)
        async with folder.transaction() as tx:
            for citizen in self.citizens:
                await browsers.keep(tx, self.crypto, *citizen)
        await folder.close()

    def _received(self, *, over: bool) -> int:
        return len(
            {
                (name, said["revision"], said["halted"], *said.get("tell", ()))
                for name, browser in self.service.browsers.items()
                for said in browser.received
                if said["over"] is over
            }
        )

    def said(self) -> int:
        return self._received(over=False)

    def standing(self) -> int:
        return sum(len(browser.standing()) for browser in self.service.browsers.values())

    def lifted(self) -> int:
        return self._received(over=True)

    def forget(self) -> None:
        for browser in self.service.browsers.values():
            browser.newest.clear()

    def refusals(self) -> Mapping[str, Callable[[Network], None]]:
        return {str(code): self._answering(code) for code in (400, 413, 410)}

    def to_be_mended(self) -> Mapping[str, Callable[[Network], None]]:
        return {str(code): self._answering(code) for code in (401, 403, 405, 429)}

    @staticmethod
    def _answering(status: int) -> Callable[[Network], None]:
        return lambda network: network.spoil(answering(status, b"no"), webpush.PUSH, times=99)

    async def later(self, house: PushHouse) -> None:
        await self.service.settled()
        while await hear.fold(house.db):
            pass

    def check_drill(self) -> None:
        shown = {browser.drills: browser.shown for browser in self.service.browsers.values()}
        assert shown[False] == []
        assert shown[True]
        for said in shown[True]:
            assert said["drill"]
            assert "演练" in said["title"]
            assert "演练" in said["body"]

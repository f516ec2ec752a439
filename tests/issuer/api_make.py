"""The API of the issuer for tests: an app, and people who are signed in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import orjson
from argon2 import PasswordHasher
from fastapi import FastAPI

from services.issuer import actions, api, store
from services.issuer.watch import Watch
from services.kit import ids
from services.kit.crypto import KeyFolder, init_keys
from services.kit.http import create_app
from services.kit.leadership import Leadership
from services.kit.process import House, Service
from services.kit.settings import Settings
from tests.issuer.issuer_make import Office, a_doorman, an_account
from tests.issuer.reports_make import FakeBus

PASSWORD = "Yt-right-horse"
PEOPLE = (
    {"username": "zhang", "name": "张敏", "role": "drafter"},
    {"username": "li", "name": "李强", "role": "checker"},
    {"username": "wang", "name": "王芳", "role": "signer"},
    {"username": "sun", "name": "孙丽", "role": "auditor"},
)
DRAFT = {
    "mode": "live",
    "hazard": "11B03",
    "level": "ORANGE",
    "selection": {"towns": ["500110110", "500110111"]},
}


@cache
def _hash() -> str:
    """Return the hash of everybody's password, made once: it is slow on purpose."""
    return PasswordHasher().hash(PASSWORD)


class Bus(FakeBus):
    async def ping(self) -> None:
        """Answer."""


class Client:
    """The API as one person uses it."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, *, status: int = 200, **more: Any) -> Any:
        """Send a request, expect a status, return the answer's JSON or bytes."""
        headers = {**self.headers, **more.pop("headers", {})}
        reply = await self.http.request(method, f"/api/v1{path}", headers=headers, **more)
        assert reply.status_code == status, reply.text
        self.reply = reply
        is_json = "json" in reply.headers.get("content-type", "")
        return orjson.loads(reply.content) if is_json else reply.content

    async def approve(self, warning: dict[str, Any], *, status: int = 200) -> Any:
        """Approve what a warning says."""
        body = {k: warning[k] for k in ("content_sha256", "manifest_sha256")}
        path = f"/warnings/{warning['warning_id']}/approve"
        return await self.ask("POST", path, json=body, status=status)


class Desk:
    """An app with people who are signed in."""

    def __init__(self, office: Office, app: FastAPI, http: httpx.AsyncClient) -> None:
        self.office = office
        self.app = app
        self.http = http
        self.people: dict[str, Client] = {}

    async def person(self, username: str) -> Client:
        """Return somebody who is signed in."""
        if username not in self.people:
            token = ids.token()
            async with self.office.db.transaction() as tx:
                await store.people.open_session(tx, sha256(token.encode()).hexdigest(), username, second=True)
            self.people[username] = Client(self.http, token)
        return self.people[username]

    async def issued(self, **draft: Any) -> dict[str, Any]:
        """Issue a warning over HTTP."""
        zhang, wang = await self.person("zhang"), await self.person("wang")
        made = await zhang.ask("POST", "/warnings", json={**DRAFT, **draft}, status=201)
        review = await zhang.ask("POST", f"/warnings/{made['warning_id']}/submit")
        found: dict[str, Any] = await wang.approve(review)
        return found


@asynccontextmanager
async def a_desk(office: Office, folder: Path) -> AsyncIterator[Desk]:
    keys = KeyFolder(folder / "keys")
    init_keys(keys)
    floor: Any = SimpleNamespace(settings=Settings(var=folder), http=None, keys=keys, bus=Bus())
    async with office.db.transaction() as tx:
        for person in PEOPLE:
            account = an_account(str(person["username"]), str(person["name"]), _hash(), str(person["role"]))
            await store.people.keep(tx, account)
    parts = api.Parts(
        db=office.db,
        catalogue=office.catalogue,
        press=office.press,
        reach=office.reach,
        watch=Watch(office.db, floor.bus, "me"),
        sessions=actions.LocalSessions(office.db),
        doorman=a_doorman(),
    )
    house = House(office.db, Leadership(office.db, "me"))
    service = Service("issuer", api.ROUTERS, [house], {"issuer": parts, "sessions": parts.sessions})
    app = create_app(floor, [service])
    app.state.stopping = asyncio.Event()
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield Desk(office, app, http)


def _id(warning: dict[str, Any]) -> Any:
    return UUID(warning["warning_id"])

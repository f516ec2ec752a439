"""The API of the issuer for tests: an app, and people who are signed in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import orjson
from fastapi import FastAPI

from services.issuer import api, store
from services.kit import ids
from tests.issuer.app_make import an_app
from tests.issuer.issuer_make import Office

DRAFT = {
    "mode": "live",
    "hazard": "11B03",
    "level": "ORANGE",
    "selection": {"towns": ["500110110", "500110111"]},
}


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
    """Open the API over an office."""
    app = await an_app(office, folder, api.ROUTERS)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield Desk(office, app, http)


def id_of(warning: dict[str, Any]) -> UUID:
    """Return the id of a warning as it was answered."""
    return UUID(warning["warning_id"])

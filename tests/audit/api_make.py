"""A ledger behind its API and pages, and somebody who asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import orjson
from fastapi import APIRouter, FastAPI
from sqlalchemy import select
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from services.audit import api, desk
from services.audit.api.parts import Parts
from services.audit.app import STATIC
from services.audit.data import rates
from services.audit.stream import LedgerStream
from services.kit.http import create_app
from services.kit.identity import Principal
from services.kit.outbox import OUTBOX
from services.kit.process import House, Service
from services.kit.settings import Settings
from tests.audit.audit_make import NOON
from tests.audit.ledger_make import ALedger, a_bus, a_ledger
from tests.clock import HandClock


class _Sessions:
    """Whoever says who he is, is: roles joined by plus signs, a name and a colon before them or not."""

    async def who(self, token: str) -> Principal | None:
        """Return somebody with these roles."""
        name, _, roles = token.rpartition(":")
        return Principal(name or "sun", "孙审", frozenset(roles.split("+")))


class Asked:
    """A ledger, and a client that asks it."""

    def __init__(self, book: ALedger, app: FastAPI, client: httpx.AsyncClient) -> None:
        self.book = book
        self.app = app
        self.client = client

    async def get(self, path: str, role: str = "auditor", **query: Any) -> httpx.Response:
        """Ask as somebody with a role."""
        headers = {"Authorization": f"Bearer {role}"}
        return await self.client.get(path, params=query, headers=headers)

    async def json(self, path: str, role: str = "auditor", **query: Any) -> Any:
        """Return what is answered."""
        reply = await self.get(f"/api/v1/audit{path}", role, **query)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def facts(self) -> list[dict[str, Any]]:
        """Return the facts that the audit said."""
        rows = await self.book.db.rows(select(OUTBOX).order_by(OUTBOX.c.position))
        return [orjson.loads(row["payload"]) for row in rows]


@asynccontextmanager
async def asked(url: str, nats_url: str, folder: Path) -> AsyncIterator[Asked]:
    """Open a ledger, at ten past twelve, behind its API."""
    async with (
        a_ledger(url, folder, HandClock(NOON + timedelta(minutes=10))) as book,
        a_bus(nats_url, folder) as bus,
    ):
        parts = Parts(book.db, book.signer, LedgerStream(bus), timedelta(seconds=60), rates.load())
        floor: Any = cast("Any", _Floor(Settings(var=folder), book, bus))
        static = APIRouter()
        static.routes.append(Mount("/static/audit", StaticFiles(directory=STATIC)))
        routers = [*api.ROUTERS, *desk.ROUTERS, static]
        service = Service(
            "audit", routers, [House(book.db, book.leadership)], {"audit": parts, "sessions": _Sessions()}
        )
        app = create_app(floor, [service])
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield Asked(book, app, client)


class _Floor:
    def __init__(self, settings: Settings, book: ALedger, bus: Any) -> None:
        self.settings = settings
        self.keys = book.crypto.keys
        self.bus = bus
        self.http = None

"""The registry's API and pages over HTTP, for accounts whose token is their name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx

from services.kit.crypto import KeyFolder, SoftwareCrypto
from services.kit.db import Database
from services.kit.http import create_app
from services.kit.identity import Principal
from services.kit.leadership import Leadership
from services.kit.process import House, Service
from services.kit.settings import Settings
from services.registry import api, desk
from services.registry.actions.running import Running

ROLES = {
    "zhao": "town-desk",
    "zhang": "drafter",
    "he": "department",
    "nobody": "department",
    "sun": "auditor",
}
TOWN_OF_ZHAO = "500110001"


class Known:
    """Sessions whose token is a name: an operator, unless it is said otherwise."""

    async def who(self, token: str) -> Principal | None:
        """Return the account of that name."""
        role = ROLES.get(token, "operator")
        town = TOWN_OF_ZHAO if token == "zhao" else None
        return Principal(token, token, frozenset({role}), town, department="water" if token == "he" else None)


@asynccontextmanager
async def a_client(
    db: Database, crypto: SoftwareCrypto, folder: Path
) -> AsyncIterator[tuple[httpx.AsyncClient, Running]]:
    """Serve a registry."""
    keys, running = KeyFolder(folder / "keys"), Running(folder / "imports")
    bus = SimpleNamespace(ping=None)
    floor: Any = SimpleNamespace(settings=Settings(var=folder), http=None, keys=keys, bus=bus)
    parts = {"registry": api.Parts(db, crypto, running), "sessions": Known()}
    service = Service("registry", [*api.ROUTERS, *desk.ROUTERS], [House(db, Leadership(db, "me"))], parts)
    transport = httpx.ASGITransport(create_app(floor, [service]), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client, running


def by(name: str, *, page: bool = False) -> dict[str, str]:
    """Return the headers of somebody's request."""
    return {"authorization": f"Bearer {name}", **({"accept": "text/html"} if page else {})}

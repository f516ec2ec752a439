"""The gateways' house for tests: a real database, its HTTP without a network, a clock that can be moved."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from contracts.delivery import DeliveryReported, DeliveryRequested
from contracts.fact import Fact
from contracts.message import Message
from contracts.registry import GatewayEntry, KeyHash
from contracts.values import Mode
from services.channels.pull.gateways import agreed, api
from services.channels.pull.gateways.actions import clock as ticking
from services.channels.pull.gateways.actions import hands
from services.channels.pull.gateways.actions.deliver import deliver
from services.channels.pull.gateways.bell import Bells
from services.channels.pull.gateways.model.terms import Terms
from services.channels.pull.gateways.pace import Asks
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.settings import GatewaySettings
from services.channels.pull.gateways.store import gateways
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys, new_api_key
from services.kit.db import Database
from services.kit.group import GroupCommit
from services.kit.leadership import Leadership
from services.kit.problems import add_errors
from services.kit.process import cancel
from tests.channels.pull.gateways.requests import NOW, Requests
from tests.clock import HandClock
from tests.migrated import migrate
from tests.outbox import said

MIGRATIONS = "services.channels.pull.gateways.migrations"


@dataclass
class GatewaysHouse(Requests):
    """The house, opened; `live` and `drill` are keys of the gateway cmcc, `other` is one of cucc."""

    clock: HandClock
    parts: Parts
    client: httpx.AsyncClient
    keys: dict[str, str]
    leadership: Leadership
    app: FastAPI
    requests: dict[UUID, DeliveryRequested] = field(default_factory=dict)

    @property
    def db(self) -> Database:
        """The database."""
        return self.parts.db

    async def deliver(self, *requests: DeliveryRequested) -> None:
        """Have the house take these deliveries in."""
        for request in requests:
            self.requests[request.delivery_id] = request
            async with self.db.transaction() as tx:
                await deliver(tx, self.parts, request)

    async def call(self, method: str, path: str, key: str = "live", **more: Any) -> httpx.Response:
        """Ask the house by HTTP, as the gateway of the key."""
        gateway = more.pop("gateway", "cucc" if key == "other" else "cmcc")
        headers = {"authorization": f"Bearer {self.keys[key]}", **more.pop("headers", {})}
        return await self.client.request(method, f"/api/v1/gateways/{gateway}{path}", headers=headers, **more)

    async def lease(self, most: int = 1, key: str = "live", wait_s: float = 0) -> list[dict[str, Any]]:
        """Lease work; fail the test when that is refused."""
        reply = await self.call("POST", "/leases", key, json={"max_batches": most, "wait_s": wait_s})
        assert reply.status_code == 200, reply.text
        return reply.json()["data"]

    async def report(self, item: dict[str, Any], key: str = "live", **said: Any) -> httpx.Response:
        """Report on a leased item."""
        return await self.call("POST", f"/leases/{item['lease']}:report", key, json=said)

    async def receipts(self, *receipts: tuple[UUID | str, str, str], key: str = "live") -> httpx.Response:
        """Send carrier receipts: delivery, number, state."""
        at = self.clock.now().isoformat()
        sent = [{"delivery_id": str(d), "number": n, "state": s, "at": at} for d, n, s in receipts]
        return await self.call("POST", "/receipts", key, json={"receipts": sent})

    async def tick(self) -> None:
        """Let the clock do what time demands, as the replica that leads."""
        assert await self.leadership._claim(ticking.LEASE)
        await ticking.Clock(self.parts, self.leadership).tick()

    async def said(self) -> list[Message]:
        """Return everything that the house has said, in order."""
        return await said(self.db)

    async def facts(self, kind: str) -> list[Fact]:
        """Return the facts of a kind that were said."""
        return [m for m in await self.said() if isinstance(m, Fact) and m.kind == kind]

    async def reports(self, delivery_id: UUID | str) -> list[DeliveryReported]:
        """Return the photographs of a delivery, the newest last."""
        said = [m for m in await self.said() if isinstance(m, DeliveryReported)]
        return sorted((m for m in said if str(m.delivery_id) == str(delivery_id)), key=lambda m: m.report)

    async def tally(self, delivery_id: UUID | str) -> dict[str, int]:
        """Return the newest tally of a delivery; every photograph must sum to its size."""
        reports = await self.reports(delivery_id)
        assert [r.report for r in reports] == list(range(1, len(reports) + 1))
        assert {r.size for r in reports} == {self.requests[UUID(str(delivery_id))].size}
        return {str(state): count for state, count in reports[-1].tally.items()}


@asynccontextmanager
async def an_open_house(
    url: str,
    folder: Path,
    instance: str = "a",
    keys: dict[str, str] | None = None,
    terms: Terms | None = None,
    **settings: Any,
) -> AsyncIterator[GatewaysHouse]:
    """Open the house; with the keys of another replica, on the same database as that one."""
    await migrate(url, MIGRATIONS)
    folder_of_keys = KeyFolder(folder / "keys")
    init_keys(folder_of_keys)
    clock = HandClock(NOW)
    db = Database("gateways", url, clock)

    async def tell(_gateways: list[str]) -> None:
        """Nobody else is there to be told."""

    parts = Parts(
        db,
        SoftwareCrypto(folder_of_keys),
        Bells(tell),
        GatewaySettings.load(**settings),
        "https://yt.example/c/",
        terms or agreed.terms_of(""),
        Asks(1000),
        GroupCommit(db, lambda tx, jobs: hands.do(tx, parts, jobs)),
    )
    reporting = asyncio.ensure_future(parts.hands.run())
    app = _app(parts)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield GatewaysHouse(
            parts.crypto, clock, parts, client, keys or await _keys(db), Leadership(db, instance), app
        )
    await cancel([reporting])
    await parts.bells.close()
    await db.close()


def _app(parts: Parts) -> FastAPI:
    """Return the house's API alone."""
    app = FastAPI()
    for router in api.routers:
        app.include_router(router)
    add_errors(app)
    app.state.parts, app.state.databases = {"gateways": parts}, {"gateways": parts.db}
    app.state.settings = SimpleNamespace(base_url=lambda: "")
    return app


async def _keys(db: Database) -> dict[str, str]:
    """Give keys to two gateways, as the registry would."""
    made = {
        name: (owner, mode, new_api_key(mode))
        for name, owner, mode in (
            ("live", "cmcc", Mode.LIVE),
            ("drill", "cmcc", Mode.DRILL),
            ("other", "cucc", Mode.LIVE),
        )
    }
    entries = [
        GatewayEntry(
            gateway_id=gateway,
            name=gateway,
            operator=gateway,
            keys=tuple(
                KeyHash(key_id=key[0], mode=mode, sha256=key[2])
                for owner, mode, key in made.values()
                if owner == gateway
            ),
        )
        for gateway in ("cmcc", "cucc")
    ]
    async with db.transaction() as tx:
        await gateways.replace(tx, entries)
    return {name: key[1] for name, (_, _, key) in made.items()}

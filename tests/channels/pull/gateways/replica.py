"""The gateways' house as it runs: a process's siblings on a real bus, and HTTP on a real port."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from contracts.delivery import DeliveryReported
from contracts.message import Message
from contracts.registry import BLOCK_CONTEXT, BlockChanged, DistrictBlock, GatewayEntry, KeyHash
from contracts.values import Mode
from services.channels.pull.gateways.app import HOUSE, open_gateways
from services.channels.pull.gateways.parts import Parts
from services.kit.crypto import KeyFolder, init_keys, new_api_key
from services.kit.jetstream import apply
from services.kit.migrate import upgrade_async
from services.kit.process import Floor, Service, open_floor
from services.kit.settings import Settings
from tests.channels.pull.gateways.house import MIGRATIONS
from tests.channels.pull.running import running
from tests.outbox import said


@dataclass
class Replica:
    """One running replica of the house."""

    floor: Floor
    service: Service
    url: str

    @property
    def parts(self) -> Parts:
        """The parts of the house."""
        found: Parts = self.service.parts[HOUSE]
        return found

    async def publish(self, *messages: Message) -> None:
        """Say something to every service, as a relay would."""
        for message in messages:
            await self.floor.bus.publish(message.subject, message.to_bytes(), {}, str(uuid4()))

    async def said(self) -> list[Message]:
        """Return everything that the house has said."""
        return await said(self.parts.db)

    async def tallies(self) -> dict[str, dict[str, int]]:
        """Return the newest tally of each delivery."""
        reports = [m for m in await self.said() if isinstance(m, DeliveryReported)]
        newest = sorted(reports, key=lambda r: r.report)
        return {str(r.delivery_id): {str(s): n for s, n in r.tally.items()} for r in newest}


async def until(true: Callable[[], Awaitable[bool]], within: float = 20) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(within):
        while not await true():
            await asyncio.sleep(0.05)


def issue_keys(*gateways: str) -> tuple[dict[str, dict[str, str]], DistrictBlock]:
    """Return keys by gateway and mode, and the registry block that makes them known."""
    keys: dict[str, dict[str, str]] = {}
    entries = []
    for gateway in gateways:
        hashes = []
        for mode in Mode:
            key_id, key, sha256 = new_api_key(mode)
            keys.setdefault(gateway, {})[mode] = key
            hashes.append(KeyHash(key_id=key_id, mode=mode, sha256=sha256))
        entries.append(GatewayEntry(gateway_id=gateway, name=gateway, operator=gateway, keys=tuple(hashes)))
    return keys, DistrictBlock(gateways=tuple(entries))


def block_of(replica: Replica, district: DistrictBlock) -> BlockChanged:
    """Return a district's block as the registry says it."""
    sealed = replica.floor.crypto.seal(district.model_dump_json().encode(), BLOCK_CONTEXT)
    return BlockChanged(
        block="district",
        sha256=hashlib.sha256(sealed).hexdigest(),
        sealed=base64.b64encode(sealed).decode(),
        at=datetime.now(UTC),
    )


@asynccontextmanager
async def a_replica(url: str, nats_url: str, folder: Path, name: str = "a") -> AsyncIterator[Replica]:
    """Run the house as one replica."""
    init_keys(KeyFolder(folder / "keys"))
    given: dict[str, Any] = {"var": folder, "keys": folder / "keys", "instance": name}
    settings = Settings.load(nats_url=nats_url, database_url=url, **given)
    await upgrade_async(url.format(name=HOUSE), MIGRATIONS)
    async with open_floor(settings, name) as floor:
        await apply(floor.bus.jetstream, 1)
        service = await open_gateways(floor)
        async with running(floor, service, patience_s=1) as address:
            yield Replica(floor, service, address)

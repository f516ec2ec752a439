"""The houses that are pulled from, as processes, with gateways and stations that can be killed."""

import asyncio
import base64
import hashlib
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from benchmarks import batches
from contracts.delivery import DeliveryRequested, delivery_id_of
from contracts.message import Message
from contracts.registry import BLOCK_CONTEXT, BlockChanged, KeyHash, StationEntry, VillageBlock
from contracts.values import Action, Channel, Level, Mode, PositionQuality, StationClass
from sandbox.gateways import Carrier, GatewaysWorld
from services.kit.bus import Bus
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys, new_api_key
from services.kit.errors import Refused
from services.kit.settings import Settings
from services.laptop import prepare
from tests.flows.system import Process
from tests.servers import NatsServer, free_port

VILLAGE = "500110001001"
HOUSES = ("gateways", "stations")


@dataclass
class Station:
    """A station that polls, confirms, and keeps on its disk how far it is."""

    code: str
    key: str
    url: str
    cursor: int = 0
    heard: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Poll and confirm, for ever."""
        headers = {"authorization": f"Bearer {self.key}"}
        base = f"{self.url}/api/v1/stations/{self.code}"
        async with httpx.AsyncClient(headers=headers, timeout=15, verify=False) as http:  # no TLS here
            while True:
                try:
                    await self._once(http, base)
                except httpx.HTTPError:
                    await asyncio.sleep(0.2)

    async def _once(self, http: httpx.AsyncClient, base: str) -> None:
        reply = await http.get(f"{base}/alerts", params={"after": self.cursor, "wait": 5})
        reply.raise_for_status()
        page = reply.json()
        now = datetime.now(UTC).isoformat()
        said = [
            {"sequence": entry["sequence"], "fact": "confirmed", "by": "王伟", "at": now}
            for entry in page["data"]
            if entry.get("sequence")
        ]
        if said:
            (await http.post(f"{base}/reports", json={"reports": said})).raise_for_status()
            self.heard |= {entry["warning_id"] for entry in page["data"] if entry.get("warning_id")}
        self.cursor = page["next"]


class Scene:
    """Bus, two houses, three gateways and some stations; any of them may die."""

    def __init__(self, folder: Path, nats: NatsServer, lease_s: float, stations: int) -> None:
        self.folder, self.nats = folder, nats
        self.ports = {house: free_port() for house in HOUSES}
        env = {
            "YUTIAN_VAR": str(folder),
            "YUTIAN_NATS_URL": nats.url,
            "YUTIAN_LOG_LEVEL": "WARNING",
            "YUTIAN_GATEWAYS_LEASE_S": str(lease_s),
            "YUTIAN_GATEWAYS_MOST_MISSES": "1000",
        }
        self.settings = Settings.load(var=folder, nats_url=nats.url)
        command = [sys.executable, "-m", "services", "run", "channels", "--only"]
        self.processes = {
            house: Process(
                house, [*command, house], {**env, "YUTIAN_PORT": str(port)}, folder / f"{house}.log"
            )
            for house, port in self.ports.items()
        }
        self.times: Counter[str] = Counter()
        """How often each number got an SMS."""
        self.stations = [
            Station(f"500110001{n:03d}", "", self._url("stations")) for n in range(1, stations + 1)
        ]
        self._running: dict[str, asyncio.Task[None]] = {}

    def _url(self, house: str) -> str:
        return f"http://127.0.0.1:{self.ports[house]}"

    async def open(self) -> None:
        """Lay everything and start it."""
        init_keys(KeyFolder(self.folder / "keys"))
        await prepare.migrate(self.settings, list(HOUSES))
        await prepare.apply_streams(self.settings)
        self.crypto = SoftwareCrypto(KeyFolder(self.folder / "keys"))
        keys, district = batches.known_gateways(self.crypto)
        await self.say([district, self._village()])
        for process in self.processes.values():
            process.start()
        self._keys = keys

    def pull(self, numbers: Sequence[str]) -> None:
        """Let gateways and stations begin; the numbers are phones whose SMS are counted."""
        people = [{"phone": number} for number in numbers]
        known = {gateway: {Mode.LIVE: key} for gateway, key in self._keys.items()}
        credentials = {"gateways": list(self._keys), "keys": known, "people": people}
        carrier = Carrier(receipt_after_s=0.1, late_after_s=0.5, numbers_per_s=4000)
        self.world = GatewaysWorld(self._url("gateways"), credentials, on_sms=self._count, carrier=carrier)
        for gateway in self._keys:
            self.world.resume(gateway)
        for station in self.stations:
            self._running[station.code] = asyncio.ensure_future(station.run())

    def _count(self, number: str, _text: str) -> None:
        self.times[number] += 1

    async def crash_stations(self) -> None:
        """Let every other station die, and begin again with what its disk holds."""
        for station in self.stations[::2]:
            await _gone(self._running[station.code])
            self._running[station.code] = asyncio.ensure_future(station.run())

    async def say(self, messages: Sequence[Message]) -> None:
        """Publish as a router's relay does, which tries until the bus has it."""
        bus = await self._bus()
        try:
            for message in messages:
                await bus.publish(message.subject, message.to_bytes(), {}, str(uuid4()))
        finally:
            await bus.close()

    async def _bus(self) -> Bus:
        async with asyncio.timeout(120):
            while True:
                try:
                    return await Bus.connect(self.settings, "chaos")
                except Refused:
                    continue  # this process has much to do, so has the machine

    def for_stations(self, warning_id: UUID) -> DeliveryRequested:
        """Return what a router asks of all stations."""
        return DeliveryRequested(
            mode=Mode.LIVE,
            lane=Level.RED.lane,
            warning_id=warning_id,
            revision=1,
            channel=Channel.STATION,
            at=datetime.now(UTC),
            delivery_id=delivery_id_of(warning_id, 1, Channel.STATION, "0"),
            action=Action.START,
            notice=batches.a_notice(Level.RED),
            targets=tuple(sorted(station.code for station in self.stations)),
            cap_xml="<alert/>",
            manifest_sha256="0" * 64,
        )

    def _village(self) -> BlockChanged:
        entries = []
        for station in self.stations:
            key_id, station.key, sha256 = new_api_key(Mode.LIVE)
            known = KeyHash(key_id=key_id, mode=Mode.LIVE, sha256=sha256)
            entries.append(
                StationEntry(
                    code=station.code, name=station.code, station_class=StationClass.TERMINAL, keys=(known,)
                )
            )
        corner = (106.6, 29.0)
        block = VillageBlock(
            code=VILLAGE,
            name="村",
            town_code=VILLAGE[:9],
            is_community=False,
            position=corner,
            position_quality=PositionQuality.GENERATED,
            cell=(corner, (106.7, 29.0), (106.7, 29.1), corner),
            stations=tuple(entries),
        )
        sealed = self.crypto.seal(block.model_dump_json().encode(), BLOCK_CONTEXT)
        return BlockChanged(
            block=VILLAGE,
            sha256=hashlib.sha256(sealed).hexdigest(),
            sealed=base64.b64encode(sealed).decode(),
            at=datetime.now(UTC) - timedelta(seconds=1),
        )

    async def close(self) -> None:
        """End everything."""
        for task in self._running.values():
            await _gone(task)
        for gateway in self._keys:
            await self.world.crash(gateway)
        for process in self.processes.values():
            process.kill()


async def _gone(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

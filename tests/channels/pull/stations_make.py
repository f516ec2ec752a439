"""Stations, requests and a running house for the tests of stations."""

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from contracts.canonical import sha256_hex
from contracts.delivery import DeliveryReported, DeliveryRequested, delivery_id_of
from contracts.outcome import TargetState
from contracts.registry import BLOCK_CONTEXT, BlockChanged, KeyHash, StationEntry, VillageBlock
from contracts.values import Action, Channel, Level, Mode, PositionQuality, StationClass, Withdrawal
from contracts.warning import Notice, WarningText
from services.channels.pull.stations.actions.deliver import deliver
from services.channels.pull.stations.actions.end import end
from services.channels.pull.stations.actions.hear import Heard, Reports, hear
from services.channels.pull.stations.actions.learn import learn
from services.channels.pull.stations.app import open_stations
from services.channels.pull.stations.model import Report
from services.channels.pull.stations.store.tables import ITEMS, metadata
from services.kit import leadership  # noqa: F401 (declares its table)
from services.kit.clock import Clock
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys, new_api_key
from services.kit.db import Database
from services.kit.jetstream import apply
from services.kit.mqtt import hashed
from services.kit.outbox import FLOOR
from services.kit.process import Floor, Service, open_floor
from services.kit.settings import Settings
from tests.channels.pull.running import running
from tests.notices import a_rainstorm
from tests.outbox import said

NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
MANIFEST = "0" * 64


def codes(count: int) -> tuple[str, ...]:
    return tuple(f"5001101{n:05d}" for n in range(1, count + 1))


ONE, TWO = codes(2)


def a_notice(level: Level = Level.RED, expires: datetime = NOON + timedelta(hours=6), **more: Any) -> Notice:
    text = WarningText(
        headline="綦江区气象台发布暴雨红色预警信号",
        description="预计未来3小时降雨量将达100毫米以上。",
        instruction="请立即停止户外活动。",
        short="綦江区气象台发布暴雨红色预警：未来3小时降雨量将达100毫米以上，请立即避险。",
    )
    return a_rainstorm(
        NOON,
        identifier=f"50011041600000_{uuid4().hex[:14]}_0",
        level=level,
        sender_name="綦江区气象台",
        expires=expires,
        text=text,
        **more,
    )


def soon(**more: Any) -> Notice:
    """Return a notice that stands for six hours from this moment."""
    return a_notice(expires=datetime.now(UTC) + timedelta(hours=6), **more)


def a_request(
    targets: Sequence[str],
    warning_id: UUID,
    revision: int = 1,
    *,
    action: Action = Action.START,
    mode: Mode = Mode.LIVE,
    part: str = "0",
    notice: Notice | None = None,
    cap_xml: str | None = "<alert/>",
) -> DeliveryRequested:
    notice = notice or a_notice()
    return DeliveryRequested(
        mode=mode,
        lane=notice.level.lane,
        warning_id=warning_id,
        revision=revision,
        channel=Channel.STATION,
        at=NOON,
        delivery_id=delivery_id_of(warning_id, revision, Channel.STATION, part),
        action=action,
        notice=notice,
        targets=tuple(sorted(targets)),
        cap_xml=cap_xml,
        manifest_sha256=MANIFEST,
    )


@asynccontextmanager
async def a_database(url: str, clock: Clock | None = None) -> AsyncIterator[Database]:
    """Open the house's database with empty tables."""
    db = Database("stations", url.format(name="stations"), clock)
    async with db.writer.begin() as connection:
        await connection.run_sync(FLOOR.create_all)
        await connection.run_sync(metadata.create_all)
    try:
        yield db
    finally:
        await db.close()


async def photographs(db: Database) -> dict[UUID, DeliveryReported]:
    """Return the newest photograph of each delivery."""
    newest: dict[UUID, DeliveryReported] = {}
    for message in await said(db):
        if isinstance(message, DeliveryReported):
            known = newest.get(message.delivery_id)
            if known is None or known.report < message.report:
                newest[message.delivery_id] = message
    return newest


async def ask(db: Database, request: DeliveryRequested) -> None:
    """Have a request handled, nobody being connected."""
    async with db.transaction() as tx:
        await deliver(tx, request, lambda _: None)


def a_block(
    crypto: SoftwareCrypto, entries: Sequence[StationEntry], at: datetime = NOON, key: str = "500110110201"
) -> BlockChanged:
    block = VillageBlock(
        code=key,
        name="某村",
        town_code=key[:9],
        is_community=False,
        position=(106.6, 28.9),
        position_quality=PositionQuality.GENERATED,
        cell=((106.6, 28.9), (106.7, 28.9), (106.7, 29.0), (106.6, 28.9)),
        stations=tuple(entries),
    )
    sealed = crypto.seal(block.model_dump_json().encode(), BLOCK_CONTEXT)
    text = base64.b64encode(sealed).decode()
    return BlockChanged(block=key, sha256=sha256_hex(sealed), sealed=text, at=at)


@dataclass
class Replica:
    """One running replica of the house."""

    floor: Floor
    service: Service
    url: str
    keys: dict[tuple[str, Mode], str] = field(default_factory=dict)

    @property
    def db(self) -> Database:
        return self.service.houses[0].db

    @property
    def hub(self) -> Any:
        return self.service.parts["stations"].hub

    async def ask(self, request: DeliveryRequested) -> None:
        """Have a request handled as the consumer would."""
        async with self.db.transaction() as tx:
            await deliver(tx, request, self.hub.poke)

    async def enrol(self, stations: Sequence[str], duty_name: str | None = "王芳") -> None:
        """Make stations known with a live and a drill key each."""
        entries = []
        for code in stations:
            hashes = []
            for mode in Mode:
                key_id, key, sha256 = new_api_key(mode)
                self.keys[code, mode] = key
                hashes.append(KeyHash(key_id=key_id, mode=mode, sha256=sha256, bcrypt=hashed(key)))
            entries.append(
                StationEntry(
                    code=code,
                    name=f"{code}工作站",
                    station_class=StationClass.TERMINAL,
                    keys=tuple(hashes),
                    duty_name=duty_name,
                )
            )
        await self.publish_block(entries)

    async def publish_block(self, entries: Sequence[StationEntry]) -> None:
        """Have the registry say these stations, and no others."""
        async with self.db.transaction() as tx:
            block = a_block(self.floor.crypto, entries, at=datetime.now(UTC))
            revoked = await learn(tx, self.floor.crypto, block)
            tx.after_commit(lambda: self.hub.expel(revoked))
            tx.after_commit(self.service.parts["stations"].users.changed)

    def bearer(self, code: str, mode: Mode = Mode.LIVE) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[code, mode]}"}


@asynccontextmanager
async def a_replica(
    url: str, nats_url: str, folder: Path, name: str = "a", clock: Clock | None = None
) -> AsyncIterator[Replica]:
    """Run the house as one replica: its siblings, and HTTP on a real port."""
    folder.mkdir(parents=True, exist_ok=True)
    init_keys(KeyFolder(folder / "keys"))
    settings = Settings.load(
        var=folder, nats_url=nats_url, database_url=url, keys=folder / "keys", instance=name
    )
    async with a_database(url), open_floor(settings, name) as floor:
        if clock is not None:
            floor.clock = clock
        await apply(floor.bus.jetstream, 1)
        service = await open_stations(floor)
        async with running(floor, service) as address:
            yield Replica(floor, service, address)


async def stop(db: Database, warning_id: UUID, revision: int, reason: Withdrawal) -> None:
    async with db.transaction() as tx:
        await end(tx, warning_id, revision, reason, lambda _: None)


async def tell(db: Database, *told: tuple[str, Report], mode: Mode = Mode.LIVE) -> list[Heard]:
    async with db.transaction() as tx:
        groups = await hear(tx, [Reports(station, mode, (report,)) for station, report in told])
    return [heard for group in groups for heard in group]


def received(sequence: int = 1, fact: TargetState = TargetState.RECEIVED, by: str | None = None) -> Report:
    return Report(fact, NOON, by, sequence=sequence)


async def sequences(db: Database, station: str, mode: Mode = Mode.LIVE) -> list[tuple[int, str]]:
    mine = select(ITEMS).where(ITEMS.c.station == station, ITEMS.c.mode == mode).order_by(ITEMS.c.sequence)
    return [(row["sequence"], row["kind"]) for row in await db.rows(mine)]


def path(what: str, code: str = ONE) -> str:
    """Return where a station finds something."""
    return f"/api/v1/stations/{code}/{what}"

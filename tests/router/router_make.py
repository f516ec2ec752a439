"""A small district to try the router on: each town a row of villages, each village a cell of a kilometre."""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from contracts import message_class
from contracts.canonical import canonical_bytes, sha256_hex
from contracts.delivery import DeliveryReported, DeliveryRequested
from contracts.message import Message
from contracts.outcome import TargetState
from contracts.plan import Manifest
from contracts.registry import (
    BLOCK_CONTEXT,
    AccountEntry,
    BlockChanged,
    DistrictBlock,
    GatewayEntry,
    RecipientEntry,
    StationEntry,
    TownBlock,
    VillageBlock,
)
from contracts.values import AreaSelection, Channel, Lane, Level, Mode, PositionQuality, Ring, StationClass
from contracts.warning import (
    Notice,
    WarningCancelled,
    WarningHalted,
    WarningIssued,
    WarningPublished,
    WarningText,
    WarningUpdated,
)
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.outbox import OUTBOX
from services.router.actions.copy import copy
from services.router.actions.library import Library
from services.router.actions.plan import plan
from services.router.actions.preview import preview
from services.router.model.registry import Registry, open_block

STEP = 0.01
"""Degrees from village to village: about a kilometre."""

WEST, SOUTH = 106.60, 28.90
TOWNS = ("500110001", "500110110", "500110111", "500110124")
WANSHENG = "500110104"
PERSON = f"{TOWNS[0]}201"
"""The village whose station may be a person alone."""
NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)

Block = TownBlock | VillageBlock | DistrictBlock


class AClock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        """Return the moment at which it stands."""
        return self.at

    def move(self, **by: float) -> None:
        """Move it forward."""
        self.at += timedelta(**by)


def fake_hash(value: str) -> bytes:
    """Return eight bytes for a phone, without a key."""
    return hashlib.sha256(value.encode()).digest()[:8]


def box(west: float, south: float, east: float, north: float) -> Ring:
    """Return a closed rectangle."""
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


def a_person(number: int, village: str, **given: Any) -> RecipientEntry:
    """Return a recipient with a phone of his own."""
    defaults = {
        "recipient_id": f"{village}-{number}",
        "name": "张三",
        "role": "subscriber",
        "phone": f"139{int(village[-6:]):06d}{number:02d}",
        "operator": ("cmcc", "cucc", "ctcc")[number % 3],
    }
    return RecipientEntry(**{**defaults, **given})


def a_village(
    code: str, town: str, east: int, north: int, people: Sequence[RecipientEntry] | None = None, **given: Any
) -> VillageBlock:
    """Return a village in the middle of its cell, with one terminal and three people."""
    lon, lat = WEST + east * STEP, SOUTH + north * STEP
    half = STEP / 2
    crowd = [
        a_person(0, code, role="responsible", openid=f"o-{code}"),
        a_person(1, code, groups=("drill",)),
        a_person(2, code),
    ]
    defaults: dict[str, Any] = {
        "code": code,
        "name": f"{code}村",
        "town_code": town,
        "is_community": False,
        "position": (round(lon, 5), round(lat, 5)),
        "position_quality": PositionQuality.SURVEYED,
        "cell": box(lon - half, lat - half, lon + half, lat + half),
        "stations": (StationEntry(code=code, name=f"{code}站", station_class=StationClass.TERMINAL),),
        "recipients": tuple(crowd if people is None else people),
    }
    return VillageBlock(**{**defaults, **given})


def a_town(code: str, row: int, villages: int, population: int = 1000) -> TownBlock:
    """Return a town: one row of villages."""
    south = SOUTH + (row - 0.5) * STEP
    cell = box(WEST - STEP / 2, south, WEST + (villages - 0.5) * STEP, south + STEP)
    seat = (WEST, SOUTH + row * STEP)
    return TownBlock(
        code=code, name=f"{code}镇", is_street=False, seat=seat, population=population, cell=cell
    )


def a_district_block(**given: Any) -> DistrictBlock:
    """Return three gateways, one for each operator, and a WeChat account."""
    gateways = tuple(
        GatewayEntry(gateway_id=f"gw-{name}", name=name, operator=name) for name in ("cmcc", "cucc", "ctcc")
    )
    accounts = (AccountEntry(account_id="wechat-main", channel="wechat", name="公众号"),)
    return DistrictBlock(**{"gateways": gateways, "accounts": accounts, **given})


def a_district(villages: int = 3, towns: Sequence[str] = TOWNS) -> dict[str, Block]:
    """Return the blocks of a district: each town a row of villages, from south to north."""
    blocks: dict[str, Block] = {"district": a_district_block()}
    for row, town in enumerate(towns):
        blocks[town] = a_town(town, row, villages)
        for east in range(villages):
            code = f"{town}{201 + east}"
            blocks[code] = a_village(code, town, east, row)
    return blocks


def a_registry(blocks: dict[str, Block]) -> Registry:
    """Return the registry of plain blocks, each with the hash of its content as address."""
    plain = {key: canonical_bytes(block) for key, block in blocks.items()}
    listing = {key: sha256_hex(content) for key, content in plain.items()}
    opened = {listing[key]: open_block(key, content, fake_hash) for key, content in plain.items()}
    return Registry.of(listing, opened)


def changed(
    key: str, block: Block, crypto: SoftwareCrypto, at: datetime = NOON, **given: Any
) -> BlockChanged:
    """Return the message that a block has new content."""
    sealed = crypto.seal(canonical_bytes(block), BLOCK_CONTEXT)
    body = base64.b64encode(sealed).decode()
    return BlockChanged(**{"block": key, "sha256": sha256_hex(sealed), "sealed": body, "at": at, **given})


async def fill(db: Database, crypto: SoftwareCrypto, blocks: dict[str, Block]) -> None:
    """Copy all blocks of a district."""
    for key, block in blocks.items():
        async with db.transaction() as tx:
            await copy(tx, changed(key, block, crypto), crypto)


async def pinned(db: Database, crypto: SoftwareCrypto, mode: Mode = Mode.LIVE) -> Manifest:
    """Pin the whole district by every way, and return its manifest."""
    library = Library(crypto)
    _, drawn = await preview(db, library, WHOLE, mode=mode, channels=ALL, margin_km=0.3, pin=True)
    return drawn.manifest


async def pinned_with_a_person(db: Database, crypto: SoftwareCrypto, mode: Mode = Mode.LIVE) -> Manifest:
    """Fill and pin a district in which one village has a person and no device."""
    blocks = a_district()
    answers = a_person(5, PERSON, role="responsible", station=PERSON, groups=("drill",))
    usual = a_village(PERSON, TOWNS[0], 0, 0)
    blocks[PERSON] = usual.model_copy(update={"recipients": (*usual.recipients, answers)})
    await fill(db, crypto, blocks)
    return await pinned(db, crypto, mode)


async def planned(db: Database, crypto: SoftwareCrypto, message: WarningPublished) -> list[Message]:
    """Plan a revision; return what was said."""
    await forget_said(db)
    async with db.transaction() as tx:
        await plan(tx, message, crypto)
    return await said(db)


@dataclass(frozen=True)
class AWarning:
    """A warning whose messages differ only in what a test says."""

    manifest: Manifest
    warning_id: UUID = field(default_factory=uuid4)
    level: Level = Level.RED
    expires: datetime = NOON + timedelta(hours=6)

    def notice(self) -> Notice:
        """Return the face of the warning."""
        return Notice(
            identifier="50011041600000_20260601120000_1",
            hazard="11B03",
            hazard_name="暴雨",
            hazard_name_en="Rainstorm",
            level=self.level,
            sender_code="50011041600000",
            sender_name="重庆市綦江区气象台",
            sent=NOON,
            effective=NOON,
            expires=self.expires,
            text=WarningText(headline="暴雨预警", description="大雨", instruction="转移", short="大雨"),
            areas=self.manifest.areas,
        )

    def issued(self, **given: Any) -> WarningIssued:
        """Return the first revision."""
        return self._published(WarningIssued, revision=1, **given)

    def updated(self, revision: int = 2, **given: Any) -> WarningUpdated:
        """Return a later revision."""
        return self._published(WarningUpdated, revision=revision, **given)

    def cancelled(self, revision: int = 2, **given: Any) -> WarningCancelled:
        """Return the revision that lifts the warning."""
        return self._published(WarningCancelled, revision=revision, **given)

    def _published(self, kind: type[Any], **given: Any) -> Any:
        lane = self.level.lane if kind is WarningIssued else Lane.URGENT
        content: dict[str, Any] = {
            "mode": self.manifest.mode,
            "lane": lane,
            "warning_id": self.warning_id,
            "at": NOON,
            "notice": self.notice(),
            "selection": self.manifest.selection,
            "cap_xml": "<alert/>",
            "content_sha256": "0" * 64,
            "manifest_sha256": self.manifest.sha256,
            "registry_version": self.manifest.registry_version,
            "approved_at": NOON,
        }
        made: WarningPublished = kind(**{**content, **given})
        return made


def a_halt(warning: AWarning, mode: Mode = Mode.LIVE) -> WarningHalted:
    """Return the message that stops the first revision of a warning."""
    return WarningHalted(
        mode=mode,
        lane=Lane.URGENT,
        warning_id=warning.warning_id,
        revision=1,
        at=NOON,
        by="wang",
        reason="wrong town",
    )


def a_report(request: DeliveryRequested, report: int = 1, **tally: int) -> DeliveryReported:
    """Return a photograph of a delivery: everything queued, unless said otherwise."""
    counts = tally or {"queued": request.size}
    return DeliveryReported(
        mode=request.mode,
        lane=Lane.URGENT,
        warning_id=request.warning_id,
        revision=request.revision,
        channel=request.channel,
        at=NOON,
        delivery_id=request.delivery_id,
        report=report,
        tally={TargetState(state): count for state, count in counts.items()},
    )


async def said(db: Database) -> list[Message]:
    """Return everything that the house has said, in its order."""
    rows = await db.rows(select(OUTBOX.c.subject, OUTBOX.c.payload).order_by(OUTBOX.c.position))
    return [message_class(row["subject"]).from_bytes(row["payload"]) for row in rows]


async def forget_said(db: Database) -> None:
    """Empty the outbox, so that a test sees only what comes after."""
    async with db.transaction() as tx:
        await tx.execute(OUTBOX.delete())


def of_kind(messages: Iterable[Message], kind: type[Any]) -> list[Any]:
    """Return the messages of one class."""
    return [message for message in messages if isinstance(message, kind)]


WHOLE = AreaSelection(towns=TOWNS)
ALL = frozenset(Channel) - {Channel.VOICE}
"""Every way by which a plan reaches somebody; calls are made when nobody answers."""
LIVE = Mode.LIVE

"""A small registry for the tests of the router: four towns, their blocks, and people who know their duty."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from contracts.canonical import canonical_bytes, sha256_hex
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
from contracts.values import AreaSelection, Channel, Mode, PositionQuality, Ring, StationClass
from services.kit.crypto import SoftwareCrypto
from services.router.model.packing import pack, unpack
from services.router.model.registry import Opened, Registry

STEP = 0.01
"""Degrees from village to village: about a kilometre."""
WEST, SOUTH = 106.60, 28.90
TOWNS = ("500110001", "500110110", "500110111", "500110124")
WANSHENG = "500110104"
PERSON = f"{TOWNS[0]}201"
"""The village whose station may be a person alone."""
NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)

Block = TownBlock | VillageBlock | DistrictBlock


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


def phones(blocks: dict[str, Block]) -> set[str]:
    """Return the number of everybody in these blocks."""
    villages = [block for block in blocks.values() if isinstance(block, VillageBlock)]
    return {person.phone for village in villages for person in village.recipients if person.phone}


def a_registry(blocks: dict[str, Block]) -> Registry:
    """Return the registry of plain blocks, each with the hash of its content as address."""
    plain = {key: canonical_bytes(block) for key, block in blocks.items()}
    listing = {key: sha256_hex(content) for key, content in plain.items()}
    return Registry.of(listing, {listing[key]: opened_of(block) for key, block in blocks.items()})


def opened_of(block: Block) -> Opened:
    """Return a block as the router holds it."""
    return unpack(pack(block, fake_hash)[0]) if isinstance(block, VillageBlock) else block


def changed(
    key: str, block: Block, crypto: SoftwareCrypto, at: datetime = NOON, **given: Any
) -> BlockChanged:
    """Return the message that a block has new content."""
    sealed = crypto.seal(canonical_bytes(block), BLOCK_CONTEXT)
    body = base64.b64encode(sealed).decode()
    return BlockChanged(**{"block": key, "sha256": sha256_hex(sealed), "sealed": body, "at": at, **given})


WHOLE = AreaSelection(towns=TOWNS)
BY_ACCOUNT = frozenset({Channel.MEDIA, Channel.WEIBO, Channel.UPPER})
"""Ways to accounts of the registry, which a district of the tests has only when it is given some."""

ALL = frozenset(Channel) - {Channel.VOICE} - BY_ACCOUNT
"""Every other way by which a plan reaches somebody; calls are made when nobody answers."""
LIVE = Mode.LIVE

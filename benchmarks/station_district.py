"""Stations for the benchmark: a district with so many of them, and a red warning for all."""

import base64
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from contracts.canonical import sha256_hex
from contracts.delivery import MOST_TARGETS, DeliveryRequested, delivery_id_of
from contracts.registry import BLOCK_CONTEXT, BlockChanged, KeyHash, StationEntry, VillageBlock
from contracts.values import Action, Channel, Level, Mode, PositionQuality, StationClass
from contracts.warning import Notice, WarningText
from services.channels.pull.stations.actions.learn import learn
from services.kit.crypto import SoftwareCrypto, new_api_key
from services.kit.db import Database

VILLAGE = "500110001001"


def codes(count: int) -> list[str]:
    """Return so many codes of stations, in their order."""
    return [f"5001101{number:05d}" for number in range(1, count + 1)]


async def learnt(db: Database, crypto: SoftwareCrypto, count: int) -> dict[str, str]:
    """Make stations known, and return the live key of each."""
    keys, entries = {}, []
    for code in codes(count):
        key_id, keys[code], sha256 = new_api_key(Mode.LIVE)
        mine = (KeyHash(key_id=key_id, mode=Mode.LIVE, sha256=sha256),)
        entries.append(StationEntry(code=code, name=code, station_class=StationClass.TERMINAL, keys=mine))
    square = ((106.6, 28.9), (106.7, 28.9), (106.7, 29.0), (106.6, 28.9))
    block = VillageBlock(
        code=VILLAGE,
        name=VILLAGE,
        town_code=VILLAGE[:9],
        is_community=False,
        position=square[0],
        position_quality=PositionQuality.GENERATED,
        cell=square,
        stations=tuple(entries),
    )
    sealed = crypto.seal(block.model_dump_json().encode(), BLOCK_CONTEXT)
    body = base64.b64encode(sealed).decode()
    message = BlockChanged(block=VILLAGE, sha256=sha256_hex(sealed), sealed=body, at=datetime.now(UTC))
    async with db.transaction() as tx:
        await learn(tx, crypto, message)
    return keys


def requests_for(stations: Iterable[str]) -> list[DeliveryRequested]:
    """Return what the router says of a new red warning: as many requests as it takes."""
    wanted, now, warning_id = sorted(stations), datetime.now(UTC), uuid4()
    return [
        _request(wanted[start : start + MOST_TARGETS], start, now, warning_id)
        for start in range(0, len(wanted), MOST_TARGETS)
    ]


def _request(targets: Sequence[str], part: int, now: datetime, warning_id: object) -> DeliveryRequested:
    text = WarningText(
        headline="暴雨预警", description="大雨" * 40, instruction="转移" * 40, short="大雨" * 30
    )
    notice = Notice(
        identifier=f"50011041600000_{now:%Y%m%d%H%M%S}_1",
        hazard="11B03",
        hazard_name="暴雨",
        hazard_name_en="Rainstorm",
        level=Level.RED,
        sender_code="50011041600000",
        sender_name="重庆市綦江区气象台",
        sent=now,
        effective=now,
        expires=now + timedelta(hours=6),
        text=text,
        areas=(),
    )
    return DeliveryRequested(
        mode=Mode.LIVE,
        lane=Level.RED.lane,
        warning_id=warning_id,
        revision=1,
        channel=Channel.STATION,
        at=now,
        delivery_id=delivery_id_of(warning_id, 1, Channel.STATION, str(part)),  # type: ignore[arg-type]
        action=Action.START,
        notice=notice,
        targets=tuple(targets),
        cap_xml="<alert>" + "x" * 5000 + "</alert>",
        manifest_sha256="0" * 64,
    )

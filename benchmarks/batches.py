"""Sealed batches as a router makes them, and the registry block by which gateways are known."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import orjson

from contracts.delivery import DeliveryRequested, SealedBatch, delivery_id_of
from contracts.registry import BLOCK_CONTEXT, BlockChanged, DistrictBlock, GatewayEntry, KeyHash
from contracts.values import Action, Channel, Lane, Level, Mode, Place
from contracts.warning import Notice, WarningText
from services.kit.crypto import CryptoProvider, new_api_key

GATEWAYS = ("cmcc", "cucc", "ctcc")
AT_ONCE = 1000


def known_gateways(crypto: CryptoProvider) -> tuple[dict[str, str], BlockChanged]:
    """Return a live key for each gateway, and the block that makes them known."""
    keys, entries = {}, []
    for gateway in GATEWAYS:
        key_id, keys[gateway], sha256 = new_api_key(Mode.LIVE)
        known = KeyHash(key_id=key_id, mode=Mode.LIVE, sha256=sha256)
        entries.append(GatewayEntry(gateway_id=gateway, name=gateway, operator=gateway, keys=(known,)))
    plain = DistrictBlock(gateways=tuple(entries)).model_dump_json().encode()
    sealed = crypto.seal(plain, BLOCK_CONTEXT)
    sha256 = hashlib.sha256(sealed).hexdigest()
    text = base64.b64encode(sealed).decode()
    return keys, BlockChanged(block="district", sha256=sha256, sealed=text, at=datetime.now(UTC))


def requests(
    crypto: CryptoProvider,
    count: int,
    level: Level,
    warning_id: UUID | None = None,
    first: int = 13_000_000_000,
    action: Action = Action.START,
    revision: int = 1,
) -> Iterator[DeliveryRequested]:
    """Yield what a router asks for when a warning is for so many people, in turn over the gateways."""
    warning_id = warning_id or uuid4()
    numbers = sorted(((str(first + n)) for n in range(count)), key=crypto.keyed_hash)
    notice = a_notice(level)
    for part, begin in enumerate(range(0, count, AT_ONCE)):
        gateway = GATEWAYS[part % len(GATEWAYS)]
        delivery_id = delivery_id_of(warning_id, revision, Channel.SMS, f"{gateway}/public/{part}")
        yield DeliveryRequested(
            mode=Mode.LIVE,
            lane=level.lane if action is Action.START else Lane.URGENT,
            warning_id=warning_id,
            revision=revision,
            channel=Channel.SMS,
            at=notice.sent,
            delivery_id=delivery_id,
            action=action,
            notice=notice,
            batch=a_batch(crypto, delivery_id, gateway, numbers[begin : begin + AT_ONCE]),
            manifest_sha256="0" * 64,
        )


def a_batch(crypto: CryptoProvider, delivery_id: UUID, gateway: str, ordered: list[str]) -> SealedBatch:
    """Return sorted numbers as a sealed batch."""
    plain = orjson.dumps([[number] for number in ordered])
    sealed = crypto.seal(plain, SealedBatch.context(Mode.LIVE, delivery_id))
    return SealedBatch(
        size=len(ordered),
        rendering="public",
        route=gateway,
        hashes=base64.b64encode(b"".join(map(crypto.keyed_hash, ordered))).decode(),
        sealed=base64.b64encode(sealed).decode(),
        sha256=hashlib.sha256(sealed).hexdigest(),
    )


def a_notice(level: Level) -> Notice:
    """Return the face of a rainstorm warning."""
    now = datetime.now(UTC)
    said = "綦江区气象台发布暴雨预警信号：预计未来3小时古南等21个街镇降雨量将达50毫米以上，请注意防范。"
    return Notice(
        identifier=f"50011041600000_{now:%Y%m%d%H%M%S}_1",
        hazard="11B03",
        hazard_name="暴雨",
        hazard_name_en="Rainstorm",
        level=level,
        sender_code="50011041600000",
        sender_name="綦江区气象台",
        sent=now,
        effective=now,
        expires=now + timedelta(hours=12),
        text=WarningText(headline="暴雨预警", description=said, instruction="请避险。", short=said),
        areas=(Place(code="500110001000", name="古南街道"),),
    )

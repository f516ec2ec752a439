"""What the router asks of gateways: batches of sealed numbers, and area orders."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson

from contracts.delivery import DeliveryRequested, SealedBatch, delivery_id_of
from contracts.values import Action, Channel, Lane, Level, Mode, Place
from contracts.warning import Notice, WarningText
from services.kit.clock import Clock
from services.kit.crypto import CryptoProvider
from tests.notices import a_rainstorm

NOW = datetime(2026, 6, 1, 14, 0, tzinfo=UTC)
TOWN = "500110001000"
RING = ((106.6, 29.0), (106.7, 29.0), (106.7, 29.1), (106.6, 29.1), (106.6, 29.0))


def a_notice(
    now: datetime, level: Level = Level.RED, short: str = "綦江区气象台发布暴雨红色预警信号。", **more: Any
) -> Notice:
    """A notice of a rainstorm, for six hours."""
    text = WarningText(
        headline="綦江区气象台发布暴雨预警信号", description="雨很大。", instruction="请避险。", short=short
    )
    given: dict[str, Any] = {
        "identifier": "50011041600000_20260601220000_1",
        "level": level,
        "sender_name": "綦江区气象台",
        "text": text,
        "areas": (Place(code=TOWN, name="古南街道", outline=RING),),
    }
    return a_rainstorm(now, **{**given, **more})


def phones(count: int, first: int = 13900230000) -> list[str]:
    """Phone numbers that were made up."""
    return [str(first + i) for i in range(count)]


@dataclass
class Requests:
    """Makes the deliveries that a router would ask for."""

    crypto: CryptoProvider
    clock: Clock

    def batch(
        self,
        numbers: Sequence[str],
        *,
        warning_id: UUID | None = None,
        revision: int = 1,
        level: Level = Level.RED,
        mode: Mode = Mode.LIVE,
        action: Action = Action.START,
        gateway: str = "cmcc",
        rendering: str = "public",
        part: str = "0",
        **more: Any,
    ) -> DeliveryRequested:
        """A request to send to these numbers."""
        warning_id = warning_id or uuid4()
        delivery_id = delivery_id_of(warning_id, revision, Channel.SMS, f"{gateway}/{rendering}/{part}")
        ordered = sorted(numbers, key=self.crypto.keyed_hash)
        rows = [[n, f"{n[-4:]:0>24}"] if rendering == "person" else [n] for n in ordered]
        sealed = self.crypto.seal(orjson.dumps(rows), SealedBatch.context(mode, delivery_id))
        batch = SealedBatch(
            size=len(numbers),
            rendering=rendering,
            route=gateway,
            hashes=base64.b64encode(b"".join(map(self.crypto.keyed_hash, ordered))).decode(),
            sealed=base64.b64encode(sealed).decode(),
            sha256=hashlib.sha256(sealed).hexdigest(),
            hash_key=self.crypto.hash_key,
        )
        head = self._head(Channel.SMS, warning_id, revision, level, mode, action, **more)
        return DeliveryRequested(**head, delivery_id=delivery_id, batch=batch)

    def order(
        self,
        *,
        warning_id: UUID | None = None,
        gateway: str = "cmcc",
        towns: Sequence[str] = (TOWN,),
        **more: Any,
    ) -> DeliveryRequested:
        """A request for an area order."""
        warning_id = warning_id or uuid4()
        head = self._head(
            Channel.AREA, warning_id, more.pop("revision", 1), Level.RED, Mode.LIVE, Action.START, **more
        )
        return DeliveryRequested(
            **head,
            delivery_id=delivery_id_of(warning_id, head["revision"], Channel.AREA, gateway),
            targets=tuple(sorted(f"{gateway}:{town}" for town in towns)),
        )

    def _head(
        self,
        channel: Channel,
        warning_id: UUID,
        revision: int,
        level: Level,
        mode: Mode,
        action: Action,
        **more: Any,
    ) -> dict[str, Any]:
        urgent = level.lane is Lane.URGENT or action is not Action.START
        return {
            "mode": mode,
            "lane": more.pop("lane", Lane.URGENT if urgent else Lane.ROUTINE),
            "warning_id": warning_id,
            "revision": revision,
            "channel": channel,
            "at": self.clock.now(),
            "action": action,
            "notice": a_notice(self.clock.now(), level, **more),
            "manifest_sha256": "0" * 64,
        }

"""Conformance runs: fixed test work for a gateway, of which nobody outside hears."""

import base64
import hashlib
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import yaml

from contracts.delivery import DeliveryRequested, SealedBatch, delivery_id_of
from contracts.values import Action, Channel, Lane, Level, Mode, Place, Withdrawal
from contracts.warning import Notice, WarningText
from services.channels.pull.gateways.actions.deliver import deliver
from services.channels.pull.gateways.model import conformance
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.store import batches, runs
from services.kit.db import Transaction
from services.kit.ids import token

LASTS = timedelta(hours=1)
_DATA = Path(__file__).parents[1] / "data" / "conformance.yaml"


@lru_cache
def _fixed() -> Any:
    return yaml.safe_load(_DATA.read_text(encoding="utf-8"))


async def begin(parts: Parts, gateway: str) -> str:
    """Make the test work of a new run ready; what an earlier one left open ends."""
    run, deliveries = token(128), dict[str, str]()
    earlier = await runs.latest(parts.db, gateway)
    async with parts.db.transaction() as tx:
        if earlier is not None:
            await _close(tx, earlier)
        for turn, check in enumerate(conformance.CHECKS):
            request = _request(parts, gateway, check, turn, tx)
            deliveries[check] = str(request.delivery_id)
            await deliver(tx, parts, request, run)
        await runs.add(tx, run, gateway, deliveries)
        tx.record("gateway.conformance", mode=Mode.DRILL, about=gateway)
    return run


async def _close(tx: Transaction, run: runs.Run) -> None:
    works = await batches.lock_many(tx, [UUID(delivery_id) for delivery_id in run.deliveries.values()])
    await batches.save(tx, [work.ended(Withdrawal.EXPIRED) for work in works.values()])


def _request(parts: Parts, gateway: str, check: str, turn: int, tx: Transaction) -> DeliveryRequested:
    """Return the test work of a check, as a router would ask for it."""
    warning_id, order = uuid4(), check == "counts"
    channel = Channel.AREA if order else Channel.SMS
    delivery_id = delivery_id_of(warning_id, 1, channel, f"{gateway}/{check}")
    what: dict[str, Any] = {"targets": (f"{gateway}:{_fixed()['place']['code']}",)}
    if not order:
        what = {"batch": _batch(parts, gateway, delivery_id, _numbers(check, turn))}
    return DeliveryRequested(
        mode=Mode.DRILL,
        lane=Lane.URGENT,
        warning_id=warning_id,
        revision=1,
        channel=channel,
        at=tx.now,
        delivery_id=delivery_id,
        action=Action.START,
        notice=_notice(tx),
        manifest_sha256="0" * 64,
        **what,
    )


def _numbers(check: str, turn: int) -> list[str]:
    first = int(_fixed()["first_number"]) + turn * 100
    return [str(first + place) for place in range(_fixed()["pieces"][check])]


def _batch(parts: Parts, gateway: str, delivery_id: UUID, numbers: list[str]) -> SealedBatch:
    ordered = sorted(numbers, key=parts.crypto.keyed_hash)
    plain = orjson.dumps([[number] for number in ordered])
    sealed = parts.crypto.seal(plain, SealedBatch.context(Mode.DRILL, delivery_id))
    return SealedBatch(
        size=len(numbers),
        rendering="public",
        route=gateway,
        hashes=base64.b64encode(b"".join(map(parts.crypto.keyed_hash, ordered))).decode(),
        sealed=base64.b64encode(sealed).decode(),
        sha256=hashlib.sha256(sealed).hexdigest(),
        hash_key=parts.crypto.hash_key,
    )


def _notice(tx: Transaction) -> Notice:
    fixed = _fixed()
    stamp = tx.now.strftime("%Y%m%d%H%M%S")
    texts = {"headline": fixed["headline"], "description": fixed["short"], "instruction": fixed["short"]}
    outline = tuple((lon, lat) for lon, lat in fixed["outline"])
    names = ("hazard", "hazard_name", "hazard_name_en", "sender_name", "sender_code")
    return Notice(
        identifier=f"{fixed['sender_code']}_{stamp}_0",
        level=Level.RED,
        sent=tx.now,
        effective=tx.now,
        expires=tx.now + LASTS,
        text=WarningText(short=fixed["short"], **texts),
        areas=(Place(**fixed["place"], outline=outline),),
        **{name: fixed[name] for name in names},
    )

"""Take a delivery in: render it once, keep it sealed, make it ready for its gateway."""

import base64
import hashlib
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

import orjson

from contracts.delivery import DeliveryRequested
from contracts.values import Channel, Lane, Level, Withdrawal
from services.channels import tombstones
from services.channels.pull.gateways import area, bell, text
from services.channels.pull.gateways.actions import end, receipts
from services.channels.pull.gateways.actions.alarm import alarm_dead, note_keywords
from services.channels.pull.gateways.actions.photograph import photograph
from services.channels.pull.gateways.model import results
from services.channels.pull.gateways.model.work import State, Work
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.store import batches
from services.channels.pull.gateways.store.tables import TOMBSTONES
from services.kit.crypto import HASH_BYTES
from services.kit.db import Transaction
from services.kit.errors import Reject


@dataclass(frozen=True)
class _Content:
    gateway: str
    face: dict[str, Any]
    body: batches.Body


async def deliver(tx: Transaction, parts: Parts, request: DeliveryRequested, run: str | None = None) -> None:
    """Keep a delivery and say so; one that is here already is only reported again.

    With `run` it is test work of a conformance run: nobody outside hears of it.
    """
    if await again(tx, request.warning_id, request.delivery_id):
        return
    await end.end_earlier(tx, parts, request)
    ended = await tombstones.ended(tx, TOMBSTONES, request.warning_id, request.revision)
    if request.notice.expires <= tx.now:
        ended = Withdrawal.EXPIRED
    try:
        content, fault = _content(tx, parts, request), None
    except Reject as problem:
        content, fault = _unusable(request), problem.why
    work = replace(_work(request, content.gateway), run=run)
    if ended is not None:
        work = work.ended(ended)
    elif fault is not None:
        work = work.dead()
        alarm_dead(tx, work, fault)
    work = photograph(tx, work, detail=fault)
    await batches.add(tx, work, content.face, content.body)
    await receipts.match_early(tx, work, content.body)
    if work.state is State.READY:
        tx.after_commit(partial(parts.bells.ring, bell.work(work.gateway, work.mode)))


async def again(tx: Transaction, _warning_id: UUID, delivery_id: UUID) -> bool:
    """Report again on a delivery that is here; return whether it is."""
    known = await batches.lock(tx, delivery_id)
    if known is None:
        return False
    await batches.save(tx, [photograph(tx, known)])
    return True


def _content(tx: Transaction, parts: Parts, request: DeliveryRequested) -> _Content:
    """Return what the gateway will be given; raise Reject when it can never be sent."""
    gateway, body, token = _batch(parts, request) if request.batch else _order(request)
    rendering = request.batch.rendering if request.batch else "public"
    words = text.render_sms(request, rendering, parts.link_base, token)
    face = _face(request, rendering, words.text, words.segments)
    level, expires = request.notice.level, request.notice.expires
    face["not_before"] = parts.terms.opens(level, request.lane, rendering, tx.now, expires)
    if found := parts.terms.keywords_in(words.text):
        note_keywords(tx, request, gateway, found)
    return _Content(gateway, face, body)


def _batch(parts: Parts, request: DeliveryRequested) -> tuple[str, batches.Body, str]:
    """Return the gateway of a batch, its body, and the longest token of its recipients."""
    batch = request.batch
    if batch is None or request.channel is not Channel.SMS:
        raise Reject("an SMS delivery has a sealed batch, an area order has targets")
    sealed, hashes = _decoded(batch.sealed), _decoded(batch.hashes)
    if hashlib.sha256(sealed).hexdigest() != batch.sha256:
        raise Reject("the sealed batch is not the one that was hashed")
    if len(hashes) != HASH_BYTES * batch.size:
        raise Reject("the batch does not have one hash for each recipient")
    plain = parts.crypto.unseal(sealed, batch.context(request.mode, request.delivery_id))
    tokens = [row[1] for row in orjson.loads(plain)] if batch.rendering == text.PERSON else []
    return batch.route, batches.Body(sealed=sealed, hashes=hashes), max(tokens, key=len, default="")


def _order(request: DeliveryRequested) -> tuple[str, batches.Body, str]:
    gateway = area.gateway_of(request.targets)
    order = area.order(request.targets, request.notice.areas)
    return gateway, batches.Body(targets=request.targets, area=orjson.dumps(order).decode()), ""


def _unusable(request: DeliveryRequested) -> _Content:
    """Return the face of a delivery that cannot be sent: it is kept, and its targets are accounted for."""
    gateway = request.batch.route if request.batch else request.targets[0].partition(":")[0]
    return _Content(gateway, _face(request, None, "", 0), batches.Body(targets=request.targets))


def _decoded(base64_text: str) -> bytes:
    try:
        return base64.b64decode(base64_text, validate=True)
    except ValueError:
        raise Reject("the batch is not Base64") from None


def _face(request: DeliveryRequested, rendering: str | None, words: str, segments: int) -> dict[str, Any]:
    notice = request.notice
    lane_first = 0 if request.lane is Lane.URGENT else len(Level)
    return {
        "identifier": notice.identifier,
        "hazard": notice.hazard,
        "lane": request.lane,
        "priority": lane_first + notice.level.rank,
        "rendering": rendering,
        "text": words,
        "segments": segments,
        "adds_to": str(notice.adds_to.warning_id) if notice.adds_to else None,
    }


def _work(request: DeliveryRequested, gateway: str) -> Work:
    return Work(
        delivery_id=request.delivery_id,
        warning_id=request.warning_id,
        revision=request.revision,
        mode=request.mode,
        channel=request.channel,
        gateway=gateway,
        rank=request.notice.level.rank,
        action=request.action,
        size=request.size,
        expires=request.notice.expires,
        state=State.READY,
        results=results.blank(request.size),
    )

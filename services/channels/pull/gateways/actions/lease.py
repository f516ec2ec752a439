"""Hand out work: the sealed body is opened in one piece, into the reply, and never parsed on the way."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import orjson

from contracts.delivery import SealedBatch
from contracts.values import Channel, Lane, Level, Mode
from services.channels.pull.gateways.actions import seen
from services.channels.pull.gateways.actions.alarm import alarm_dead, alarm_key_away
from services.channels.pull.gateways.actions.photograph import photograph
from services.channels.pull.gateways.model.terms import Operator, Terms, variant_of
from services.channels.pull.gateways.model.work import Work
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.store import batches, gateways, leases
from services.kit.clock import beijing
from services.kit.crypto import CryptoProvider
from services.kit.db import Transaction
from services.kit.errors import NotFound, Reject, Retry
from services.kit.ids import token
from services.kit.telemetry import log

LEASE_BITS = 128

KEY_LOOK = timedelta(seconds=10)
"""How often work whose key is away is looked at again."""


@dataclass(frozen=True)
class Wanted:
    """A wish for work."""

    gateway: str
    mode: Mode
    limit: int


@dataclass
class Handed:
    """What a transaction hands out."""

    given: list[tuple[str, Work]] = field(default_factory=list)
    """Leases, with their work as it is leased."""
    dead: list[Work] = field(default_factory=list)
    """Work that can never be handed out."""
    closed: list[Work] = field(default_factory=list)
    """Work that cannot be opened yet, because its key is away: it lets the rest go first."""

    async def write(self, tx: Transaction, parts: Parts) -> None:
        """Write all that has changed."""
        leased = [work for _, work in self.given]
        await batches.save(tx, leased + self.dead)
        await leases.add(tx, self.given)
        await batches.postpone(tx, self.closed, tx.now + KEY_LOOK)
        alarm_key_away(tx, self.closed)
        await seen.given(tx, parts, leased)


async def lease_all(tx: Transaction, parts: Parts, wishes: Sequence[Wanted]) -> list[list[bytes]]:
    """Return for each wish the next items, each as JSON: urgent first, then by colour, then by age."""
    handed, items = Handed(), {}
    for gateway, mode in dict.fromkeys((wish.gateway, wish.mode) for wish in wishes):
        most = sum(wish.limit for wish in wishes if (wish.gateway, wish.mode) == (gateway, mode))
        items[gateway, mode] = iter(await _next(tx, parts, Wanted(gateway, mode, most), handed))
    await handed.write(tx, parts)
    return [list(islice(items[wish.gateway, wish.mode], wish.limit)) for wish in wishes]


async def _next(tx: Transaction, parts: Parts, wanted: Wanted, handed: Handed) -> list[bytes]:
    """Return the next items for a gateway, and note what is handed out; what waits for a key is passed by."""
    gateway, mode = wanted.gateway, wanted.mode
    agreed = parts.terms.of(gateway, await gateways.operator_of(tx, gateway))
    items: list[bytes] = []
    looked_at: list[UUID] = []
    more = True
    while more and len(items) < wanted.limit:
        most, more = wanted.limit - len(items), False
        rows = await batches.take(tx, gateway, mode, most, looked_at)
        looked_at += [work.delivery_id for work, _, _ in rows]
        for before, face, body in await _in_pace(tx, parts, gateway, mode, agreed, rows):
            try:
                item = _handed(tx, parts, agreed, (before, face, body), handed)
            except Retry as away:
                log.warning("work waits for a key", gateway=gateway, why=away.why)
                handed.closed.append(before)
                more = len(rows) == most
                continue
            items += item
    return items


def _handed(tx: Transaction, parts: Parts, agreed: Operator, row: batches.Row, handed: Handed) -> list[bytes]:
    """Return one item and note its lease, nothing for work that can never go out; raise Retry for its key."""
    before, face, body = row
    work = before.leased(tx.now, parts.settings.gateways_lease_s)
    try:
        what = _content(parts.crypto, work, body)
    except Reject as problem:
        handed.dead.append(_given_up(tx, work, problem.why))
        return []
    name = token(LEASE_BITS)
    handed.given.append((name, work))
    return [_item(name, work, face, what, _filed(parts.terms, agreed, work, face, tx.now))]


async def extend(parts: Parts, gateway: str, mode: Mode, name: str, seconds: float | None) -> Work:
    """Leave work longer with its gateway; return it with the new end of its lease."""
    async with parts.db.transaction() as tx:
        known = await leases.find(tx, name, gateway, mode)
        work = await batches.lock(tx, leases.delivery_of(known)) if known else None
        if known is None or work is None:
            raise NotFound("this gateway was never given such a lease")
        settings = parts.settings
        longer = work.extended(
            known["attempt"], tx.now, seconds or settings.gateways_lease_s, settings.gateways_lease_longest_s
        )
        await batches.save(tx, [longer])
        await seen.extended(tx, longer)
    return longer


async def _in_pace(
    tx: Transaction, parts: Parts, gateway: str, mode: Mode, agreed: Operator, rows: list[batches.Row]
) -> list[batches.Row]:
    """Return as much as the operator takes until a lease ends, the first in any case, urgent work always."""
    if agreed.numbers_per_s is None:
        return rows
    held = await batches.in_hand(tx, gateway, mode)
    room = agreed.numbers_per_s * parts.settings.gateways_lease_s
    given = []
    for row in rows:
        work, face, _ = row
        if face["priority"] > len(Level) and held and held + work.queued > room:
            continue
        held += work.queued
        given.append(row)
    return given


def _filed(
    terms: Terms, agreed: Operator, work: Work, face: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """Return what the operator needs to know: ids as filed, validity, hours, pace."""
    level, lane = list(Level)[work.rank - 1], Lane(face["lane"])
    window = terms.window(level, lane, face["rendering"] or "")
    return {
        "signature_id": agreed.signature_id,
        "template_id": agreed.template_id(face["hazard"], variant_of(work.mode, work.action)),
        "validity_s": int((work.expires - now).total_seconds()),
        "quiet_hours": {"policy": "observe" if window else "override", "open": window},
        "pace": {"numbers_per_s": agreed.numbers_per_s},
        "conformance": work.run is not None,
    }


def _content(crypto: CryptoProvider, work: Work, body: batches.Body) -> bytes:
    """Return what the work is about, as JSON; raise Reject when the seal does not open."""
    if work.channel is Channel.AREA:
        return (body.area or "{}").encode()
    context = SealedBatch.context(work.mode, work.delivery_id)
    plain = crypto.unseal(body.sealed or b"", context)
    if work.queued == work.size:
        return plain
    rows = orjson.loads(plain)
    return orjson.dumps([rows[place] for place in work.unsaid])


def _item(name: str, work: Work, face: Mapping[str, Any], what: bytes, filed: Mapping[str, Any]) -> bytes:
    order = work.channel is Channel.AREA
    head = {
        "lease": name,
        "delivery_id": str(work.delivery_id),
        "kind": "area" if order else "batch",
        "warning": {
            "id": str(work.warning_id),
            "revision": work.revision,
            "identifier": face["identifier"],
            "hazard": face["hazard"],
            "level": list(Level)[work.rank - 1],
            "action": work.action,
        },
        "mode": work.mode,
        "priority": face["priority"],
        "attempt": work.attempt,
        "lease_until": beijing(work.lease_until or work.expires),
        "expires_at": beijing(work.expires),
        "rendering": face["rendering"],
        "text": face["text"],
        "segments": face["segments"],
        "targets": work.queued,
        "sha256": hashlib.sha256(what).hexdigest(),
        **filed,
    }
    if order:
        head["window"] = {"from": beijing(face["not_before"]), "until": beijing(work.expires)}
    of = b',"area":' if order else b',"recipients":'
    return orjson.dumps(head)[:-1] + of + what + b"}"


def _given_up(tx: Transaction, work: Work, why: str) -> Work:
    """Return work that can never be handed out, with its alarm; its recipients have failed."""
    dead = work.dead()
    alarm_dead(tx, dead, why)
    return photograph(tx, dead, detail=why)
